import Formats
import Tensors

/// How many rows the embeddings of tokens have: llama.cpp takes as many as the file has tokens.
enum VocabularyRows {
    /// The tensors with a row for each token.
    private static let names: Set<ExactName> = [
        "token_embd.weight", "output.weight", "output.bias", "per_layer_token_embd.weight",
    ]
    private static let ends = [".nextn.embed_tokens.weight", ".nextn.shared_head_head.weight"]

    /// Compares the tensors of a file with its tokens.
    ///
    /// As many rows as config.json states are no error, whatever the tokenizer has: the reference converter pads some
    /// tokenizers to that number, and others not. A file of which it pads none is not loaded.
    /// - Parameters:
    ///   - metadata: the file's, with its tokens.
    ///   - raw: config.json.
    /// - Returns: a warning of the first tensor that has as many rows as are stated, and not as many as there are tokens.
    /// - Throws: at the first tensor that has another number of rows.
    static func findings(
        _ tensors: [HuggingFaceConversion.Tensor], _ metadata: ModelMetadata, _ raw: JSON
    ) throws(ConversionError) -> [ForeignFinding] {
        guard let count = count(metadata) else { return [] }
        var findings: [ForeignFinding] = []
        let parts =
            [raw] + ["text_config", "llm_config", "lm_config", "language_config"].compactMap { raw[$0] }
        let stated = parts.flatMap { part in
            ["vocab_size", "vocab_size_per_layer_input", "padded_vocab_size"].compactMap {
                part[$0]?.wholeNumber
            }
        }
        for tensor in tensors where isOfTokens(tensor.description.name, metadata.architecture) {
            guard let rows = tensor.value.shape.first, rows != count else { continue }
            guard stated.contains(rows) else {
                throw .wrongShape(
                    tensor.description.name, tensor.value.shape, "and the tokenizer has \(count) tokens")
            }
            guard findings.isEmpty else { continue }
            findings.append(
                ForeignFinding(
                    file: "config.json", key: "vocab_size", weight: .warning,
                    reason: "is \(rows), as many rows as \(tensor.description.name) has, and the tokenizer has "
                        + "\(count) tokens, which the reference converter does not fill up for this class: "
                        + "llama.cpp 0c1e57098 does not load the file"))
        }
        return findings
    }

    private static func isOfTokens(_ name: String, _ architecture: String) -> Bool {
        // That of Qwen 4 has a row for each group of tokens.
        if architecture == "qwen4exp", name.hasUTF8Prefix("per_layer_token_embd") { return false }
        return names.contains(name) || ends.contains { name.hasUTF8Suffix($0) }
    }

    private static func count(_ metadata: ModelMetadata) -> Int? {
        switch metadata["tokenizer.ggml.tokens"] {
        case .strings(let tokens): tokens.count
        case .byteStrings(let tokens): tokens.count
        default: nil
        }
    }
}
