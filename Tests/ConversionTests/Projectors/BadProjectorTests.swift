import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// Projectors of which a part is missing, or of another shape than can be computed with.
@Suite struct BadProjectorTests {
    /// A case, a tensor of it without which others cannot be made, and how a message calls it.
    @Test(arguments: [
        ("lfm2-audio", "conformer.layers.1.conv.batch_norm.running_var"),
        ("granite-speech", "encoder.layers.2.conv.batch_norm.running_mean"),
        ("dots3-note", "vision_encoder.blocks.3.mlp.experts.1.fc2.weight"),
        ("dots3-note", "vision_encoder.blocks.2.mlp.gate_weight"),
        ("dots3-note", "vision_encoder.blocks.0.mlp.fc3.weight"),
        ("granite4-vision", "model.spatial_projectors.1.norm.weight"),
        ("gemma4-hearing", "model.audio_tower.layers.1.self_attn.per_dim_scale"),
        ("deepseek-ocr", "model.image_newline"), ("deepseek-ocr", "model.view_seperator"),
        ("deepseek-ocr-2", "model.view_seperator"), ("deepseek-v4", "image_pad"),
        ("granite4-vision", "model.image_newline"), ("ultravox", "multi_modal_projector.ln_mid.weight"),
    ]) func namesWhatOthersAreMadeOf(name: String, tensor: String) throws {
        let found = try ProjectorTests.read(name)
        var tensors = try found.model().tensors
        let place = try #require(tensors.firstIndex { $0.name.hasSameBytes(as: tensor) })
        tensors.remove(at: place)
        let error = #expect(throws: ConversionError.self) {
            _ = try ProjectorPlan(found.model(tensors), .f16)
        }
        #expect(error?.code == .tensorMissing)
        #expect(error?.message.containsUTF8(tensor.dropping("per_dim_scale") ?? tensor) == true)
    }

    /// A case, a tensor of it, and a shape that it cannot have.
    @Test(arguments: [
        ("gemma4-hearing", "model.audio_tower.layers.1.self_attn.per_dim_scale", [33]),
        ("lfm2-audio", "conformer.layers.1.conv.batch_norm.running_var", [16]),
        ("lfm2-audio", "conformer.layers.0.conv.pointwise_conv1.weight", [64, 32, 3]),
        ("granite-speech", "encoder.layers.0.attn.to_kv.weight", [127, 64]),
        ("muse-glimmer", "model.vision_tower.patch_embedder.patch_embedding.weight", [32, 1175]),
        ("deepseek-v4", "vision.patch_embed.proj.weight", [32, 587]),
        ("deepseek-v4", "vision.blocks.0.mlp.w1.weight", [191, 32]),
        ("dots3-note", "vision_encoder.blocks.3.mlp.experts.1.fc2.weight", [32, 95]),
        ("qwen2_5-omni", "thinker.audio_tower.conv1.weight", [32, 31, 3]),
        ("qwen3-asr", "thinker.audio_tower.conv2d2.weight", [24, 24, 3]),
        ("youtu-vl", "siglip2.vision_model.embeddings.patch_embedding.weight", [32, 3, 14, 14]),
        ("gemma4-unified", "model.vision_embedder.patch_dense.weight", [32, 48]),
    ]) func refusesShapes(name: String, tensor: String, shape: [Int]) throws {
        let found = try ProjectorTests.read(name)
        var tensors = try found.model().tensors
        let place = try #require(tensors.firstIndex { $0.name.hasSameBytes(as: tensor) })
        tensors[place].shape = shape
        let error = #expect(throws: ConversionError.self) {
            _ = try ProjectorPlan(found.model(tensors), .f16)
        }
        #expect(error?.code == .tensorShape)
    }
}
