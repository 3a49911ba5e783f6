import Formats
import Tensors

/// The tensors that a model of a family must have, by their names in GGUF: those without which llama.cpp does not load
/// it (`create_tensor` without `TENSOR_NOT_REQUIRED` in src/models of 2026-11), and what the configuration asks for.
///
/// A name has no ".weight"; with "+" at its end it stands for a weight and a bias, with ".bias" or ".scale" for that
/// alone, and with "." for a tensor whose name has neither.
package struct RequiredTensors: Sendable {
    /// Those that a model has once.
    var whole: [String]
    /// Those of a block, by its number.
    var block: @Sendable (Int) -> [String]

    /// Makes a list that is the same for every block.
    init(_ whole: [String], block: [String]) {
        self.whole = whole
        self.block = { _ in block }
    }

    /// Makes a list.
    init(_ whole: [String], block: @escaping @Sendable (Int) -> [String]) {
        self.whole = whole
        self.block = block
    }

    // MARK: What many families have

    /// A block's attention with queries, keys and values apart.
    static let attention = ["attn_q", "attn_k", "attn_v", "attn_output"]
    /// A block's feed-forward part with a gate, where there are no experts.
    static let dense = ["ffn_gate", "ffn_up", "ffn_down"]
    /// A block's router, and its experts as stacks of matrices.
    static let experts = ["ffn_gate_inp", "ffn_gate_exps", "ffn_up_exps", "ffn_down_exps"]
    /// The experts of a block that see every token.
    static let sharedExperts = ["ffn_gate_shexp", "ffn_up_shexp", "ffn_down_shexp"]
    /// What a block has beside that predicts more than one token ahead.
    static let prediction = [
        "nextn.eh_proj", "nextn.embed_tokens", "nextn.enorm", "nextn.hnorm", "nextn.shared_head_head",
        "nextn.shared_head_norm",
    ]
    /// What stands before and behind all blocks; the output may be the token embeddings, so that it is not
    /// asked for.
    static let embeddings = ["token_embd", "output_norm"]
    /// A block of Llama's kind, without what follows attention.
    static let llama = ["attn_norm", "ffn_norm"] + attention
    /// A block of Llama's kind.
    static let denseLlama = RequiredTensors(embeddings, block: llama + dense)
    /// A block in which every layer has a bias, of GPT-2's kind.
    static let biased = ["attn_norm+", "attn_qkv+", "attn_output+", "ffn_norm+", "ffn_down+", "ffn_up+"]

    /// The same with biases for these of a block's layers.
    func withBiases(_ layers: [String]) -> RequiredTensors {
        guard !layers.isEmpty else { return self }
        let block = block
        return RequiredTensors(whole) { number in block(number).map { layers.contains($0) ? $0 + "+" : $0 } }
    }

    // MARK: The check

    /// A configuration may claim any number of blocks: more than so many missing tensors are not counted.
    private static let maximumCount = 4_096

    /// What is not there: of what a model must have, and of what another block of the same kind has, since a class
    /// makes all of them alike.
    /// - Parameters:
    ///   - names: the names of the tensors that are there, in GGUF.
    ///   - blockCount: how many blocks the configuration states.
    /// - Returns: names in GGUF, in the order of the blocks.
    func missing(from names: Set<ExactName>, blockCount: Int) -> [String] {
        missing(blockCount, alike(names, blockCount)) { names.contains($0) }
    }

    /// What is not there.
    /// - Parameters:
    ///   - blockCount: how many blocks the configuration states.
    ///   - isThere: whether a tensor is there, by its name in GGUF.
    /// - Returns: names in GGUF, in the order of the blocks.
    func missing(_ blockCount: Int, isThere: (String) -> Bool) -> [String] {
        missing(blockCount, [:], isThere: isThere)
    }

    /// What the blocks of a kind have, by the list of what they must have: names without the block.
    private func alike(_ names: Set<ExactName>, _ blockCount: Int) -> [ExactName: Set<ExactName>] {
        var kinds: [Int: [String]] = [:]
        var alike: [ExactName: Set<ExactName>] = [:]
        for name in names where name.text.hasUTF8Prefix("blk.") {
            // Factors that are 1 are left out of a GGUF.
            if Self.factors.contains(where: { name.text.hasUTF8Suffix($0) }) { continue }
            guard let block = TensorNames.block(of: name.text), block < blockCount else { continue }
            let kind = kinds[block] ?? self.block(block)
            kinds[block] = kind
            let own = name.text.split(separator: ".", omittingEmptySubsequences: false).dropFirst(2)
            alike[Self.key(kind), default: []].insert(ExactName(own.joined(separator: ".")))
        }
        return alike
    }

    private static let factors = [".scale", ".input_scale"]
    private static func key(_ kind: [String]) -> ExactName { ExactName(kind.joined(separator: " ")) }

    private func missing(
        _ blockCount: Int, _ alike: [ExactName: Set<ExactName>], isThere: (String) -> Bool
    ) -> [String] {
        func expanded(_ name: String, _ prefix: String) -> [String] {
            if name.hasUTF8Suffix(".") { return ["\(prefix)\(name.dropLast())"] }
            if [".bias", ".scale"].contains(where: { name.hasUTF8Suffix($0) }) { return [prefix + name] }
            guard name.hasUTF8Suffix("+") else { return ["\(prefix)\(name).weight"] }
            let base = "\(prefix)\(name.dropLast())"
            return ["\(base).weight", "\(base).bias"]
        }
        var missing = whole.flatMap { expanded($0, "") }.filter { !isThere($0) }
        for block in 0..<blockCount {
            if missing.count >= Self.maximumCount { break }
            let prefix = "blk.\(block)."
            // The three may be one tensor.
            let isFused = isThere("\(prefix)attn_qkv.weight")
            let kind = self.block(block)
            var own: Set<ExactName> = []
            for name in kind {
                var name = name
                if isFused, ["attn_q", "attn_k", "attn_v"].contains(name) { continue }
                if isFused, ["attn_q+", "attn_k+", "attn_v+"].contains(name) { name = "attn_qkv+" }
                for name in expanded(name, prefix)
                where !isThere(name) && own.insert(ExactName(name)).inserted {
                    missing.append(name)
                }
            }
            for name in (alike[Self.key(kind)] ?? []).sorted().map({ prefix + $0.text })
            where !isThere(name) && own.insert(ExactName(name)).inserted {
                missing.append(name)
            }
        }
        return missing
    }

    /// Whether the last layer is a tensor of its own: where the configuration states so in so many words, and where
    /// llama.cpp takes no file without it, unless the configuration states that it is the embeddings. What is left out
    /// is no such word for the other families: the defaults of transformers' classes differ.
    static func hasOwnOutput(_ config: ModelConfig, _ family: any ModelArchitecture.Type) -> Bool {
        // The models' own class has one always, and ties it to nothing.
        if config.architecture.hasUTF8Prefix("ChatGLM") { return true }
        let isGenerating = ["ForCausalLM", "ForConditionalGeneration", "LMHeadModel"].contains {
            config.architecture.hasUTF8Suffix($0)
        }
        guard isGenerating else { return false }
        let stated = config.raw["tie_word_embeddings"] ?? config.raw["text_config"]?["tie_word_embeddings"]
        if let stated { return !stated.isTruthy }
        return Self.needingOutput.contains { $0 == family }
    }

    /// The families whose last layer is not `TENSOR_NOT_REQUIRED` in src/models of llama.cpp of 2026-11.
    private static let needingOutput: [any ModelArchitecture.Type] = [
        Qwen2Moe.self, Phi2.self, Olmo2.self, StableLM.self, GPTNeoX.self, GptOss.self, InternLM2.self,
        Orion.self, Mellum.self, Dots1.self, Dbrx.self, BailingMoe.self, MiniMaxM3.self, ExaoneMoe.self,
        Apertus.self, Xverse.self, Maple.self, Talkie.self, Jais.self,
    ]
}
