import Glibc
import TestSupport
import Testing

@testable import Formats
@testable import Tokenizers

/// The ids and names that the reference found for whole models, in the folder that `KNAPSACK_ORACLE` names.
@Suite(.tags(.oracle), .needsOracle) struct TokenizerOracleTests {
    private static let folder = Oracle.folder

    private static let models = [
        "models/Tiny-Llama3-1M-Instruct-v0.2", "models/gemma", "models/gemma3", "models/gpt2",
        "models/llama-gqa",
        "models/llama-odd288", "models/mixtral", "models/phi3", "models/qwen2", "models/qwen2moe",
        "models/qwen3",
        "models/roberta", "tokenizers/gpt2-real", "tokenizers/llama3-real", "tokenizers/minilm-real",
        "tokenizers/qwen2-real",
    ]

    @Test(arguments: models) func givesTheProbeTheSameIDs(model: String) throws {
        let folder = try #require(Self.folder)
        var files = ModelDocuments()
        for name in ["tokenizer.json", "tokenizer_config.json", "config.json"] as [RelativePath] {
            files[name] = fileContents("\(folder)/\(model)/\(name)")
        }
        let name = try #require(model.split(separator: "/").last)
        let expected = try JSON.parse(fileContents("\(folder)/expected/\(name)/pretokenizer.json"))
        let encoder = try TokenizerEncoder(files: files, config: try files.json("config.json") ?? .object([]))
        let ids = try encoder.encode(PreTokenizer.probe)
        #expect(ids == expected["ids"]?.array?.compactMap { $0.integer })
        #expect(try PreTokenizer.hash(ids, sha256: sha256) == expected["chkhsh"]?.string)
    }

    @Test(
        arguments: [
            ("gpt2-real", "gpt-2"), ("llama3-real", "llama-bpe"), ("minilm-real", "jina-v2-en"),
            ("qwen2-real", "qwen2"),
        ])
    func namesTheRealOnes(model: String, name: String) throws {
        let folder = try #require(Self.folder)
        var files = ModelDocuments()
        for file in ["tokenizer.json", "tokenizer_config.json"] as [RelativePath] {
            files[file] = fileContents("\(folder)/tokenizers/\(model)/\(file)")
        }
        #expect(try PreTokenizer.identify(files: files, config: .object([]), sha256: sha256) == name)
    }
}
