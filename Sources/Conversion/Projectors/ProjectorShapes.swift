import Formats
import Tensors

/// The shapes that tensors of a projector must have. llama.cpp takes them as they are (tools/mtmd/clip.cpp, 2026-11), and
/// fails when a picture comes, or computes with what is beside them.
///
/// Shapes are as a checkpoint has them, outermost dimension first; a dimension that is not known is `nil`.
struct ProjectorShapes: Sendable {
    private var numbers: [ExactName: Int] = [:]
    /// What kind of projector it is; where pictures and sound have one each, that of each.
    private var types: [ExactName: ExactName] = [:]

    /// Takes the sizes from a projector's keys.
    init(_ keys: ModelMetadata) {
        for item in keys.items {
            let key = item.key.dropping(start: "clip.")
            switch item.value {
            case .uint32(let number): numbers[ExactName(key)] = Int(number)
            case .string(let text): types[ExactName(key)] = ExactName(text)
            default: continue
            }
        }
    }

    /// Looks at all tensors.
    /// - Throws: at the first one that is of another shape than the keys, or than those that it is computed with.
    func check(_ tensors: [(name: String, shape: [Int])]) throws(ConversionError) {
        let shapes = Dictionary(tensors.map { (ExactName($0.name), $0.shape) }) { first, _ in first }
        for (name, shape) in tensors {
            if let wanted = self[name], let reason = PlanLimits.difference(shape, wanted) {
                throw .wrongShape(name, shape, reason)
            }
            try checkBias(name, shape, shapes)
            try checkInput(name, shape, shapes)
        }
    }

    /// The shape of a tensor; `nil` where nothing is known of it.
    subscript(name: String) -> [Int?]? {
        let isVision = name.hasUTF8Prefix("v.")
        guard isVision || name.hasUTF8Prefix("a.") else { return merger(name) }
        let tower = isVision ? "vision" : "audio"
        let base = String(decoding: name.utf8.dropFirst(2), as: UTF8.self)
        if base.hasUTF8Prefix("blk."), let block = ProjectorNames.starred(base) {
            return self.block(block.key.dropping(start: "blk.*."), tower)
        }
        if base.hasUTF8Prefix("deepstack."), base.hasUTF8Suffix(".fc2.weight") { return [output, nil] }
        let width = number(tower, "embedding_length")
        let type = type(of: tower)
        switch base {
        case "patch_embd.weight", "patch_embd.weight.1":
            let side = LoaderSizes.times(number(tower, "patch_size"), type == "gemma4uv" ? 3 : 1)
            return Self.linear.contains(type)
                ? [width, LoaderSizes.times(3, LoaderSizes.times(side, side))] : [width, 3, side, side]
        case "patch_embd.bias", "pre_ln.weight", "pre_ln.bias", "post_ln.weight", "post_ln.bias",
            "norm_embd.weight":
            return [width]
        case _ where Self.conformers.contains(type): return nil
        case "conv1d.1.weight": return [width, number(tower, "num_mel_bins"), 3]
        case "conv1d.2.weight": return [width, width, 3]
        case "conv1d.1.bias", "conv1d.2.bias": return [width, 1]
        case "conv2d.1.weight": return [nil, 1, 3, 3]
        case "conv2d.2.weight", "conv2d.3.weight": return [nil, nil, 3, 3]
        case "conv_out.weight": return [width, nil]
        default: return nil
        }
    }

    /// What a tensor of a block has, by its name without the block.
    private func block(_ base: String, _ tower: String) -> [Int?]? {
        let width = number(tower, "embedding_length")
        let heads = number(tower, "attention.head_count")
        let length = width.flatMap { width in heads.flatMap { $0 > 0 ? width / $0 : nil } }
        let keys = number(tower, "attention.head_count_kv").map { LoaderSizes.times($0, length) } ?? width
        // These have another width there than their configuration states.
        let isOther = ["qwen2vl_merger", "glm4v", "deepseekocr", "deepseekocr2", "lfm2a"].contains(
            type(of: tower))
        let inner = isOther ? nil : number(tower, "feed_forward_length")
        switch base {
        case "attn_q.weight": return [width, width]
        case "attn_out.weight": return [width, width]
        case "attn_k.weight", "attn_v.weight": return [keys, width]
        case "attn_qkv.weight": return [LoaderSizes.sum(width, keys, keys), width]
        case "ffn_up.weight", "ffn_gate.weight": return [inner, width]
        case "ffn_down.weight": return [width, inner]
        case "ln1.weight", "ln2.weight", "ls1.weight", "ls2.weight", "attn_post_norm.weight",
            "ffn_post_norm.weight":
            return [width]
        case "attn_q_norm.weight", "attn_k_norm.weight": return [nil]
        default: return nil
        }
    }

    /// Those that cut a picture into patches with a matrix, not with a convolution.
    private static let linear: Set<ExactName> = ["llama4", "youtuvl", "gemma4uv"]
    /// Those that look at sound as at a picture first.
    private static let conformers: Set<ExactName> = ["gemma4a", "gemma3na", "lfm2a", "granite_speech"]

    private func type(of tower: String) -> ExactName {
        types[ExactName("\(tower).projector_type")] ?? types["projector_type"] ?? ""
    }

    // MARK: Between tower and text

    /// The length of an embedding of the part for text.
    private var output: Int? { number("vision", "projection_dim") ?? number("audio", "projection_dim") }

    /// What stands behind the tower: the last layer has a row for each element of an embedding, the first takes what a
    /// few patches have.
    private func merger(_ name: String) -> [Int?]? {
        let type = type(of: name.hasUTF8Prefix("mm.a.") ? "audio" : "vision")
        let isLast =
            switch name {
            case "mm.2.weight": type != "hunyuanvl"
            case "mm.1.weight": type == "janus_pro"
            case "mm.a.mlp.2.weight": type != "meralion"
            case "mm.down.weight", "mm.model.fc.weight", "mm.model.mlp.3.weight", "mm.a.fc.weight",
                "mm.a.mlp.3.weight":
                true
            default: false
            }
        if name.hasSameBytes(as: "mm.input_projection.weight") {
            let width = number("vision", "embedding_length")
            return type == "gemma3" ? [width, output] : [output, width]
        }
        let input = firstLayer.map { name.hasSameBytes(as: $0) } == true ? patches : nil
        return isLast || input != nil ? [isLast ? output : nil, input] : nil
    }

    /// The layer that takes a few patches at once.
    private var firstLayer: String? {
        switch type(of: "vision") {
        case "qwen2vl_merger", "qwen2.5vl_merger", "qwen3vl_merger", "exaone4_5", "dots_ocr", "ling3vl",
            "qwen2.5o":
            "mm.0.weight"
        case "kimivl", "kimik25", "paddleocr", "lfm2": "mm.1.weight"
        case "internvl", "llama4": "mm.model.mlp.1.weight"
        case "idefics3": "mm.model.fc.weight"
        default: nil
        }
    }

    /// How many elements the patches have that become one: those of a square, of two along a side where no key says.
    private var patches: Int? {
        let side = number("vision", "spatial_merge_size") ?? number("vision", "projector.scale_factor") ?? 2
        return LoaderSizes.times(number("vision", "embedding_length"), LoaderSizes.times(side, side))
    }

    private func number(_ tower: String, _ key: String) -> Int? { numbers["\(tower).\(key)"] }

    // MARK: With one another

    /// A bias has a number for each row, or for each element of a norm.
    private func checkBias(
        _ name: String, _ shape: [Int], _ shapes: [ExactName: [Int]]
    ) throws(ConversionError) {
        guard let base = name.dropping(".bias"), shape.count == 1, let weight = shapes[base + ".weight"],
            weight.first != shape[0]
        else { return }
        throw .wrongShape(name, shape, "and \"\(base).weight\" has \(weight)")
    }

    /// A layer takes what the one before it makes.
    private func checkInput(
        _ name: String, _ shape: [Int], _ shapes: [ExactName: [Int]]
    ) throws(ConversionError) {
        guard let base = name.dropping(".weight"), shape.count == 2 else { return }
        for (before, after) in Self.pairs where base.hasUTF8Suffix(after) {
            // With a layer between them they are no neighbours.
            if after.hasSameBytes(as: "mm.2"), shapes["mm.1.weight"] != nil { continue }
            let start = String(decoding: base.utf8.dropLast(after.utf8.count), as: UTF8.self)
            let other = "\(start)\(before).weight"
            guard let rows = shapes[ExactName(other)], rows.count == 2, rows[0] != shape[1],
                !Self.halving.contains(type(of: "audio"))
            else { continue }
            throw .wrongShape(name, shape, "and \"\(other)\" has \(rows)")
        }
    }

    /// Layers of which the second takes what the first makes.
    private static let pairs = [
        ("ffn_up", "ffn_down"), ("ffn_gate", "ffn_down"), ("mm.up", "mm.down"), ("mm.gate", "mm.down"),
        ("mm.0", "mm.2"), ("mm.model.mlp.1", "mm.model.mlp.3"), ("mm.a.mlp.1", "mm.a.mlp.2"),
        ("mm.model.mlp.1", "mm.model.mlp.2"), ("mm.model.mlp.2", "mm.model.fc"), (".fc1", ".fc2"),
        (".lin1", ".lin2"),
    ]
    /// Those whose first layer has gates and values, of which half as many come out.
    private static let halving: Set<ExactName> = ["ultravox"]
}
