import Formats
import Manifests
import ModelFacts

/// `accelerator` of `[policy]`, or of an entry: whether what the notebook runs on copes with every model.
///
/// Each model is held alone against the machine, as a notebook seldom loads all of a bundle at once.
enum HardwareRules {
    /// Findings about the machine itself, and about all models together.
    static func findings(_ manifest: Manifest, _ lock: Lock) -> [Diagnostic] {
        guard let accelerator = manifest.policy.accelerator else { return [] }
        let machine = accelerator.machine
        var findings: [Diagnostic] = []
        findings += retired(accelerator)
        let loaded = lock.packed.compactMap { entry -> Int? in
            let own = manifest.entries.first { $0.name == entry.name }?.accelerator
            return own == nil || own == accelerator ? LoadedWeights(entry)?.range.upperBound : nil
        }
        let sum = loaded.reduce(0) { $0.addingReportingOverflow($1).partialValue }
        if loaded.count > 1, sum > machine.usableTotal {
            findings.append(
                Diagnostic(
                    code: .acceleratorSum,
                    "the weights of all \(loaded.count) models together have \(ByteCount.text(sum)), and "
                        + "\(machine.name) has room for \(ByteCount.text(machine.usableTotal)): a notebook loads one "
                        + "after another"))
        }
        return findings.map { $0.located(at: manifest.policy.location(of: "accelerator")) }
    }

    /// What Kaggle no longer has.
    /// - Parameter entry: the entry that names it; `nil` for the policy.
    private static func retired(_ accelerator: Accelerator?, _ entry: String? = nil) -> [Diagnostic] {
        guard let machine = accelerator?.machine, let trouble = machine.trouble else { return [] }
        let start = entry.map { "\($0): " } ?? ""
        return [
            Diagnostic(
                code: .acceleratorRetired, "\(start)\(machine.name): \(trouble)",
                fix: "write accelerator = \"\(Accelerator.t4x2.rawValue)\"")
        ]
    }

    /// Findings about one model on one machine; `nil` for what has no weights.
    static func findings(_ accelerator: Accelerator, _ locked: LockedEntry) -> [Diagnostic]? {
        guard let weights = LoadedWeights(locked) else { return nil }
        let rules = EntryRules(
            name: locked.name, accelerator: accelerator, machine: accelerator.machine, weights: weights,
            quantization: ModelQuantization(locked.fact("quantization")), isSource: false)
        return rules.types + rules.memory + rules.hostMemory
    }

    /// Findings about one entry.
    /// - Parameter isSource: whether other entries are made from it.
    static func findings(
        _ entry: Entry, _ locked: LockedEntry, _ policy: Policy, isSource: Bool
    ) -> [Diagnostic] {
        guard let accelerator = entry.accelerator ?? policy.accelerator,
            let weights = LoadedWeights(locked)
        else { return retired(entry.accelerator, locked.name) }
        let rules = EntryRules(
            name: locked.name, accelerator: accelerator, machine: accelerator.machine, weights: weights,
            quantization: ModelQuantization(locked.fact("quantization")), isSource: isSource)
        return retired(entry.accelerator, locked.name) + rules.types + rules.memory + rules.hostMemory
    }
}

/// The rules for one entry, with what all of their messages share.
private struct EntryRules {
    let name: String
    let accelerator: Accelerator
    let machine: Accelerator.Machine
    let weights: LoadedWeights
    let quantization: ModelQuantization?
    let isSource: Bool

    /// How the accelerator copes with the method that the weights are quantized by.
    private var support: QuantizationSupport { quantization.map(accelerator.support) ?? .native }

    // MARK: Types

    var types: [Diagnostic] {
        if let quantization {
            let what = "\(name): it is quantized with \(quantization.text)"
            switch support {
            case .native: break
            case .otherwise(let how), .widened(let how):
                return [
                    Diagnostic(
                        .warning, code: .acceleratorQuantization, "\(what), and on \(machine.name) \(how)",
                        fix:
                            "make sure that what loads it can do so, or take a quantization that \(machine.name) has"
                    )
                ]
            case .none(let why):
                return [
                    Diagnostic(
                        code: .acceleratorQuantization,
                        "\(what), and nothing runs that on \(machine.name): \(why)",
                        fix: "take another quantization; GGUF runs on every accelerator through llama.cpp")
                ]
            }
        }
        // Out of a model from which others are made those are loaded.
        guard !isSource else { return [] }
        return weights.dtypes.keys.sorted().map(\.text).compactMap(type)
    }

    private func type(_ dtype: String) -> Diagnostic? {
        // What a method's own types are, its rule has said.
        if quantization != nil, dtype.hasUTF8Prefix("F8") || dtype == "F4" { return nil }
        guard case .otherwise(let how) = accelerator.support(dtype: dtype), weights.dtypes[dtype] ?? 0 > 0
        else { return nil }
        return Diagnostic(
            code: .acceleratorDtype,
            "\(name): \(ByteCount.text(weights.dtypes[dtype] ?? 0)) of its weights are \(dtype), and "
                + "\(machine.name) cannot compute with that",
            notes: [how],
            fix: dtype == "BF16"
                ? "load it with dtype=\"float16\" (vLLM: --dtype half), or pack one that is made with from = "
                    + "\"\(name)\" and dtype = \"f16\"" : "take the model in another type")
    }

    // MARK: Memory

    var memory: [Diagnostic] {
        var need = weights.range
        var what = "its weights have \(ByteCount.text(need.upperBound))"
        if case .widened = support, let widened = weights.widened, widened > need.upperBound {
            need = widened...widened
            what = "its weights have \(ByteCount.text(widened)) once they are widened to 16 bits"
        }
        let room = machine.usableTotal
        if need.upperBound > room { return [tooLarge(need, what, room)] }
        if machine.devices > 1, need.upperBound > machine.usableDeviceMemory {
            return [
                Diagnostic(
                    code: .acceleratorSplit,
                    "\(name): \(what), and one device of \(machine.name) has room for "
                        + ByteCount.text(machine.usableDeviceMemory),
                    notes: [layout],
                    fix:
                        "split it over the devices (vLLM: tensor_parallel_size=\(machine.devices); transformers: "
                        + "device_map=\"auto\"; llama.cpp does by itself)")
            ]
        }
        if need.upperBound > room / 10 * 9 {
            return [
                Diagnostic(
                    code: .acceleratorTight,
                    "\(name): \(what), which leaves \(ByteCount.text(room - need.upperBound)) on \(machine.name) for "
                        + "activations and the cache of keys and values",
                    notes: [layout], fix: smaller)
            ]
        }
        return []
    }

    /// A model that does not fit, unless another file of the entry does, or it does in 16 bits.
    private func tooLarge(_ need: ClosedRange<Int>, _ what: String, _ room: Int) -> Diagnostic {
        let place = "\(machine.name) has room for \(ByteCount.text(room)) of weights"
        if need.lowerBound <= room, need.lowerBound < need.upperBound {
            return Diagnostic(
                .warning, code: .acceleratorMemory,
                "\(name): the largest of its models has \(ByteCount.text(need.upperBound)), and \(place)",
                notes: [layout, "the smallest has \(ByteCount.text(need.lowerBound))"],
                fix: "leave out with exclude what does not fit")
        }
        if weights.narrowed <= room, weights.narrowed < need.upperBound, quantization == nil {
            return Diagnostic(
                .warning, code: .acceleratorMemory, "\(name): \(what), and \(place)",
                notes: [layout, "in 16 bits they have \(ByteCount.text(weights.narrowed))"],
                fix: "load it with dtype=\"float16\", or pack one that is made with from = \"\(name)\" and "
                    + "dtype = \"f16\"")
        }
        let source = isSource ? ["if it is here only to make others from it, write pack = false"] : []
        return Diagnostic(
            code: .acceleratorMemory, "\(name): \(what), and \(place)", notes: [layout] + source,
            fix: smaller)
    }

    /// The machine's memory in words.
    private var layout: String {
        if machine.isHost { return "\(ByteCount.text(machine.memory)), of which 2 GB are left to the system" }
        let devices = machine.devices == 1 ? "one device of" : "\(machine.devices) devices, each of"
        return "\(devices) \(ByteCount.text(machine.deviceMemory)), of which "
            + "\(ByteCount.text(machine.usableDeviceMemory)) are left beside libraries and their workspaces"
    }

    /// What to take in place of a model that is too large: with the size that a usual quantization would have.
    private var smaller: String {
        guard let parameters = weights.parameters, quantization == nil else {
            return "take a smaller model, or a larger accelerator"
        }
        // Q4_K_M has 4.85 bits a weight (llama.cpp's table of quantizations of Llama 3.1 8B: 4.58 GiB).
        let size = parameters / 1000 * 606
        return "take a quantized model: gguf = \"Q4_K_M\" makes about \(ByteCount.text(size)) of it"
    }

    /// Files that are unpacked in the machine's own memory before they go to the device.
    var hostMemory: [Diagnostic] {
        guard !machine.isHost, weights.largestUnmapped > machine.usableMemory else { return [] }
        return [
            Diagnostic(
                code: .acceleratorHostMemory,
                "\(name): a file of \(ByteCount.text(weights.largestUnmapped)) is read into memory whole, and the "
                    + "machine of \(machine.name) has \(ByteCount.text(machine.memory))",
                fix: "take safetensors, which is mapped, or smaller shards")
        ]
    }
}
