import Formats
package import Tensors

/// What a tensor does in a model, as coarsely as the choice of types asks.
package enum TensorRole {
    /// Both ends of the model.
    case tokenEmbedding, output
    /// The other matrices of attention.
    case attentionQuery, attentionKey, attentionOutput
    /// Values, or anything that values are a part of: they suffer most from few bits.
    case attentionValue
    /// The matrices of the feed-forward part, with experts or without.
    case feedForwardUp, feedForwardGate, feedForwardDown
    /// Whatever no word names: it gets the type of the mixture's base.
    case other
}

extension TensorDescription {
    /// The role, by the words in the name: the first of the list that occurs decides.
    package var role: TensorRole {
        if isOutput { return .output }
        if isTokenEmbedding { return .tokenEmbedding }
        return Self.roles.first { name.containsUTF8($0.word) }?.role ?? .other
    }

    private static let roles: [(word: String, role: TensorRole)] = [
        ("attn_qkv.weight", .attentionValue), ("attn_kv_b.weight", .attentionValue),
        ("attn_v.weight", .attentionValue), ("attn_k.weight", .attentionKey),
        ("attn_q.weight", .attentionQuery), ("attn_output.weight", .attentionOutput),
        ("ffn_up", .feedForwardUp), ("ffn_gate", .feedForwardGate), ("ffn_down", .feedForwardDown),
    ]

    /// Whether it makes the scores of the next token.
    var isOutput: Bool { name.hasSameBytes(as: "output.weight") }

    /// Whether it is a table of token embeddings.
    var isTokenEmbedding: Bool {
        name.hasSameBytes(as: "token_embd.weight") || isPerLayerTokenEmbedding
    }

    /// Whether it is the large table of embeddings for every layer.
    var isPerLayerTokenEmbedding: Bool { name.hasSameBytes(as: "per_layer_token_embd.weight") }

    /// The number of the block in a name as `blk.7.attn_q.weight`; `nil` where it has none. The number is read
    /// as C's `sscanf` reads `blk.%d`: blanks and a sign may stand before it, anything after it.
    var blockNumber: Int? {
        var rest = name.utf8[...]
        guard rest.starts(with: "blk.".utf8) else { return nil }
        rest = rest.dropFirst(4).drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard !digits.isEmpty else { return nil }
        // Nobody has more blocks; more digits would only sort in another way.
        let number = digits.reduce(0) { min($0 * 10 + Int($1 - UInt8(ascii: "0")), Int(Int32.max)) }
        return isNegative ? -number : number
    }

    /// The number of dimensions without those at the end that are 1; at least 1.
    var dimensionCount: Int { max(1, (dimensions.lastIndex { $0 > 1 } ?? 0) + 1) }

    /// The length of a row.
    package var columns: Int { dimensions.first ?? 1 }

    /// The number of experts, or of whatever matrices are behind one another.
    package var matrices: Int { dimensions.count > 2 ? dimensions[2] : 1 }
}

/// The places of tensors in llama-quantize's order: by block, those without one first, and by the names' bytes.
func outputOrder(of tensors: [TensorDescription]) -> [Int] {
    let blocks = tensors.map { $0.blockNumber ?? -1 }
    return tensors.indices.sorted { left, right in
        if blocks[left] != blocks[right] { return blocks[left] < blocks[right] }
        return tensors[left].name.precedesByBytes(tensors[right].name)
    }
}
