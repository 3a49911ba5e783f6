import Formats
import Tensors

/// What does the work of a ``PlainFamily``.
struct PlainParts: Sendable {
    /// The model.
    let model: HuggingFaceModel
    /// The configuration.
    var config: ModelConfig { model.config }
    /// The heads whose rows are put into GGUF's order; `nil` where they are in it.
    fileprivate let heads: RotaryHeads?
    fileprivate var experts: [ExpertStacks]
}

/// How a family stores experts one by one.
struct StoredExperts: Sendable {
    /// The keys of the configuration that state how many there are, the first that is there counting.
    var keys = ["num_local_experts", "num_experts"]
    /// What stands between a block's number and an expert's.
    var path = "mlp.experts"
    /// An expert's matrices in the order in which they are written, with their names in GGUF.
    var matrices = [
        (part: "down_proj", inGGUF: "ffn_down_exps"), (part: "gate_proj", inGGUF: "ffn_gate_exps"),
        (part: "up_proj", inGGUF: "ffn_up_exps"),
    ]
    /// How many of the experts that are stated share one of these.
    var share = 1

    /// The usual matrices in the order in which an expert computes.
    static let inOrder = StoredExperts(
        matrices: [
            (part: "gate_proj", inGGUF: "ffn_gate_exps"), (part: "up_proj", inGGUF: "ffn_up_exps"),
            (part: "down_proj", inGGUF: "ffn_down_exps"),
        ])
}

/// A family whose tensors get other names, whose experts are stacked and whose queries and keys may be interleaved: all
/// else that it does not state itself is done here, with a BPE for its tokenizer.
protocol PlainFamily: ModelArchitecture {
    /// What its tensors are called in GGUF.
    static var names: TensorNames { get }
    /// How its experts are stored, of each kind; none where a model has none.
    static func storedExperts(_ config: ModelConfig) -> [StoredExperts]
    /// Whether a half of each head's rows turns against the other in the checkpoint.
    static var hasHalvedHeads: Bool { get }
    /// What does the work.
    var parts: PlainParts { get set }
    /// Takes what does the work.
    init(parts: PlainParts)
}

extension PlainFamily {
    static var modelTypes: [String] { [] }
    static var hasHalvedHeads: Bool { false }
    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] { [] }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        var experts: [ExpertStacks] = []
        for stored in Self.storedExperts(model.config) {
            guard let stated = model.config.first(stored.keys) else { throw ModelConfig.missing(stored.keys) }
            guard let count = stated.integer, count >= stored.share, count <= Int(Int32.max) else {
                let key = stored.keys.first { model.config[$0] != nil } ?? stored.keys[0]
                throw .wrongValue(key, stated, "a whole number of at least \(stored.share)")
            }
            experts.append(
                ExpertStacks(
                    count: count / stored.share, parts: stored.matrices.map(\.part), path: stored.path))
        }
        self.init(
            parts: PlainParts(
                model: model, heads: Self.hasHalvedHeads ? try RotaryHeads(model.config) : nil,
                experts: experts))
    }

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        var names = names
        for stored in storedExperts(config) {
            let count = config.first(stored.keys)?.wholeNumber.map { $0 / stored.share }
            names = names.storingExperts(
                "model.layers.*.\(stored.path)", count: count,
                stored.matrices.map { (".\($0.part)", $0.inGGUF) })
        }
        return names.spellings
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try converted(name, value)
    }

    /// What becomes of a tensor that needs nothing of the family's own.
    mutating func converted(
        _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> [ConvertedTensor] {
        for place in parts.experts.indices {
            guard let stacks = try parts.experts[place].add(name, value) else { continue }
            var converted: [ConvertedTensor] = []
            for stack in stacks {
                converted.append(try Self.names.renamed(stack.name, stack.value, self.name))
            }
            return converted
        }
        return [try Self.names.renamed(name, try parts.heads?.interleaved(name, value) ?? value, self.name)]
    }

    func finish() throws(ConversionError) { try finishExperts() }

    /// Looks at what is left of experts.
    /// - Throws: where a stack is not whole.
    func finishExperts() throws(ConversionError) {
        for stacks in parts.experts { try stacks.finish() }
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    /// The configuration.
    var config: ModelConfig { parts.config }
}

extension Vocabulary {
    /// Adds a SentencePiece model if there is one, and a BPE otherwise.
    func addSentencePieceOrBPE(to metadata: inout ModelMetadata) throws(ConversionError) {
        if hasSentencePiece { try addSentencePiece(to: &metadata) } else { try addBPE(to: &metadata) }
    }
}

extension ModelMetadata {
    /// Adds how many elements of a head are rotated, all of them.
    mutating func addWholeHeads(_ config: ModelConfig) throws(ConversionError) {
        set("rope.dimension_count", try Self.count(config.headLength()))
    }

    /// Adds a truth value.
    /// - Throws: where the key is missing or not one.
    mutating func addNeededFlag(_ key: String, _ config: ModelConfig, _ name: String) throws(ConversionError)
    {
        guard let value = config.boolIfPresent(name) else { throw ModelConfig.missing([name]) }
        set(key, .bool(value))
    }

    /// Adds a number.
    /// - Throws: where the key is missing or not one.
    mutating func addNeededFloat(_ key: String, _ config: ModelConfig, _ name: String) throws(ConversionError)
    {
        set(key, .float32(Float(try config.number(name))))
    }

    /// Adds which layers have a window, as `layer_types` states it.
    /// - Throws: where there is no such list.
    mutating func addWindows(_ config: ModelConfig) throws(ConversionError) {
        guard let types = config["layer_types"]?.array else { throw ModelConfig.missing(["layer_types"]) }
        set("attention.sliding_window_pattern", .bools(types.map { $0.isText("sliding_attention") }))
    }

    /// Adds what the gates of every block's experts are bounded by.
    /// - Parameter keys: for which experts: those that are chosen, and those that all tokens share.
    mutating func addGateLimit(_ limit: Double, blockCount: Int, _ keys: [String] = ["exp", "shexp"]) {
        let limits = [Float](repeating: Float(limit), count: min(blockCount, 1 << 16))
        for key in keys { set("swiglu_clamp_\(key)", .float32s(limits)) }
    }

    /// Adds the product of two numbers, such as the feed-forward length of a few experts as one.
    /// - Throws: where it has more than 32 bits or is less than 0.
    mutating func addProduct(_ key: String, _ first: Int, _ second: Int) throws(ConversionError) {
        let (product, overflow) = first.multipliedReportingOverflow(by: second)
        set(key, try Self.count(overflow ? Int.max : product))
    }
}

extension RequiredTensors {
    /// Blocks of Llama's kind with more, of which the first have dense layers and the others experts.
    /// - Parameters:
    ///   - attention: what all blocks have.
    ///   - dense: how many blocks have no experts.
    ///   - experts: what a block with experts has beside its stacks.
    static func mixed(
        _ attention: [String], dense: Int, experts: [String], whole: [String] = embeddings
    ) -> RequiredTensors {
        RequiredTensors(whole) { block in
            attention + (block < dense ? RequiredTensors.dense : RequiredTensors.experts + experts)
        }
    }

    /// The norms of every head's queries and keys.
    static let headNorms = ["attn_q_norm", "attn_k_norm"]
}
