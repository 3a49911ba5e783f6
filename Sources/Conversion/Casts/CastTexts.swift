package import Formats
package import Tensors

/// What a cast changes in the JSON files of a model, every other byte of which stays.
package enum CastTexts {
    /// A `config.json` for weights of another type.
    ///
    /// Every `dtype` and `torch_dtype` that names a floating-point type is set, also those of the parts of a model
    /// (`text_config`, `vision_config`). A configuration of a transformers model that names none gets a
    /// `torch_dtype`, which every version reads: without one some versions load 32-bit floats whatever the file has.
    /// - Throws: where the bytes are not JSON, or no object.
    package static func config(_ bytes: [UInt8], to type: CastType) throws(FormatError) -> [UInt8] {
        let config = try JSON.parse(bytes.span, nonFinite: true)
        let isTransformers = config["model_type"]?.string != nil || config["architectures"]?.array != nil
        var namesType = false
        func replacement(_ path: [String], _ value: JSON) -> String? {
            guard let key = path.last, key == "dtype" || key == "torch_dtype" else { return nil }
            let isTop = path.count == 1
            guard let name = value.string else {
                guard isTop, isTransformers, value == .null else { return nil }
                namesType = true
                return quoted(type.torchName)
            }
            if isTop { namesType = true }
            return renamed(name, type)
        }
        let edited = try JSONEdit.replacing(in: bytes, entering: { _ in true }, with: replacement)
        guard isTransformers, !namesType else { return edited.bytes }
        return JSONEdit.inserting("torch_dtype", quoted(type.torchName), into: edited.bytes)
    }

    /// An index of shards after the cast: `metadata.total_size` is the bytes of all tensors, as transformers counts
    /// them; an index without one stays as it is.
    /// - Throws: where the bytes are not JSON, or no object.
    package static func index(_ bytes: [UInt8], totalSize: Int) throws(FormatError) -> [UInt8] {
        func replacement(_ path: [String], _ value: JSON) -> String? {
            guard path == ["metadata", "total_size"] else { return nil }
            switch value {
            case .integer, .number: return "\(totalSize)"
            default: return nil
            }
        }
        return try JSONEdit.replacing(in: bytes, entering: { $0 == ["metadata"] }, with: replacement).bytes
    }

    /// The method by which the weights of a configuration are quantized already, as its `quantization_config` or
    /// MLX's `quantization` names it; `nil` where they are not.
    package static func quantization(in config: JSON) -> String? {
        let parts =
            [config] + (config.members ?? []).compactMap { $0.key.hasUTF8Suffix("_config") ? $0.value : nil }
        for part in parts {
            if let quantization = part["quantization_config"] ?? part["compression_config"],
                quantization.members != nil
            {
                return quantization["quant_method"]?.string ?? quantization["quant_algo"]?.string ?? "unknown"
            }
        }
        return config["quantization"]?.members != nil ? "mlx" : nil
    }

    /// The JSON text of the type's name in place of another one's; `nil` where that names no floating-point type.
    private static func renamed(_ name: String, _ type: CastType) -> String? {
        let prefix = name.hasUTF8Prefix("torch.") ? "torch." : ""
        let floats = ["float16", "bfloat16", "float32", "float64", "float", "half", "double"]
        guard floats.contains(String(name.dropFirst(prefix.count))) else { return nil }
        return quoted(prefix + type.torchName)
    }

    private static func quoted(_ text: String) -> String { JSON.string(text).compactText }
}
