import Formats
import Manifests
import ModelFacts
import PythonPackages

/// How an accelerator copes with a type of numbers or a quantization method.
enum QuantizationSupport: Equatable, Sendable {
    /// It computes with it, or with kernels that are made for it.
    case native
    /// It runs, but otherwise than meant; the words say how.
    case otherwise(String)
    /// It runs once all weights were widened to 16 bits, which take that much memory.
    case widened(String)
    /// Nothing in use runs it; the words say what it would take.
    case none(String)
}

extension Accelerator {
    /// How it copes with weights of a dtype that no quantization method explains.
    ///
    /// Sources: NVIDIA's CUDA programming guide, "Arithmetic instructions" (BF16 from compute capability 8.0,
    /// FP8 from 8.9, FP4 from 10.0); vLLM refuses BF16 below 8.0 and takes `--dtype half`; torch computes BF16 on
    /// older devices by widening each operation. TPUs have BF16 and INT8.
    func support(dtype: String) -> QuantizationSupport {
        let isFP8 = dtype.hasUTF8Prefix("F8_E4") || dtype.hasUTF8Prefix("F8_E5")
        switch (dtype, machine.capability) {
        case ("BF16", let capability?) where capability < 80:
            return .otherwise("it has no BF16: vLLM refuses such weights, and torch is slow with them")
        case (_, let capability?) where isFP8 && capability < 89:
            return .otherwise(
                "it has no FP8, so that they have to be widened to 16 bits to compute with them")
        case (_, nil) where isFP8:
            return .otherwise(
                "it has no FP8, so that they have to be widened to 16 bits to compute with them")
        case ("F4", let capability) where (capability ?? 0) < 100:
            return .otherwise("it has no FP4, so that they have to be widened to compute with them")
        case ("F64", nil) where isTPU: return .otherwise("a TPU has no F64")
        default: return .native
        }
    }

    /// How it copes with a quantization method.
    ///
    /// Sources: vLLM's table "Supported Hardware" (docs/features/quantization, October 2026: AWQ and GPTQ from
    /// Turing, Marlin for GPTQ, AWQ, FP8 and FP4 from Turing but for MXFP4, INT8 from Turing, FP8 from Ada) and
    /// the `get_min_capability` of its methods; transformers' pages on MXFP4 (7.5 and later), fine-grained FP8
    /// (8.9 and later, widened to BF16 before) and what its quantizers check (`validate_environment` in 5.23); bitsandbytes' installation guide
    /// (LLM.int8 from 7.5, NF4 and FP4 from 6.0); llama.cpp runs GGUF on all of them, on a TPU's host.
    func support(_ quantization: ModelQuantization) -> QuantizationSupport {
        let method = quantization.method
        if method == "gguf" {
            return isTPU
                ? .otherwise("llama.cpp computes on the host's processor, not on the TPU") : .native
        }
        if method == "mlx" {
            return isTPU
                ? .none("MLX has no build for it") : .otherwise("only MLX reads them (mlx[cuda], mlx[cpu])")
        }
        if method == "metal" { return .widened("transformers widens them: its kernels are for Apple's GPUs") }
        guard let needs = Requirement(quantization) else {
            return .otherwise("nothing is known of what runs it")
        }
        guard let capability = machine.capability else {
            let support = self == .cpu ? needs.processor : needs.tensorProcessor
            guard case .none = support else { return support }
            return .none("\(needs.kernels) are for NVIDIA's GPUs")
        }
        if capability >= needs.native { return .native }
        let missing =
            "it takes compute capability \(Self.decimal(needs.native)), and this has \(Self.decimal(capability))"
        if let fallback = needs.fallback, capability >= fallback.capability {
            return .otherwise(fallback.words)
        }
        return .none("\(needs.kernels): \(missing)")
    }

    private static func decimal(_ capability: Int) -> String { "\(capability / 10).\(capability % 10)" }
}

/// Types of numbers of less than 16 bits that are no integers.
private enum Numbers {
    case fp8
    case nvfp4
    case mxfp4

    /// `nil` for a method of integers, or of tables.
    init?(_ quantization: ModelQuantization) {
        let format = quantization.format ?? ""
        switch quantization.method {
        case "fp8", "mxfp8", "fbgemm_fp8", "deepspeedfp": self = .fp8
        case "nvfp4", "modelopt_fp4", "fouroversix": self = .nvfp4
        case "mxfp4": self = .mxfp4
        case "compressed-tensors", "quark", "modelopt", "torchao", "auto-round":
            if format.contains("mxfp4") {
                self = .mxfp4
            } else if format.contains("fp4") {
                self = .nvfp4
            } else if format.contains("fp8") || format.contains("float") {
                self = .fp8
            } else {
                return nil
            }
        default: return nil
        }
    }
}

/// What a quantization method needs of a device.
private struct Requirement {
    /// What runs it with a lower capability, and how.
    struct Fallback {
        let capability: Int
        let words: String
    }

    /// What computes with it, for a message.
    let kernels: String
    /// The compute capability times ten from which it runs as it is meant to.
    let native: Int
    var fallback: Fallback?
    /// How a machine without an accelerator copes.
    var processor: QuantizationSupport = .none("")
    /// How a TPU copes.
    var tensorProcessor: QuantizationSupport = .none("")

    /// `nil` for a method of which nothing is known.
    init?(_ quantization: ModelQuantization) {
        if let numbers = Numbers(quantization) {
            self.init(numbers)
            return
        }
        let format = quantization.format ?? ""
        switch quantization.method {
        case "awq": self.init(kernels: "the kernels for AWQ", native: 75, processor: .native)
        case "gptq", "auto-round", "autoround":
            self.init(kernels: "the kernels for GPTQ", native: 75, processor: .native)
            // AutoGPTQ's first kernels are for Pascal too, at a fraction of the speed.
            fallback = Fallback(
                capability: 60, words: "only the slow kernels of GPTQModel run (Triton, torch)")
        case "bitsandbytes":
            self.init(kernels: "LLM.int8()", native: format == "int8" ? 75 : 60, processor: .native)
        case "compressed-tensors", "quark", "modelopt":
            self.init(
                kernels: "vLLM's kernels for \(quantization.method)", native: 75, processor: .native,
                tensorProcessor: format.contains("int") ? .native : .none(""))
        case "eetq": self.init(kernels: "EETQ's kernels", native: 70)
        case "vptq", "spqr": self.init(kernels: "its kernels", native: 70)
        case "aqlm", "hqq", "quanto", "bitnet", "sinq", "gemma":
            self.init(kernels: "its kernels", native: 60, processor: .native)
        case "torchao": self.init(kernels: "torchao's kernels", native: 75, processor: .native)
        case "higgs": self.init(kernels: "FLUTE's kernels", native: 80)
        case "fp_quant":
            self.init(kernels: "QuTLASS", native: 100)
            fallback = Fallback(capability: 75, words: "transformers only emulates it (pseudoquantization)")
        case "exl2": self.init(kernels: "ExLlamaV2", native: 75)
        case "exl3": self.init(kernels: "ExLlamaV3", native: 80)
        default: return nil
        }
    }

    /// The methods whose numbers are of a type that only some devices compute with.
    private init(_ numbers: Numbers) {
        switch numbers {
        case .fp8:
            self.init(
                kernels: "the kernels for FP8", native: 89,
                processor: .widened("transformers widens them to BF16"))
            fallback = Fallback(
                capability: 75,
                words: "vLLM takes it as weights alone (W8A16, Marlin), and transformers widens it to BF16")
        case .nvfp4:
            self.init(kernels: "the kernels for NVFP4", native: 100)
            fallback = Fallback(
                capability: 75,
                words: "vLLM takes it as weights alone (Marlin), and transformers has nothing for it")
        case .mxfp4:
            self.init(
                kernels: "the kernels for MXFP4", native: 80,
                processor: .widened("transformers widens them to BF16, but with Triton 3.5"))
            fallback = Fallback(
                capability: 75,
                words: "vLLM has no kernels, and transformers needs Triton 3.4 and the package kernels")
        }
    }

    private init(
        kernels: String, native: Int, processor: QuantizationSupport = .none(""),
        tensorProcessor: QuantizationSupport = .none("")
    ) {
        self.kernels = kernels
        self.native = native
        self.processor = processor
        self.tensorProcessor = tensorProcessor
    }
}
