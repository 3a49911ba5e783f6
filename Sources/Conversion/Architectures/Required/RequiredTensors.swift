import Formats
import Tensors

/// The tensors that a model of a family must have, by their names in GGUF: those without which llama.cpp does not load
/// it (`create_tensor` without `TENSOR_NOT_REQUIRED` in src/models of 2026-11), and what the configuration asks for.
///
/// A name has no ".weight"; with "+" at its end it stands for a weight and a bias, and with ".bias" for that alone.
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

    /// What is not there.
    /// - Parameters:
    ///   - names: the names of the tensors that are there, in GGUF.
    ///   - blockCount: how many blocks the configuration states.
    /// - Returns: names in GGUF, in the order of the blocks.
    func missing(from names: Set<ExactName>, blockCount: Int) -> [String] {
        func isThere(_ name: String) -> Bool { names.contains(name) }
        func expanded(_ name: String, _ prefix: String) -> [String] {
            if name.hasUTF8Suffix(".bias") { return [prefix + name] }
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
            for name in self.block(block) {
                var name = name
                if isFused, ["attn_q", "attn_k", "attn_v"].contains(name) { continue }
                if isFused, ["attn_q+", "attn_k+", "attn_v+"].contains(name) { name = "attn_qkv+" }
                for own in expanded(name, prefix) where !isThere(own) && missing.last != own {
                    missing.append(own)
                }
            }
        }
        return missing
    }

    /// Whether the configuration states in so many words that the last layer is a tensor of its own. What it leaves out
    /// is no such word: the defaults of transformers' classes differ.
    static func hasOwnOutput(_ config: ModelConfig) -> Bool {
        let isGenerating = ["ForCausalLM", "ForConditionalGeneration", "LMHeadModel"].contains {
            config.architecture.hasUTF8Suffix($0)
        }
        return isGenerating
            && (config.raw["tie_word_embeddings"] ?? config.raw["text_config"]?["tie_word_embeddings"])
                == false
    }
}
