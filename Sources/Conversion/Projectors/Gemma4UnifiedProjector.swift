import Formats
import Tensors

/// The parts for pictures and sound of Gemma 4 where they have no tower: patches and pieces of sound go into the text by a
/// layer each.
struct Gemma4UnifiedProjector: ModelProjector {
    static let classes = ["Gemma4UnifiedForConditionalGeneration"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig
    private let audio: ModelConfig
    /// How many pixels a side of a patch has.
    private let side: Int

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        var audio = try model.audio()
        guard let width = vision.first(["mm_embed_dim"]), let length = audio.first(["audio_embed_dim"]) else {
            throw ModelConfig.missing(["mm_embed_dim", "audio_embed_dim"])
        }
        if vision["model_patch_size"] != nil {
            side = try vision.size("model_patch_size")
        } else {
            side = try vision.size("patch_size") * vision.size("pooling_kernel_size")
        }
        guard side <= 1 << 12 else { throw .wrongValue("patch_size", .integer(side), "a size of patches") }
        vision["image_size"] = 224
        vision["hidden_size"] = width
        audio["hidden_size"] = length
        audio["feat_in"] = audio["input_feat_size"] ?? 128
        for key in ["intermediate_size", "num_layers", "num_attention_heads"] {
            vision[key] = 0
            audio[key] = 0
        }
        for key in ProjectorModel.blockKeys where key != "num_layers" {
            vision[key] = nil
            audio[key] = nil
        }
        (self.vision, self.audio) = (vision, audio)
        names = ProjectorNames(
            [
                "model.vision_embedder.patch_dense": "v.patch_embd",
                "model.vision_embedder.patch_ln1": "v.patch_norm.1",
                "model.vision_embedder.patch_ln2": "v.patch_norm.2",
                "model.vision_embedder.pos_norm": "v.patch_norm.3",
                "model.vision_embedder.pos_embedding": "v.position_embd",
                "model.embed_vision.embedding_projection": "mm.input_projection",
                "model.embed_audio.embedding_projection": "mm.a.input_projection",
            ], counts: [])
    }

    func name(of tensor: String) -> String? {
        let starts = ["model.vision_embedder.", "model.embed_vision.", "model.embed_audio."]
        guard starts.contains(where: { tensor.hasUTF8Prefix($0) }) else { return nil }
        return tensor.hasUTF8Suffix("pos_embedding") ? tensor + ".weight" : tensor
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name.hasUTF8Suffix("pos_embedding.weight") {
            guard let view = value.view, view.shape.count == 3 else {
                throw .wrongShape(name, value.shape, "which has no rows and columns of positions")
            }
            return [try names.renamed(name, TensorValue(view.swapped(0, 1)))]
        }
        // Pixels of three colours each, which llama.cpp has one colour after the other.
        let isMatrix = name.containsUTF8("patch_dense.weight")
        guard isMatrix || name.containsUTF8("patch_ln1.") else { return [try names.renamed(name, value)] }
        let axis = isMatrix ? 1 : 0
        guard value.shape.count == axis + 1, let split = value.view?.split(axis: axis, into: [side, side, 3])
        else { throw .wrongShape(name, value.shape, "which is not that of \(side) × \(side) pixels") }
        let sorted = split.swapped(axis + 1, axis + 2).swapped(axis, axis + 1)
        return [try names.renamed(name, TensorValue([sorted], shape: value.shape))]
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        try metadata.addAudio(model, audio)
        metadata.set("vision.projector_type", .string("gemma4uv"))
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "layer_norm_eps", 1e-6))
        metadata.set("audio.projector_type", .string("gemma4ua"))
        try metadata.addNeededNumber("audio.num_mel_bins", audio, ["feat_in"])
        metadata.set(
            "audio.attention.layer_norm_epsilon", try ModelMetadata.float(audio, "layer_norm_eps", 1e-6))
    }
}
