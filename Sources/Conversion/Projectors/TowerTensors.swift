import Formats
import Tensors

/// What towers for pictures have in common: how their tensors are divided, and the names that several share.
enum TowerTensors {
    /// A tensor with queries, keys and values one after the other: each by itself.
    /// - Throws: where the rows are not three times as many.
    static func thirds(_ name: String, _ value: TensorValue) throws(ConversionError) -> [TensorValue] {
        guard let parts = divided(value, by: 3) else {
            throw .wrongShape(name, value.shape, "whose rows are not queries, keys and values")
        }
        return parts
    }

    /// A tensor with two layers one after the other: each by itself, under the name of both with its own part.
    /// - Parameters:
    ///   - tensor: as it would be written whole.
    ///   - part: what of its name stands for both.
    ///   - parts: what stands there for each.
    ///   - meaning: what the rows are, for a message.
    /// - Throws: where the number of rows is odd.
    static func halves(
        _ name: String, _ tensor: ConvertedTensor, _ part: String, _ parts: [String], _ meaning: String
    ) throws(ConversionError) -> [ConvertedTensor] {
        guard let halves = divided(tensor.value, by: 2) else {
            throw .wrongShape(name, tensor.value.shape, "whose rows are not \(meaning)")
        }
        return zip(parts, halves).map { ConvertedTensor(tensor.name.replacingUTF8(part, with: $0), $1) }
    }

    /// The rows of a tensor in so many parts of the same size; `nil` where they cannot be divided so.
    private static func divided(_ value: TensorValue, by count: Int) -> [TensorValue]? {
        guard let view = value.view, let rows = view.shape.first, rows.isMultiple(of: count) else {
            return nil
        }
        let size = rows / count
        return (0..<count).compactMap { part in
            view.sliced(axis: 0, part * size..<(part + 1) * size).map { TensorValue($0) }
        }
    }

    /// The convolution that makes embeddings of two frames at a time: one for each frame, as `v.patch_embd.weight` and
    /// `v.patch_embd.weight.1`.
    /// - Throws: where it is not of two frames.
    static func frames(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        guard let view = value.view, view.shape.count == 5, view.shape[2] == 2 else {
            throw .wrongShape(name, value.shape, "which is not a convolution of two frames")
        }
        return try ["v.patch_embd.weight", "v.patch_embd.weight.1"].enumerated().map {
            frame, written throws(ConversionError) in
            var shape = view.shape
            shape.remove(at: 2)
            guard let slice = view.sliced(axis: 2, frame..<frame + 1)?.dropping(axis: 2) else {
                throw .wrongShape(name, value.shape, "which is not a convolution of two frames")
            }
            return ConvertedTensor(written, TensorValue(slice))
        }
    }

    /// With a beginning before every name.
    static func prefixed(_ prefix: String, _ names: [ExactName: String]) -> [ExactName: String] {
        Dictionary(names.map { (ExactName(prefix + $0.key.text), $0.value) }) { $1 }
    }

    /// The blocks of Qwen's towers, without their feed-forward part.
    static let qwen: [ExactName: String] = [
        "visual.blocks.*.norm1": "v.blk.*.ln1", "visual.blocks.*.norm2": "v.blk.*.ln2",
        "visual.blocks.*.attn.proj": "v.blk.*.attn_out",
    ]

    /// The tower of Qwen 3 VL without what joins it to the text.
    static let qwen3 = qwen.merging([
        "visual.blocks.*.attn.qkv": "v.blk.*.attn_qkv", "visual.blocks.*.mlp.linear_fc1": "v.blk.*.ffn_up",
        "visual.blocks.*.mlp.linear_fc2": "v.blk.*.ffn_down", "visual.patch_embed.proj": "v.patch_embd",
        "visual.pos_embed": "v.position_embd",
    ]) { $1 }

    /// What is written of a tensor of one of Qwen's towers whose queries, keys and values stay together.
    static func converted(
        _ name: String, _ value: TensorValue, _ names: ProjectorNames
    ) throws(ConversionError) -> [ConvertedTensor] {
        name.hasSameBytes(as: "visual.patch_embed.proj.weight")
            ? try frames(name, value) : [try names.renamed(name, value)]
    }

    /// A block of CLIP's and SigLIP's kind, by what stands behind its number.
    static let clipBlock: [ExactName: String] = [
        "layer_norm1": "ln1", "layer_norm2": "ln2", "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v", "self_attn.out_proj": "attn_out", "mlp.fc1": "ffn_up",
        "mlp.fc2": "ffn_down",
    ]

    /// Blocks by what stands before and behind their numbers.
    static func blocks(
        _ prefix: String, _ names: [ExactName: String], as written: String = "v.blk"
    ) -> [ExactName: String] {
        Dictionary(names.map { (ExactName("\(prefix).*.\($0.key.text)"), "\(written).*.\($0.value)") }) { $1 }
    }

    /// A tower of SigLIP's kind.
    /// - Parameter prefix: what all its names begin with.
    static func siglip(_ prefix: String) -> [ExactName: String] {
        blocks("\(prefix)encoder.layers", clipBlock).merging([
            ExactName(prefix + "embeddings.patch_embedding"): "v.patch_embd",
            ExactName(prefix + "embeddings.position_embedding"): "v.position_embd",
            ExactName(prefix + "post_layernorm"): "v.post_ln",
        ]) { $1 }
    }

    /// Whisper's encoder.
    static let whisper = blocks(
        "audio_tower.layers",
        [
            "self_attn_layer_norm": "ln1", "final_layer_norm": "ln2", "self_attn.q_proj": "attn_q",
            "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.out_proj": "attn_out",
            "fc1": "ffn_up", "fc2": "ffn_down",
        ], as: "a.blk"
    ).merging([
        "audio_tower.conv1": "a.conv1d.1", "audio_tower.conv2": "a.conv1d.2",
        "audio_tower.embed_positions": "a.position_embd", "audio_tower.layer_norm": "a.post_ln",
    ]) { $1 }

    /// The name of a tensor of one of Qwen's towers; `nil` for others.
    static func visual(_ tensor: String) -> String? {
        let name = tensor.hasUTF8Prefix("model.visual.") ? tensor.dropping(start: "model.") : tensor
        return name.hasUTF8Prefix("visual.") ? name : nil
    }

    /// The biases of Whisper's convolutions as columns, which llama.cpp adds to; other tensors as they are.
    static func column(_ name: String, _ value: TensorValue) -> TensorValue {
        guard ["conv1.bias", "conv2.bias"].contains(where: { name.containsUTF8($0) }), let view = value.view,
            let rows = view.shape.first, view.shape.count == 1
        else { return value }
        return TensorValue([view], shape: [rows, 1])
    }

    /// The rows of queries or keys in the order in which llama.cpp turns them.
    /// - Throws: where they cannot be divided among so many heads.
    static func permuted(
        _ name: String, _ value: TensorValue, _ heads: Int
    ) throws(ConversionError) -> TensorValue {
        guard let view = value.view, let rows = view.shape.first, heads > 0, rows.isMultiple(of: 2 * heads),
            let split = view.split(axis: 0, into: [heads, 2, rows / heads / 2])
        else { throw .wrongShape(name, value.shape, "whose rows are not pairs of \(heads) heads") }
        return TensorValue([split.swapped(1, 2)], shape: value.shape)
    }

    /// Without a dimension of one, as llama.cpp has convolutions along one dimension.
    /// - Throws: where it is not there.
    static func dropping(
        axis: Int, _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> TensorValue {
        guard value.shape.count == 3, value.shape[axis] == 1, case .views(let views) = value.content else {
            throw .wrongShape(name, value.shape, "which is no convolution along one dimension")
        }
        var shape = value.shape
        shape.remove(at: axis)
        return TensorValue(views, shape: shape)
    }

    /// A block of a transformer that asks a tower questions (BLIP 2's), by what stands behind its number.
    static let questions: [ExactName: String] = [
        "attention.attention.query": "self_attn_q", "attention.attention.key": "self_attn_k",
        "attention.attention.value": "self_attn_v", "attention.output.dense": "self_attn_out",
        "attention.output.LayerNorm": "self_attn_norm", "crossattention.attention.query": "cross_attn_q",
        "crossattention.attention.key": "cross_attn_k", "crossattention.attention.value": "cross_attn_v",
        "crossattention.output.dense": "cross_attn_out", "crossattention.output.LayerNorm": "cross_attn_norm",
        "intermediate_query.dense": "ffn_up", "output_query.dense": "ffn_down",
        "output_query.LayerNorm": "ffn_norm",
    ]
}
