import Formats
import Tensors

/// The parts for sound that have Whisper's encoder: Qwen 2 Audio, Ultravox, Voxtral and Audio Flamingo 3.
struct WhisperProjector: ModelProjector {
    static let classes = [
        "Qwen2AudioForConditionalGeneration", "UltravoxModel", "VoxtralForConditionalGeneration",
        "AudioFlamingo3ForConditionalGeneration",
    ]

    /// Which of them it is.
    private enum Kind { case qwen2, ultravox, voxtral, flamingo }

    let names: ProjectorNames
    private let model: ProjectorModel
    private let audio: ModelConfig
    private let kind: Kind

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var audio = try model.audio()
        switch ProjectorRegistry.architecture(model.raw) {
        case "UltravoxModel": kind = .ultravox
        case "VoxtralForConditionalGeneration": kind = .voxtral
        case "AudioFlamingo3ForConditionalGeneration": kind = .flamingo
        default: kind = .qwen2
        }
        switch kind {
        case .qwen2:
            audio.setDefaults([
                "num_mel_bins": 128, "d_model": 1280, "encoder_layers": 32, "encoder_attention_heads": 20,
                "encoder_ffn_dim": 5120,
            ])
            audio.setDefault("num_hidden_layers", from: "encoder_layers")
        case .voxtral:
            audio.setDefaults([
                "hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32,
                "num_attention_heads": 20, "num_mel_bins": 128,
            ])
        case .ultravox, .flamingo: break
        }
        audio.renameWhisperSizes()
        self.audio = audio
        names = ProjectorNames(
            TowerTensors.whisper.merging(Self.adapter(kind)) { $1 },
            counts: [("audio_tower.layers.", try audio.towerDepth())])
    }

    func name(of tensor: String) -> String? {
        let isText = ["language_model.", "lm_head."].contains { tensor.containsUTF8($0) }
        if isText || tensor.hasUTF8Prefix("model.") { return nil }
        // They would be taken for those of a part for pictures.
        return tensor.hasUTF8Prefix("multi_modal_projector") ? "audio." + tensor : tensor
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try names.renamed(name, TowerTensors.column(name, value))]
    }

    func type(of name: String, as written: String, wanted: OutputType) -> GGMLType? {
        guard name.containsUTF8(".conv"), name.containsUTF8(".weight") else { return nil }
        return kind == .flamingo ? .f32 : .f16
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addAudio(model, audio)
        let types: [Kind: String] = [
            .qwen2: "qwen2a", .ultravox: "ultravox", .voxtral: "voxtral", .flamingo: "musicflamingo",
        ]
        metadata.addProjectorType(types[kind] ?? "")
        try metadata.addWhisper(audio)
        switch kind {
        case .ultravox:
            let whole = ModelConfig(members: model.raw.members ?? [])
            try metadata.addNeededNumber("audio.projector.stack_factor", whole, ["stack_factor"])
        // As many as the second layer of the encoder is wider.
        case .voxtral: metadata.set("audio.projector.stack_factor", .uint32(4))
        case .qwen2, .flamingo: break
        }
    }

    private static func adapter(_ kind: Kind) -> [ExactName: String] {
        let start = "audio.multi_modal_projector."
        switch kind {
        case .qwen2: return [ExactName(start + "linear"): "mm.a.fc"]
        case .ultravox:
            return TowerTensors.prefixed(
                start,
                [
                    "linear_1": "mm.a.mlp.1", "linear_2": "mm.a.mlp.2", "ln_pre": "mm.a.norm_pre",
                    "ln_mid": "mm.a.norm_mid",
                ])
        case .voxtral, .flamingo:
            return TowerTensors.prefixed(start, ["linear_1": "mm.a.mlp.1", "linear_2": "mm.a.mlp.2"])
        }
    }
}

extension ModelConfig {
    /// Sets the sizes of Whisper's encoder by the names that other towers have for them.
    mutating func renameWhisperSizes() {
        guard self["hidden_size"] == nil, self["intermediate_size"] == nil else { return }
        self["hidden_size"] = self["d_model"]
        self["intermediate_size"] = self["encoder_ffn_dim"]
        self["num_attention_heads"] = self["encoder_attention_heads"]
    }
}

extension ModelMetadata {
    /// Adds what Whisper's encoder has of its own.
    mutating func addWhisper(_ audio: ModelConfig) throws(ConversionError) {
        try addNeededNumber("audio.num_mel_bins", audio, ["num_mel_bins"])
        set("audio.attention.layer_norm_epsilon", try Self.float(audio, "layer_norm_eps", 1e-5))
    }
}
