import Formats
import Tensors

/// A Qwen 3 that ranks documents: it answers yes or no, and only the two rows of its head are of use that make
/// these answers.
struct QwenReranker: Sendable {
    /// Whether the head is the embeddings.
    let isTied: Bool
    private let yes: Int
    private let no: Int

    /// - Returns: `nil` for other models: what it is shows in names and in the model card alone.
    init?(_ model: HuggingFaceModel) throws(ConversionError) {
        let titles = ["# qwen3-reranker", "# qwen3-vl-reranker"]
        let card = model.files.text("README.md")?.lowercased() ?? ""
        let hints = [model.directoryName, model.config.stringIfPresent("_name_or_path") ?? ""]
        guard
            titles.contains(where: { card.containsUTF8($0) })
                || hints.contains(where: { hint in
                    ["qwen3-reranker", "qwen3-vl-reranker"].contains { hint.lowercased().containsUTF8($0) }
                })
        else { return nil }
        isTied = model.config.isTied
        yes = try Self.token("yes", model.files)
        no = try Self.token("no", model.files)
    }

    private static func token(_ text: String, _ files: ModelDocuments) throws(ConversionError) -> Int {
        let tokenizer = try files.json("tokenizer.json")
        let added = tokenizer?["added_tokens"]?.array?.first {
            $0["content"]?.string?.hasSameBytes(as: text) == true
        }
        guard let id = added?["id"]?.integer ?? tokenizer?["model"]?["vocab"]?[text]?.integer, id >= 0,
            id < Int(Int32.max)
        else {
            throw ConversionError(
                .tokenMissing, "tokenizer.json has no token \"\(text)\", with which a reranker answers",
                fix: "check that it is the tokenizer.json of this model")
        }
        return id
    }

    /// Whether a tensor has the rows.
    func isHead(_ name: String) -> Bool { name.containsUTF8(isTied ? "embed_tokens" : "lm_head") }

    /// The rows of yes and no.
    func classifier(_ name: String, _ value: TensorValue) throws(ConversionError) -> ConvertedTensor {
        guard value.shape.count == 2, let view = value.view,
            let first = view.sliced(axis: 0, yes..<yes + 1), let second = view.sliced(axis: 0, no..<no + 1)
        else {
            throw ConversionError.wrongShape(name, value.shape, "which has no rows \(yes) and \(no)")
        }
        return ConvertedTensor(
            "cls.output.weight", TensorValue([first, second], shape: [2, value.shape[1]]))
    }

    /// Adds how its answers are to be read, and what to ask.
    func addParameters(to metadata: inout ModelMetadata) {
        // llama.h, `LLAMA_POOLING_TYPE_RANK`.
        metadata.set("pooling_type", .uint32(4))
        metadata.set("classifier.output_labels", .strings(["yes", "no"]))
        metadata["tokenizer.chat_template.rerank"] = .string(Self.prompt)
        metadata["tokenizer.chat_templates"] = .strings(["rerank"])
    }

    /// What the model card of Qwen3-Reranker asks it.
    private static let prompt = """
        <|im_start|>system
        Judge whether the Document meets the requirements based on the Query and the Instruct provided. Note that \
        the answer can only be "yes" or "no".<|im_end|>
        <|im_start|>user
        <Instruct>: Given a web search query, retrieve relevant passages that answer the query
        <Query>: {query}
        <Document>: {document}<|im_end|>
        <|im_start|>assistant
        <think>

        </think>


        """
}
