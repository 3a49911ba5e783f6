import Formats
import Tensors

extension ModelMetadata {
    /// Adds the keys that parts for pictures have in common, in the converter's order (base.py,
    /// `MmprojModel.set_gguf_parameters`).
    /// - Parameter vision: the part, with its keys renamed to the common ones and its defaults filled in.
    mutating func addVision(
        _ model: ProjectorModel, _ vision: ModelConfig
    ) throws(ConversionError) {
        self["clip.has_vision_encoder"] = .bool(true)
        set("vision.projection_dim", try Self.count(model.textWidth))
        try addNeededNumber("vision.image_size", vision, ["image_size"])
        try addNeededNumber("vision.patch_size", vision, ["patch_size"])
        try addNeededNumber("vision.embedding_length", vision, ["hidden_size", "width", "vt_hidden_size"])
        try addNeededNumber(
            "vision.feed_forward_length", vision, ["intermediate_size", "vt_intermediate_size"])
        try addNeededNumber("vision.block_count", vision, ProjectorModel.blockKeys)
        try addNeededNumber(
            "vision.attention.head_count", vision,
            ["num_attention_heads", "num_heads", "heads", "vt_num_attention_heads"])
        for key in ["image_mean", "image_std"] {
            set("vision.\(key)", try Self.numbers(model.preprocessor, key))
        }
    }

    /// What is told of the keys that prepare pictures: `clip.cpp` of llama.cpp asks for floats, and does not load a file
    /// with whole numbers, which the reference writes where whole ones are stated.
    var preparationFindings: [ForeignFinding] {
        ["image_mean", "image_std"].compactMap { key in
            guard case .int32s = self["clip.vision.\(key)"] else { return nil }
            return ForeignFinding(
                file: "preprocessor_config.json", key: key, weight: .warning,
                reason: "has whole numbers, which the reference converter writes as they are, and llama.cpp "
                    + "0c1e57098 does not load the file: write 0.0 for 0")
        }
    }

    /// Adds the keys that parts for sound have in common, in the same way.
    mutating func addAudio(_ model: ProjectorModel, _ audio: ModelConfig) throws(ConversionError) {
        self["clip.has_audio_encoder"] = .bool(true)
        set("audio.projection_dim", try Self.count(model.textWidth))
        try addNeededNumber("audio.embedding_length", audio, ["hidden_size"])
        try addNeededNumber("audio.feed_forward_length", audio, ["intermediate_size"])
        try addNeededNumber("audio.block_count", audio, ProjectorModel.blockKeys)
        try addNeededNumber("audio.attention.head_count", audio, ["num_attention_heads"])
    }

    /// Adds which kind of projector it is.
    mutating func addProjectorType(_ type: String) { set("projector_type", .string(type)) }

    /// Adds a whole number of 32 bits.
    /// - Throws: where none of the keys is there, or the first that is there is none.
    mutating func addNeededNumber(
        _ key: String, _ config: ModelConfig, _ keys: [String]
    ) throws(ConversionError) {
        guard let value = config.first(keys) else { throw ModelConfig.missing(keys) }
        guard let number = value.wholeNumber else {
            throw .wrongValue(keys.joined(separator: "\" or \""), value, "a whole number")
        }
        set(key, try Self.count(number))
    }

    /// A number of a configuration, or what is taken where it is not there.
    static func float(
        _ config: ModelConfig, _ key: String, _ standard: Double
    ) throws(ConversionError) -> GGUFContent {
        .float32(Float(try config[key] == nil ? standard : config.number(key)))
    }

    /// Adds what stands between the layers, where llama.cpp has it for the family.
    mutating func addActivation(_ vision: ModelConfig) throws(ConversionError) {
        switch vision["hidden_act"]?.string {
        case "silu": self["clip.use_silu"] = .bool(true)
        case "gelu": self["clip.use_gelu"] = .bool(true)
        default: throw .wrongValue("hidden_act", vision["hidden_act"] ?? .null, "silu or gelu")
        }
    }

    /// How many patches along a side become one, where the share is stated that is left.
    static func inverse(_ share: Double, _ key: String) throws(ConversionError) -> GGUFContent {
        guard share > 0, let whole = Int(exactly: (1 / share).rounded(.towardZero)) else {
            throw .wrongValue(key, .number(share), "a share")
        }
        return try count(whole)
    }

    /// A list of numbers that prepare pictures: whole ones where the first is one, as gguf-py takes them.
    private static func numbers(_ config: ModelConfig, _ key: String) throws(ConversionError) -> GGUFContent {
        guard let value = config[key] else {
            throw ConversionError(
                .configKeyMissing,
                "neither preprocessor_config.json nor processor_config.json states \"\(key)\"",
                fix: "check that all files of the model are there")
        }
        guard let list = value.array, !list.isEmpty else {
            throw .wrongValue(key, value, "a list of numbers")
        }
        if list[0].integer != nil {
            let whole = list.compactMap { $0.integer.flatMap { Int32(exactly: $0) } }
            guard whole.count == list.count else {
                throw .wrongValue(key, value, "a list of numbers of a kind")
            }
            return .int32s(whole)
        }
        let numbers = list.compactMap(\.double)
        guard numbers.count == list.count else { throw .wrongValue(key, value, "a list of numbers") }
        return .float32s(numbers.map { Float($0) })
    }
}

extension ProjectorModel {
    /// The keys that state how many blocks there are, in the order in which the reference asks for them.
    static let blockKeys = [
        "n_layers", "num_hidden_layers", "n_layer", "num_layers", "depth", "layers", "encoder_layers",
        "vt_num_hidden_layers",
    ]
}

extension ModelConfig {
    /// What transformers takes for SigLIP where nothing is stated.
    mutating func setSiglipDefaults() {
        setDefaults([
            "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
            "patch_size": 16, "image_size": 224, "layer_norm_eps": .number(1e-6),
        ])
    }

    /// How many blocks a part for pictures or sound has.
    func towerDepth() throws(ConversionError) -> Int {
        guard let value = first(ProjectorModel.blockKeys) else {
            throw ModelConfig.missing(ProjectorModel.blockKeys)
        }
        guard let count = value.wholeNumber, count > 0, count <= Int(Int32.max) else {
            throw .wrongValue("num_hidden_layers", value, "a whole number above 0")
        }
        return count
    }
}
