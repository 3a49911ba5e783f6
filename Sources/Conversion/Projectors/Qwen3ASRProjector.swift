import Formats
import Tensors

/// The part for sound of Qwen 3 ASR: that of Qwen 3 Omni.
struct Qwen3ASRProjector: ModelProjector {
    static let classes = ["Qwen3ASRForConditionalGeneration"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let sound: OmniSound

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        sound = try OmniSound(
            model,
            ears: [
                "audio_tower.conv2d1": "a.conv2d.1", "audio_tower.conv2d2": "a.conv2d.2",
                "audio_tower.conv2d3": "a.conv2d.3", "audio_tower.conv_out": "a.conv_out",
                "audio_tower.ln_post": "a.post_ln", "audio_tower.proj1": "mm.a.mlp.1",
                "audio_tower.proj2": "mm.a.mlp.2",
            ])
        names = sound.names
    }

    func name(of tensor: String) -> String? { OmniSound.name(of: tensor) }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        // llama.cpp adds the bias to pictures of sound.
        guard name.containsUTF8("conv2d"), name.hasUTF8Suffix(".bias"), let view = value.view else {
            return [try names.renamed(name, value)]
        }
        return [try names.renamed(name, TensorValue([view], shape: value.shape + [1, 1]))]
    }

    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] { [try sound.positions()] }

    func type(of name: String, as written: String, wanted: OutputType) -> GGMLType? {
        OmniSound.type(of: name)
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addAudio(model, sound.audio)
        try sound.addParameters(to: &metadata)
        metadata.set("audio.projector_type", .string("qwen3a"))
    }
}
