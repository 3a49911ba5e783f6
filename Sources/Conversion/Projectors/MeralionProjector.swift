import Formats
import Tensors

/// The part for sound of MERaLiON 2: Whisper's encoder, and matrices with a gate.
struct MeralionProjector: ModelProjector {
    static let classes = ["MERaLiON2ForConditionalGeneration"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let audio: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        guard var audio = model.part("speech_config") else { throw ModelConfig.missing(["speech_config"]) }
        audio.renameWhisperSizes()
        self.audio = audio
        names = ProjectorNames(
            TowerTensors.whisper.merging([
                "ln_speech": "mm.a.norm_pre", "speech_audio_adapter.mlp_adapter.0": "mm.a.mlp.0",
                "speech_audio_adapter.gate_proj": "mm.a.mlp.1",
                "speech_audio_adapter.pool_proj": "mm.a.mlp.2",
                "speech_audio_adapter.out_proj": "mm.a.mlp.3",
            ]) { $1 }, counts: [("audio_tower.layers.", try audio.towerDepth())])
    }

    func name(of tensor: String) -> String? {
        let starts = ["speech_encoder.", "ln_speech.", "speech_audio_adapter."]
        guard starts.contains(where: { tensor.hasUTF8Prefix($0) }) else { return nil }
        return tensor.replacingUTF8("speech_encoder.", with: "audio_tower.")
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try names.renamed(name, TowerTensors.column(name, value))]
    }

    func type(of name: String, as written: String, wanted: OutputType) -> GGMLType? {
        name.containsUTF8(".conv") && name.containsUTF8(".weight") ? .f16 : nil
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addAudio(model, audio)
        metadata.addProjectorType("meralion")
        try metadata.addWhisper(audio)
        let whole = ModelConfig(members: model.raw.members ?? [])
        let factor = try whole["speech_mlp_scale_factor"] == nil ? 15 : whole.size("speech_mlp_scale_factor")
        metadata.set("audio.projector.stack_factor", try ModelMetadata.count(factor))
    }
}
