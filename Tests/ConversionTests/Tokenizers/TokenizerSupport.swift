import Glibc

@testable import Conversion
@testable import Formats
@testable import Tensors

/// The names in a directory, sorted; none if there is no such directory.
func directory(_ path: String) -> [String] {
    guard let directory = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
}

/// The files of a model that a conversion reads.
func modelFiles(_ path: String) throws -> ModelDocuments {
    var files = ModelDocuments()
    for name in directory(path) {
        let inner = directory("\(path)/\(name)").map { "\(name)/\($0)" }
        for file in ([name] + inner).map({ RelativePath(checked: $0) }) where ModelDocuments.isWanted(file) {
            files[file] = fileContents("\(path)/\(file)")
        }
    }
    return files
}

/// The items of a tokenizer, `general.architecture` first, as its model's family adds them.
/// - Parameter kind: which kind it is; `nil` for the usual one of the architecture.
func tokenizerMetadata(
    _ files: ModelDocuments, pre: String?, kind: String? = nil
) throws -> ModelMetadata {
    let config = try ModelConfig(files.json("config.json") ?? .object([]))
    let vocabulary = Vocabulary(files: files, config: config.json, preTokenizer: pre, sha256: sha256)
    var metadata = ModelMetadata(architecture: "test")
    switch kind ?? config.architecture {
    case "BertModel": try vocabulary.addWordPiece(to: &metadata)
    case "RobertaModel":
        try vocabulary.addBPE(to: &metadata)
        metadata["tokenizer.ggml.token_type_count"] = try vocabulary.tokenTypeCount()
    case "XLMRobertaModel": try vocabulary.addUnigram(to: &metadata)
    case "Phi3ForCausalLM": try vocabulary.addPhi3SentencePiece(to: &metadata)
    case "InternLM2ForCausalLM": try vocabulary.addInternLM2(to: &metadata)
    case "InternLM3ForCausalLM": try vocabulary.addInternLM3(to: &metadata)
    case "GemmaForCausalLM":
        try vocabulary.addSentencePiece(to: &metadata)
        metadata["tokenizer.ggml.eot_token_id"] = .uint32(107)
        metadata["tokenizer.ggml.add_space_prefix"] = .bool(false)
    case "Gemma2ForCausalLM", "Gemma3ForCausalLM":
        try vocabulary.addSentencePiece(to: &metadata)
        metadata["tokenizer.ggml.add_space_prefix"] = .bool(false)
    case "Glm4ForCausalLM":
        try vocabulary.addBPE(
            to: &metadata,
            special: [
                ("eos", "<|endoftext|>"), ("eot", "<|user|>"), ("unk", "<|endoftext|>"),
                ("bos", "<|endoftext|>"),
            ])
    case "tekken": try vocabulary.addTekken(to: &metadata)
    default:
        if config.architecture == "LlamaForCausalLM",
            let adds = try files.json("tokenizer_config.json")?["add_prefix_space"]?.bool
        {
            metadata["tokenizer.ggml.add_space_prefix"] = .bool(adds)
        }
        if vocabulary.hasSentencePiece {
            try vocabulary.addSentencePiece(to: &metadata)
        } else if vocabulary.isByteFallbackBPE {
            try vocabulary.addByteFallbackBPE(to: &metadata)
        } else {
            try vocabulary.addBPE(to: &metadata)
        }
    }
    return metadata
}
