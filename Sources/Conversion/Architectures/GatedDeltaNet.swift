import Formats
import Tensors

/// The layers with a state that Qwen's models have in the place of most attention: the gated delta rule, with more heads
/// of values than of keys.
struct GatedDeltaNet: Sendable {
    private let keyHeads: Int
    private let valueHeads: Int
    private let keyLength: Int
    private let valueLength: Int
    /// How many heads of values belong to one of keys.
    private var valuesPerKey: Int { valueHeads / keyHeads }

    /// Takes the sizes from the keys `linear_*`.
    /// - Throws: where one is missing, or the heads of values cannot be given to those of keys.
    init(_ config: ModelConfig) throws(ConversionError) {
        keyHeads = try config.size("linear_num_key_heads")
        valueHeads = try config.size("linear_num_value_heads")
        keyLength = try config.size("linear_key_head_dim")
        valueLength = try config.size("linear_value_head_dim")
        guard valueHeads.isMultiple(of: keyHeads) else {
            throw ConversionError(
                .configValueWrong,
                "config.json: \(valueHeads) heads of values cannot be divided among \(keyHeads) of keys",
                fix: "check that it is the config.json of this model")
        }
        for (key, heads, length) in [
            ("linear_key_head_dim", keyHeads, keyLength), ("linear_value_head_dim", valueHeads, valueLength),
        ] where heads * length > Int(Int32.max) {
            throw .wrongValue(key, .integer(length), "a length of \(heads) heads that has 32 bits in all")
        }
    }

    /// The names of such a layer's tensors that all of Qwen's models have.
    static let names: [ExactName: String] = [
        "model.layers.*.linear_attn.conv1d": "blk.*.ssm_conv1d",
        "model.layers.*.linear_attn.dt_proj": "blk.*.ssm_dt",
        "model.layers.*.linear_attn.A_log": "blk.*.ssm_a",
        "model.layers.*.linear_attn.norm": "blk.*.ssm_norm",
        "model.layers.*.linear_attn.out_proj": "blk.*.ssm_out",
    ]

    /// What a layer of this kind must have, with norms and without the feed-forward part.
    static let required = [
        "attn_qkv", "attn_gate", "ssm_conv1d", "ssm_dt.bias", "ssm_a.", "ssm_norm", "ssm_out",
    ]

    /// Whether a block has such a layer: by `layer_types`, else all but each fourth, or what the configuration has for
    /// that.
    static func isLinear(_ config: ModelConfig, _ block: Int) -> Bool {
        if let types = config.first(["layer_types"])?.array {
            return types.indices.contains(block) && types[block].isText("linear_attention")
        }
        let interval = config.first(["full_attention_interval"])?.wholeNumber ?? 4
        return interval > 0 && !(block &+ 1).isMultiple(of: interval)
    }

    // MARK: Tensors

    /// A tensor with its heads of values in the order in which ggml repeats those of keys: the first of each head of
    /// keys, then the second of each.
    func tiled(_ name: String, _ value: TensorValue) throws(ConversionError) -> TensorValue {
        guard keyHeads != valueHeads, name.containsUTF8("linear_attn.") else { return value }
        let result: TensorValue?
        if name.containsUTF8(".in_proj_qkv.") || name.containsUTF8(".conv1d") {
            result = withTiledTail(value)
        } else if name.containsUTF8(".in_proj_z.") {
            result = tiled(value, axis: 0, valueLength)
        } else if name.containsUTF8(".out_proj.") {
            result = tiled(value, axis: 1, valueLength)
        } else if [".in_proj_a.", ".in_proj_b."].contains(where: { name.containsUTF8($0) }) {
            result = tiled(value, axis: 0, 1)
        } else if [".A_log", ".dt_bias", ".dt_proj"].contains(where: { name.containsUTF8($0) }) {
            result = tiled(value, axis: value.shape.count - 1, 1)
        } else {
            return value
        }
        guard let result else {
            throw ConversionError.wrongShape(
                name, value.shape, "which has not \(valueHeads) heads of \(valueLength) elements")
        }
        return result
    }

    private func tiled(_ value: TensorValue, axis: Int, _ length: Int) -> TensorValue? {
        guard let view = value.view.flatMap({ tiled($0, axis: axis, length) }) else { return nil }
        return TensorValue([view], shape: value.shape)
    }

    private func tiled(_ view: TensorView, axis: Int, _ length: Int) -> TensorView? {
        view.split(axis: axis, into: [keyHeads, valuesPerKey, length])?.swapped(axis, axis + 1)
    }

    /// With the rows behind those of queries and keys in the other order.
    private func withTiledTail(_ value: TensorValue) -> TensorValue? {
        let start = 2 * keyHeads * keyLength
        guard let view = value.view, let rows = view.shape.first, rows > start,
            let first = view.sliced(axis: 0, 0..<start), let rest = view.sliced(axis: 0, start..<rows),
            let second = tiled(rest, axis: 0, valueLength)
        else { return nil }
        return TensorValue([first, second], shape: value.shape)
    }

    /// The two matrices of one that has queries, keys, values and gates of a head of keys together: queries, keys and
    /// values of all heads, and the gates.
    func separated(
        _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> (inputs: TensorValue, gates: TensorValue) {
        let values = valuesPerKey * valueLength
        let lengths = [keyLength, keyLength, values, values]
        guard value.shape.count == 2, let view = value.view,
            let heads = view.split(axis: 0, into: [keyHeads, lengths.reduce(0, +)])
        else {
            throw ConversionError.wrongShape(
                name, value.shape, "which has no rows for \(keyHeads) and \(valueHeads) heads")
        }
        var (start, parts) = (0, [TensorView]())
        for length in lengths {
            if let part = heads.sliced(axis: 1, start..<start + length) { parts.append(part) }
            start += length
        }
        let width = value.shape[1]
        return (
            TensorValue(
                Array(parts.prefix(3)), shape: [keyHeads * (2 * keyLength + values), width]),
            TensorValue(Array(parts.suffix(1)), shape: [keyHeads * values, width])
        )
    }

    // MARK: Metadata

    /// Adds the sizes, which layers are of this kind, and how much of a head is rotated in the others.
    /// - Parameter blockCount: with blocks that predict more than one token ahead, which are not of this kind.
    func addParameters(
        to metadata: inout ModelMetadata, _ config: ModelConfig, blockCount: Int
    ) throws(ConversionError) {
        metadata.set(
            "ssm.conv_kernel", try ModelMetadata.count(config.integer("linear_conv_kernel_dim")))
        metadata.set("ssm.state_size", try ModelMetadata.count(keyLength))
        metadata.set("ssm.group_count", try ModelMetadata.count(keyHeads))
        metadata.set("ssm.time_step_rank", try ModelMetadata.count(valueHeads))
        metadata.set("ssm.inner_size", try ModelMetadata.count(valueLength * valueHeads))
        if let types = config.first(["layer_types"])?.array {
            let count = try config.size("num_hidden_layers")
            guard types.count == count else {
                throw ConversionError(
                    .configValueWrong,
                    "config.json: \"layer_types\" states \(types.count) layers, and the model has \(count)",
                    fix: "check that it is the config.json of this model")
            }
            let others = [Bool](repeating: false, count: max(0, blockCount - count))
            metadata.set(
                "attention.recurrent_layers", .bools(types.map { $0.isText("linear_attention") } + others))
        }
        let interval =
            config["full_attention_interval"] == nil ? 4 : try config.integer("full_attention_interval")
        metadata.set("full_attention_interval", try ModelMetadata.count(interval))
        let share = RopeParameters(config).number("partial_rotary_factor") ?? 0.25
        metadata.set(
            "rope.dimension_count", try ModelMetadata.share(share, of: config.headLength(), heads: 1))
    }
}
