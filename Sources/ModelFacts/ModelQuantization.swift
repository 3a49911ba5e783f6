package import Formats
package import Tensors

/// How a model's weights are quantized, as its configuration, the files of older tools, or the names of its
/// tensors tell it.
package struct ModelQuantization: Equatable, Sendable {
    /// The method in the words of transformers' `quant_method`: "awq", "gptq", "bitsandbytes",
    /// "compressed-tensors", "fp8", "mxfp4", "modelopt", "hqq", "aqlm", "torchao", "exl2", "mlx", …;
    /// "gguf" for ggml's blocks.
    package let method: String
    /// What a method with several forms states besides: compressed-tensors' `format`, ModelOpt's
    /// `quant_algo`, bitsandbytes' "nf4" or "int8", the type that most of a GGUF file has; lowercase.
    package let format: String?
    /// The bits that a quantized weight has.
    package let bits: Int?

    /// Names a method, its format where the method has several, and the bits of a weight.
    package init(method: String, format: String? = nil, bits: Int? = nil) {
        self.method = method
        self.format = format
        self.bits = bits
    }

    /// "awq", "compressed-tensors float-quantized", for people.
    package var text: String { format.map { "\(method) \($0)" } ?? method }

    /// The record in a lock.
    package var json: JSON {
        var members: [JSON.Member] = []
        if let bits { members.append(JSON.Member("bits", .integer(bits))) }
        if let format { members.append(JSON.Member("format", .string(format))) }
        members.append(JSON.Member("method", .string(method)))
        return .object(members)
    }

    /// Reads the record of a lock; `nil` where it names no method.
    package init?(_ json: JSON?) {
        guard let method = json?["method"]?.string else { return nil }
        self.init(method: method, format: json?["format"]?.string, bits: json?["bits"]?.integer)
    }

    // MARK: Configurations

    /// Reads what `config.json` states: transformers' `quantization_config`, at the top or in the part of the
    /// model that reads text; `compression_config`, which compressed-tensors wrote before; MLX's `quantization`.
    package init?(config: JSON) {
        let nested = ["text_config", "llm_config", "language_config", "thinker_config"]
        for part in [config] + nested.compactMap({ config[$0] }) {
            for key in ["quantization_config", "compression_config"] {
                if let found = part[key].flatMap(ModelQuantization.init(quantizationConfig:)) {
                    self = found
                    return
                }
            }
        }
        guard let mlx = config["quantization"], mlx.members != nil else { return nil }
        self.init(method: "mlx", format: mlx["mode"]?.string?.lowercased(), bits: Self.bits(mlx))
    }

    /// Reads transformers' `quantization_config`.
    private init?(quantizationConfig json: JSON) {
        guard json.members != nil else { return nil }
        let is4Bit = json["load_in_4bit"]?.bool == true || json["_load_in_4bit"]?.bool == true
        let is8Bit = json["load_in_8bit"]?.bool == true || json["_load_in_8bit"]?.bool == true
        // bitsandbytes wrote no method before transformers 4.33.
        let stated = json["quant_method"]?.string?.lowercased()
        guard let method = stated ?? (is4Bit || is8Bit ? "bitsandbytes" : nil) else { return nil }
        // Names that tools use for one method.
        let names = ["bnb": "bitsandbytes", "bitsandbytes_4bit": "bitsandbytes", "fbgemm-fp8": "fbgemm_fp8"]
        var format: String?
        switch names[method] ?? method {
        case "bitsandbytes":
            format = is4Bit ? json["bnb_4bit_quant_type"]?.string ?? "fp4" : is8Bit ? "int8" : nil
        case "compressed-tensors": format = json["format"]?.string
        case "modelopt", "modelopt_fp4": format = Self.algorithm(json)
        case "auto-round": format = json["packing_format"]?.string
        case "gptq": format = json["checkpoint_format"]?.string
        case "torchao": format = Self.torchao(json["quant_type"])
        default: format = nil
        }
        self.init(
            method: names[method] ?? method, format: format.flatMap(Self.plain),
            bits: Self.bits(json) ?? (is4Bit || method == "mxfp4" ? 4 : is8Bit ? 8 : nil))
    }

    /// Reads the file that a tool writes beside the configuration: AutoGPTQ's `quantize_config.json`, AutoAWQ's
    /// `quant_config.json`, ModelOpt's `hf_quant_config.json`.
    package init?(file name: String, _ json: JSON) {
        switch name {
        case "quantize_config.json":
            guard let bits = json["bits"]?.integer else { return nil }
            let method = json["quant_method"]?.string?.lowercased() ?? "gptq"
            self.init(
                method: method, format: json["checkpoint_format"]?.string.flatMap(Self.plain), bits: bits)
        case "quant_config.json":
            guard let bits = json["w_bit"]?.integer else { return nil }
            self.init(method: "awq", format: json["version"]?.string.flatMap(Self.plain), bits: bits)
        case "hf_quant_config.json":
            guard let part = json["quantization"], let name = Self.algorithm(part) else { return nil }
            self.init(method: "modelopt", format: name)
        default: return nil
        }
    }

    /// The files that ``init(file:_:)`` reads.
    package static let files: [RelativePath] = [
        "quantize_config.json", "quant_config.json", "hf_quant_config.json",
    ]

    /// ModelOpt's `quant_algo`: "fp8", "nvfp4", "w4a16_awq", …
    private static func algorithm(_ json: JSON) -> String? { json["quant_algo"]?.string.flatMap(plain) }

    /// A word that may stand in a message.
    private static func plain(_ text: String) -> String? {
        let isWord = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "-_.".utf8.contains(byte)
        }
        return isWord && (1...40).contains(text.utf8.count) ? text.lowercased() : nil
    }

    /// Where the methods write how many bits a weight has; 1 to 8 are in use.
    private static func bits(_ json: JSON) -> Int? {
        var candidates = [json["bits"]?.integer, json["w_bit"]?.integer, json["nbits"]?.integer]
        for group in json["config_groups"]?.members ?? [] {
            candidates.append(group.value["weights"]?["num_bits"]?.integer)
        }
        return candidates.lazy.compactMap(\.self).first { (1...8).contains($0) }
    }

    /// torchao's `quant_type`: a name, or the record of a configuration's class below "default", of which the
    /// name has the numbers ("Float8DynamicActivationFloat8WeightConfig").
    private static func torchao(_ json: JSON?) -> String? {
        let name = json?.string ?? json?["default"]?["_type"]?.string ?? ""
        let kinds = ["float8", "int8", "int4", "int2", "int1", "uintx", "fp6", "mxfp4", "nvfp4"]
        return kinds.first { name.lowercased().contains($0) }
    }

    // MARK: Headers

    /// Finds the method by the names that the tools give their tensors, where no configuration is there.
    package init?(tensors: some Sequence<(name: String, dtype: DType)>) {
        var seen: Set<ExactName> = []
        var hasFP8 = false
        for (name, dtype) in tensors {
            let last = name.utf8.lastIndex(of: UInt8(ascii: ".")).map { name[name.utf8.index(after: $0)...] }
            switch last ?? name[...] {
            case "q_invperm", "q_scale_max": self.init(method: "exl2")
            case "trellis": self.init(method: "exl3")
            case "g_idx": self.init(method: "gptq")
            case "W_q": self.init(method: "hqq")
            case "codebooks": self.init(method: "aqlm")
            case "SCB": self.init(method: "bitsandbytes", format: "int8", bits: 8)
            case "bitsandbytes__nf4": self.init(method: "bitsandbytes", format: "nf4", bits: 4)
            case "bitsandbytes__fp4": self.init(method: "bitsandbytes", format: "fp4", bits: 4)
            case "weight_packed": self.init(method: "compressed-tensors")
            case let part where part.hasSuffix("_blocks") && dtype == .u8:
                self.init(method: "mxfp4", bits: 4)
            case let part:
                if ["qweight", "qzeros", "weight_scale", "weight_scale_inv"].contains(part) {
                    seen.insert(ExactName(String(part)))
                }
                hasFP8 = hasFP8 || dtype == .f8e4m3
                continue
            }
            return
        }
        // What AWQ writes without GPTQ's order of columns.
        if seen.isSuperset(of: ["qweight", "qzeros"]) {
            self.init(method: "awq")
        } else if seen.contains("weight_scale_inv") || hasFP8 && seen.contains("weight_scale") {
            self.init(method: "fp8", bits: 8)
        } else {
            return nil
        }
    }
}
