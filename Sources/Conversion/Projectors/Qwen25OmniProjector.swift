import Formats
import Tensors

/// The parts for pictures and sound of Qwen 2.5 Omni.
struct Qwen25OmniProjector: ModelProjector {
    static let classes = ["Qwen2_5OmniModel"]
    static let leftOut = [
        "talker.", "token2wav.", "thinker.audio_tower.audio_bos_eos_token", "audio_tower.audio_bos_eos_token",
    ]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let sight: Qwen2VLProjector
    private let sound: OmniSound

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        guard let vision = model.raw["thinker_config"]?["vision_config"]?.members else {
            throw ModelConfig.missing(["thinker_config.vision_config"])
        }
        sight = try Qwen2VLProjector(model, vision: ModelConfig(members: vision), isNewer: true)
        sound = try OmniSound(
            model,
            ears: [
                "audio_tower.conv1": "a.conv1d.1", "audio_tower.conv2": "a.conv1d.2",
                "audio_tower.ln_post": "a.post_ln", "audio_tower.proj": "mm.a.fc",
            ])
        // Queries, keys and values are one tensor in some models, and three in others.
        var names = sight.names.adding(sound.names.names)
        for (part, written) in [("q", "attn_q"), ("k", "attn_k"), ("v", "attn_v"), ("qkv", "attn_qkv")] {
            let name = ExactName("visual.blocks.*.attn.\(part)")
            names.names[name] = "v.blk.*.\(written)"
            names.optional.insert(name)
        }
        names.counts += sound.names.counts
        self.names = names
    }

    func name(of tensor: String) -> String? {
        if Self.leftOut.contains(where: { tensor.hasUTF8Prefix($0) }) { return nil }
        if let name = OmniSound.name(of: tensor) { return name }
        let name = tensor.hasUTF8Prefix("thinker.") ? tensor.dropping(start: "thinker.") : tensor
        return name.hasUTF8Prefix("visual.") ? name : nil
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let tensors = try sight.convert(name, value, names)
        return tensors.map { ConvertedTensor($0.name, TowerTensors.column(name, $0.value)) }
    }

    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] { [try sound.positions()] }

    func type(of name: String, as written: String, wanted: OutputType) -> GGMLType? {
        written.containsUTF8(".position_embd.") ? .f32 : OmniSound.type(of: name)
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, sight.vision)
        try metadata.addAudio(model, sound.audio)
        try sound.addParameters(to: &metadata)
        try sight.addOwnParameters(to: &metadata, type: "qwen2.5o")
    }
}
