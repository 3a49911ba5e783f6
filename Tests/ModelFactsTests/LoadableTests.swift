import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Tensors

private let weights = safetensors([("w", .f32, [2, 3])])
private let llama = text(#"{"model_type":"llama","vocab_size":32}"#)

/// The codes of what is missing where some files of a directory were chosen.
private func codes(_ all: [(String, [UInt8])], choosing isChosen: (String) -> Bool) async throws -> [String] {
    try await withTemporaryModel(all) { files in
        let chosen = files.filter { isChosen($0.path.text) }
        let facts = ModelFacts.read(chosen, of: ModelRevision(files: files, listed: []))
        return Completeness.findings(
            entry: "m", needs: facts.needs, paths: Set(chosen.map(\.path)), shards: facts.shards,
            requirements: facts.requirements, lacks: facts.lacks
        ).filter { $0.severity == .error }.map(\.code.rawValue)
    }
}

/// Whether an entry can be loaded by what is in it.
struct LoadableTests {
    private static let model: [(String, [UInt8])] = [
        ("config.json", llama), ("tokenizer.json", text("{}")), ("tokenizer_config.json", text("{}")),
        ("model.safetensors", weights), ("README.md", text("# m")),
    ]

    @Test func isAModelWithWeightsConfigurationAndTokenizer() async throws {
        #expect(try await codes(Self.model) { _ in true }.isEmpty)
        #expect(try await codes(Self.model) { $0 != "README.md" }.isEmpty)
    }

    @Test func isNoneWithATokenizerAlone() async throws {
        #expect(try await codes(Self.model) { $0 != "model.safetensors" } == ["weights-missing"])
        #expect(try await codes(Self.model) { $0.hasPrefix("tokenizer") } == ["weights-missing"])
    }

    @Test func isNoneWithWeightsAlone() async throws {
        let found = try await codes(Self.model) { $0.hasSuffix(".safetensors") }
        #expect(found == ["config-missing", "tokenizer-missing"])
    }

    @Test func isNoneWithShardsAlone() async throws {
        let names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
        let index = text(#"{"weight_map":{"a":"\#(names[0])","b":"\#(names[1])"}}"#)
        let all =
            Self.model.filter { $0.0 != "model.safetensors" } + names.map { ($0, weights) }
            + [("model.safetensors.index.json", index)]
        #expect(try await codes(all) { _ in true }.isEmpty)
        #expect(try await codes(all) { $0 != "model.safetensors.index.json" } == ["index-missing"])
        #expect(
            try await codes(all) { $0.hasSuffix(".safetensors") } == [
                "index-missing", "config-missing", "tokenizer-missing",
            ])
    }

    @Test func isNoneWithoutTheOnlyWeights() async throws {
        let all =
            Self.model.filter { $0.0 != "model.safetensors" }
            + [("pytorch_model.bin", [0x50, 0x4B, 3, 4] + text("archive/data.pkl"))]
        #expect(try await codes(all) { _ in true }.isEmpty)
        #expect(try await codes(all) { !$0.hasSuffix(".bin") } == ["weights-missing"])
    }

    @Test func isNoneWithWheels() async throws {
        let wheel: [UInt8] = [0x50, 0x4B, 3, 4] + text("numpy/__init__.py")
        let all = [("numpy-2.4.6-cp312-cp312-manylinux_2_27_x86_64.whl", wheel)]
        #expect(try await codes(all) { _ in true } == ["weights-missing"])
    }

    @Test func isNoneWithTrainingStateAlone() async throws {
        let pickle: [UInt8] = [0x80, 4] + text("x")
        let all = [("training_args.bin", pickle), ("optimizer.pt", pickle), ("config.json", llama)]
        #expect(try await codes(all) { _ in true } == ["weights-missing"])
    }

    @Test(arguments: [
        ("model.engine", [UInt8](repeating: 7, count: 20)), ("model.bin", [6, 0, 0, 0]),
        ("model.txt", Array("tree\nversion=v4\n".utf8)),
        ("booster.json", Array(#"{"learner": {"x":1}}"#.utf8)),
        ("model.cbm", Array("CBM1".utf8)), ("net.npz", [0x50, 0x4B, 3, 4]), ("m.onnx", [8, 7]),
        ("model.gguf", Array("GGUF".utf8)), ("weights.pt", [0x80, 2, 0x4B]),
    ])
    func isOneInOtherFormats(_ name: String, _ bytes: [UInt8]) async throws {
        #expect(try await codes([(name, bytes)]) { _ in true }.isEmpty)
    }

    @Test(arguments: [
        ("model.bin", Array("not the file".utf8)), ("notes.txt", Array("trees\n".utf8)),
        ("data.json", Array(#"{"rows":[]}"#.utf8)), ("data.parquet", Array("PAR1".utf8)),
        ("tokenizer.model", [10, 14, 10, 5]), ("model.engine", []),
        ("model.onnx_data", [1, 2, 3]), ("code.py", Array("x".utf8)),
    ])
    func isNoneWithOtherFiles(_ name: String, _ bytes: [UInt8]) async throws {
        #expect(try await codes([(name, bytes)]) { _ in true } == ["weights-missing"])
    }

    @Test func asksForMistralsOwnConfiguration() async throws {
        let all = [
            ("consolidated.safetensors", weights), ("params.json", text("{}")), ("tekken.json", text("{}")),
        ]
        #expect(try await codes(all) { _ in true }.isEmpty)
        #expect(try await codes(all) { $0 != "params.json" } == ["config-missing"])
    }

    @Test func asksForTheConfigurationBesideWeightsInADirectory() async throws {
        let all = [("a/model.safetensors", weights), ("a/config.json", llama), ("b/w.safetensors", weights)]
        #expect(try await codes(all) { _ in true }.isEmpty)
        #expect(try await codes(all) { $0 != "a/config.json" } == ["config-missing"])
    }
}
