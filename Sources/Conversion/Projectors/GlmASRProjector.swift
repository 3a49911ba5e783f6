import Formats
import Tensors

/// The part for sound of GLM-ASR: Whisper's encoder, and two matrices.
struct GlmASRProjector: ModelProjector {
    static let classes = ["GlmasrModel"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let audio: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        guard var audio = model.part("whisper_config") ?? model.part("audio_config") else {
            throw ModelConfig.missing(["whisper_config", "audio_config"])
        }
        audio.renameWhisperSizes()
        self.audio = audio
        names = ProjectorNames(
            TowerTensors.whisper.merging([
                "audio.multi_modal_projector.ln_pre": "mm.a.norm_pre",
                "audio.multi_modal_projector.linear_1": "mm.a.mlp.1",
                "audio.multi_modal_projector.linear_2": "mm.a.mlp.2",
                "audio_encoder.audio_bos_eos_token": "v.boi",
            ]) { $1 }, counts: [("audio_tower.layers.", try audio.towerDepth())],
            optional: ["audio_tower.embed_positions", "audio_tower.layer_norm"])
    }

    func name(of tensor: String) -> String? {
        guard tensor.hasUTF8Prefix("audio_encoder.") else { return nil }
        if tensor.hasUTF8Prefix("audio_encoder.whisper.") {
            return tensor.replacingUTF8("audio_encoder.whisper.", with: "audio_tower.")
        }
        let adapter = "audio.multi_modal_projector."
        return tensor.replacingUTF8("audio_encoder.layer_norm.", with: adapter + "ln_pre.")
            .replacingUTF8("audio_encoder.adapting.0.", with: adapter + "linear_1.")
            .replacingUTF8("audio_encoder.adapting.2.", with: adapter + "linear_2.")
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        guard name.hasUTF8Prefix("audio_encoder.audio_bos_eos_token.") else {
            return [try names.renamed(name, TowerTensors.column(name, value))]
        }
        return try ["v.boi", "v.eoi"].enumerated().map { row, written throws(ConversionError) in
            guard let view = value.view?.sliced(axis: 0, row..<row + 1)?.dropping(axis: 0) else {
                throw .wrongShape(name, value.shape, "which has not two rows")
            }
            return ConvertedTensor(written, TensorValue(view))
        }
    }

    func type(of name: String, as written: String, wanted: OutputType) -> GGMLType? {
        name.containsUTF8(".conv") && name.containsUTF8(".weight") ? .f16 : nil
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addAudio(model, audio)
        metadata.addProjectorType("glma")
        try metadata.addWhisper(audio)
        let whole = ModelConfig(members: model.raw.members ?? [])
        try metadata.addNeededNumber("audio.projector.stack_factor", whole, ["merge_factor"])
    }
}
