import Formats

/// How the weights of a checkpoint are quantized, as its configuration states it.
enum QuantizationScheme: Hashable, Sendable {
    /// They are plain numbers.
    case none
    /// Floats of 8 bits with `_scale_inv` beside, one for each block if there is a size.
    case fp8(block: [Int])
    /// GPTQ: whole numbers of a few bits in words, with scales, zeros and the groups of the columns.
    case gptq(bits: Int, zeroOffset: Int)
    /// BitNet: four of -1, 0 and 1 in a byte.
    case bitnet
    /// compressed-tensors: numbers of 8 bits with scales for rows or blocks.
    case scaled(block: [Int])
    /// compressed-tensors: whole numbers of a few bits in words, with scales for groups of columns.
    case packed(bits: Int, group: Int, hasZeros: Bool)
    /// NVIDIA's Model Optimizer: numbers of 8 bits with scales for rows or all.
    case modelOptimizer
    /// Floats of 4 bits with a power of two for 32, which are kept; only gpt-oss has them.
    case mxfp4
    /// NVIDIA's floats of 4 bits with a scale for 16, which are kept, and by whose names; the rest may be numbers of 8
    /// bits.
    case nvfp4(isCompressedTensors: Bool)

    /// What the name of a scale has behind its weight's; `nil` where a weight is not multiplied as it is stored.
    var scaleSuffix: String? {
        switch self {
        case .fp8: "_scale_inv"
        case .scaled, .modelOptimizer, .nvfp4: "_scale"
        case .none, .gptq, .bitnet, .packed, .mxfp4: nil
        }
    }

    /// What the configuration states.
    /// - Parameter architecture: the class, of which only some can keep their blocks.
    /// - Throws: where the method is one that cannot be undone, or its values make no sense.
    init(_ config: ModelConfig, _ files: ModelDocuments) throws(ConversionError) {
        self = .none
        let stated = try Self.stated(config, files)
        let (method, values, isFourBits) = (stated.method, stated.values, stated.isFourBits)
        guard let method else { return }
        switch method {
        case "modelopt" where isFourBits: self = .nvfp4(isCompressedTensors: false)
        case _ where isFourBits && method != "compressed-tensors": throw Self.unknown("\(method) NVFP4")
        case "fp8":
            self = .fp8(block: try Self.block(values["weight_block_size"], "weight_block_size"))
        case "gptq": self = try Self.gptq(values)
        case "bitnet": self = .bitnet
        case "compressed-tensors": self = try Self.compressed(values)
        case "modelopt": self = .modelOptimizer
        case "mxfp4" where config.architecture == "GptOssForCausalLM": self = .mxfp4
        default: throw Self.unknown(method)
        }
    }

    /// What a configuration states of a checkpoint's quantization.
    struct Stated {
        /// The method's name.
        var method: String?
        /// Its configuration.
        var values: JSON
        /// Which algorithm all layers have, if one is stated.
        var algorithm: String?
        /// What single layers have.
        var layers: JSON?

        /// Whether weights are floats of four bits.
        var isFourBits: Bool {
            ["NVFP4", "W4A16_NVFP4"].contains(algorithm.map { ExactName($0) } ?? "")
                || (layers?.members ?? []).contains {
                    $0.value["quant_algo"]?.string?.hasUTF8Suffix("NVFP4") == true
                }
        }
    }

    /// What is stated (base.py of the converter, `prepare_tensors`).
    static func stated(_ config: ModelConfig, _ files: ModelDocuments) throws(ConversionError) -> Stated {
        let values = config["quantization_config"] ?? .null
        switch values {
        case .object, .null, .bool(false): break
        default: throw wrong("quantization_config", values, "an object")
        }
        var method: String?
        switch values["quant_method"] {
        case nil, .null: break
        case .string(let name): method = name
        case .some(let other): throw wrong("quant_method", other, "a string")
        }
        var algorithm = values["quant_algo"]?.string
        var layers = values["quantized_layers"]
        if algorithm == nil || layers?.members?.isEmpty ?? true,
            let other = try files.json("hf_quant_config.json")
        {
            if method == nil { method = (other["producer"]?["name"]?.string ?? "").lowercased() }
            algorithm = other["quantization"]?["quant_algo"]?.string ?? algorithm
            layers = other["quantization"]?["quantized_layers"] ?? layers
        }
        return Stated(method: method, values: values, algorithm: algorithm, layers: layers)
    }

    private static func gptq(_ values: JSON) throws(ConversionError) -> QuantizationScheme {
        guard let bits = values["bits"]?.integer, [2, 4, 8].contains(bits) else {
            throw ConversionError(
                .quantizationUnknown,
                "the weights are quantized by GPTQ with \"bits\" \(shown(values["bits"])), and only 2, 4 and 8 are known",
                fix: advice)
        }
        // Older files have each zero less one.
        let isOld = [nil, .string("gptq")].contains(values["checkpoint_format"])
        return .gptq(bits: bits, zeroOffset: isOld ? 1 : 0)
    }

    private static func compressed(_ values: JSON) throws(ConversionError) -> QuantizationScheme {
        let format = values["format"]?.string ?? ""
        guard let groups = values["config_groups"]?.members, let first = groups.first else {
            throw wrong("config_groups", values["config_groups"], "an object with a group")
        }
        let isFourBits =
            format == "nvfp4-pack-quantized"
            || format == "mixed-precision"
                && groups.allSatisfy { $0.value["format"]?.string == "nvfp4-pack-quantized" }
        if isFourBits { return .nvfp4(isCompressedTensors: true) }
        guard groups.count == 1 else {
            throw ConversionError(
                .quantizationUnknown,
                "the weights are quantized by compressed-tensors in \(groups.count) groups, and only one is known",
                fix: advice)
        }
        let weights = first.value["weights"] ?? .null
        let strategy = weights["strategy"]?.string
        func refuse(_ what: String) -> ConversionError {
            ConversionError(
                .quantizationUnknown,
                "the weights are quantized by compressed-tensors \(format) with \(what)", fix: advice)
        }
        switch format {
        case "float-quantized", "int-quantized", "naive-quantized":
            guard strategy == "channel" || strategy == "block" else {
                throw refuse(
                    "the strategy \(shown(weights["strategy"])), and only channel and block are known")
            }
            guard [nil, .null].contains(weights["group_size"]) else { throw refuse("a group size") }
            return .scaled(block: try block(weights["block_structure"], "block_structure"))
        case "pack-quantized":
            guard strategy == "group", [nil, "int"].contains(weights["type"]) else {
                throw refuse(
                    "the strategy \(shown(weights["strategy"])), and only groups of integers are known")
            }
            guard let bits = weights["num_bits"]?.integer, (1...16).contains(bits) else {
                throw wrong("num_bits", weights["num_bits"], "a number of bits")
            }
            guard let group = weights["group_size"]?.integer, (1...1 << 30).contains(group) else {
                throw wrong("group_size", weights["group_size"], "a whole number above 0")
            }
            // Without a word they are around zero, and zeros that are there count all the same.
            let hasZeros = weights["symmetric"].map { !$0.isTruthy && $0 != .null } ?? false
            return .packed(bits: bits, group: group, hasZeros: hasZeros)
        default: throw unknown("compressed-tensors \(format)")
        }
    }

    /// The sizes of a block along the last dimensions; none if there is one scale for all or for a row.
    private static func block(_ value: JSON?, _ key: String) throws(ConversionError) -> [Int] {
        guard let value, value != .null else { return [] }
        let sizes = value.array?.compactMap(\.integer) ?? []
        guard let count = value.array?.count, sizes.count == count,
            sizes.allSatisfy({ (1...1 << 30).contains($0) })
        else { throw wrong(key, value, "a list of whole numbers above 0") }
        return sizes
    }

    // MARK: Errors

    private static let advice =
        "take the model from which it was quantized, or a revision without quantization"

    /// The error of a plan, or what is behind it where tensors are quantized in a way that config.json does not say.
    static func explained(_ error: ConversionError, _ tensors: [CheckpointTensor]) -> ConversionError {
        guard error.code == .tensorUnknown || error.code == .tensorShape else { return error }
        for (suffix, method) in leftOver {
            guard let tensor = tensors.first(where: { $0.name.hasUTF8Suffix(suffix) }) else { continue }
            return ConversionError(
                .quantizationUnknown,
                "tensor \"\(tensor.name)\" is of weights quantized\(method), which config.json does not state or "
                    + "states in a way that is not known",
                notes: [error.message], fix: advice)
        }
        return error
    }

    /// Ends of the names of tensors beside quantized weights, and who writes them.
    private static let leftOver: [(String, String)] = [
        (".absmax", " by bitsandbytes"), (".quant_map", " by bitsandbytes"), (".SCB", " by bitsandbytes"),
        (".qweight", " by GPTQ or AWQ"), (".weight_packed", " by compressed-tensors"),
        (".weight_scale", ""), ("_scale_inv", ""), (".input_scale", ""), (".weight_zero_point", ""),
        ("_blocks", " as MXFP4"), (".W_q", " by HQQ"), (".k_scale", ""), (".biases", " by MLX"),
    ]

    private static func unknown(_ method: String) -> ConversionError {
        ConversionError(
            .quantizationUnknown,
            "the weights are quantized by \(method.isEmpty ? "an unnamed method" : method), which cannot be converted",
            fix: advice)
    }

    private static func wrong(_ key: String, _ value: JSON?, _ wanted: String) -> ConversionError {
        ConversionError(
            .configValueWrong, "the quantization's \"\(key)\" is \(shown(value)), not \(wanted)",
            fix: "check that it is the config.json of this model")
    }

    private static func shown(_ value: JSON?) -> String {
        let text = value?.compactText ?? "missing"
        return text.utf8.count > 60 ? String(decoding: text.utf8.prefix(60), as: UTF8.self) + "…" : text
    }
}
