import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Storage

struct CompletenessTests {
    private static let index: RelativePath = "model.safetensors.index.json"
    private static let shards: [RelativePath] = [
        "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors",
        "model-00003-of-00003.safetensors",
    ]
    private static let binIndex: RelativePath = "pytorch_model.bin.index.json"
    private static let bins: [RelativePath] = [
        "pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin",
    ]

    private func findings(
        _ paths: [RelativePath], needs: [String] = [],
        shards: [(index: RelativePath, files: [RelativePath])] = []
    ) -> [Diagnostic] {
        Completeness.findings(entry: "m", needs: needs, paths: Set(paths), shards: shards)
    }

    private func codes(
        _ paths: [RelativePath], needs: [String] = [],
        shards: [(index: RelativePath, files: [RelativePath])] = []
    ) -> [String] {
        findings(paths, needs: needs, shards: shards).map(\.code.rawValue)
    }

    // MARK: Shards

    @Test func findsTheShardThatIsMissing() throws {
        let found = findings(
            [Self.index, Self.shards[0], Self.shards[2]], shards: [(Self.index, Self.shards)])
        #expect(found.count == 1)
        let finding = try #require(found.first)
        #expect(finding.code.rawValue == "shard-missing")
        #expect(finding.severity == .error)
        #expect(finding.message == "m: shard \(Self.shards[1]) that \(Self.index) names is missing")
        #expect(finding.fix != nil)
    }

    @Test func namesTheFirstFiveOfMany() throws {
        let names = (1...100).map { RelativePath(checked: "x/s\($0)") }
        let finding = try #require(
            findings(["x/s1"], shards: [("x/model.safetensors.index.json", names)]).first)
        #expect(
            finding.message == "m: 99 of 100 shards that x/model.safetensors.index.json names are missing")
        #expect(finding.notes.count == 6)
        #expect(finding.notes.last == "… and 94 more")
    }

    @Test func isContentWithWholeSets() {
        #expect(codes([Self.index] + Self.shards, shards: [(Self.index, Self.shards)]).isEmpty)
        #expect(codes(["model.safetensors", "config.json"]).isEmpty)
        #expect(codes([]).isEmpty)
    }

    @Test func isContentWithoutASecondSetThatWasLeftOut() {
        let indexes = [(index: Self.index, files: Self.shards), (index: Self.binIndex, files: Self.bins)]
        #expect(codes([Self.index, Self.binIndex] + Self.shards, shards: indexes).isEmpty)
        #expect(codes([Self.index, Self.binIndex] + Self.bins, shards: indexes).isEmpty)
        #expect(codes([Self.binIndex, "model.safetensors"], shards: [(Self.binIndex, Self.bins)]).isEmpty)
        #expect(codes([Self.binIndex, "model-q4.gguf"], shards: [(Self.binIndex, Self.bins)]).isEmpty)
        #expect(codes([Self.binIndex, "onnx/model.onnx"], shards: [(Self.binIndex, Self.bins)]).isEmpty)
    }

    @Test func findsSetsOfWhichNothingIsThereWhereNothingElseIs() {
        let indexes = [(index: Self.index, files: Self.shards), (index: Self.binIndex, files: Self.bins)]
        #expect(codes([Self.index, Self.binIndex, "config.json"], shards: indexes) == ["shard-missing"])
        #expect(
            codes([Self.binIndex, "other/model.safetensors"], shards: [(Self.binIndex, Self.bins)]) == [
                "shard-missing"
            ])
        // The set that was begun is the one that was meant.
        let begun = findings([Self.index, Self.binIndex, Self.bins[0]], shards: indexes)
        #expect(begun.count == 1)
        #expect(begun.first?.message.contains(Self.bins[1].text) == true)
    }

    @Test func warnsOfABegunSetBesideAWholeOne() {
        let indexes = [(index: Self.index, files: Self.shards), (index: Self.binIndex, files: Self.bins)]
        let found = findings([Self.index, Self.binIndex, Self.bins[0]] + Self.shards, shards: indexes)
        #expect(found.map(\.severity) == [.warning])
    }

    @Test func findsGapsInNumberedNamesWithoutAnIndex() {
        #expect(codes(["q-00001-of-00002.gguf"]) == ["shard-missing"])
        #expect(codes(["q-00001-of-00002.gguf", "q-00002-of-00002.gguf"]).isEmpty)
        #expect(codes(["q-00000-of-00002.gguf", "q-00001-of-00002.gguf"]).isEmpty)
        #expect(codes(["q-00000-of-00002.gguf", "q-00001-of-00002.gguf", "q-00002-of-00002.gguf"]).isEmpty)
        #expect(
            codes(["a/q-00001-of-00002.gguf", "b/q-00002-of-00002.gguf"]) == [
                "shard-missing", "shard-missing",
            ])
        #expect(codes(["data/train-00000-of-00005.parquet"]).isEmpty)
        #expect(codes(["m-00001-of-99999.safetensors"]) == ["shard-missing"])
    }

    @Test func warnsOfShardsWithoutTheirIndex() {
        #expect(codes(Self.shards + ["config.json"], needs: ["config"]) == ["index-missing"])
        #expect(codes(Self.shards).isEmpty)
        #expect(codes(Self.shards + ["config.json", "model.safetensors"], needs: ["config"]).isEmpty)
        #expect(
            codes(["q-00001-of-00002.gguf", "q-00002-of-00002.gguf", "config.json"], needs: ["config"])
                .isEmpty)
    }

    // MARK: Configuration and tokenizer

    @Test func findsMissingConfigurations() throws {
        #expect(codes(["model.safetensors"], needs: ["config"]) == ["config-missing"])
        #expect(codes(["model.safetensors", "config.json"], needs: ["config"]).isEmpty)
        let found = findings(["config.json"], needs: ["config:unet"])
        #expect(found.first?.message.hasPrefix("m: unet/config.json is missing") == true)
        #expect(codes(["unet/config.json"], needs: ["config:unet"]).isEmpty)
    }

    @Test(
        arguments: [
            ["tokenizer.json"], ["vocab.txt"], ["vocab.json", "merges.txt"], ["spiece.model"],
            ["tokenizer.model"],
            ["sentencepiece.bpe.model"], ["tekken.json"], ["qwen.tiktoken"], ["tiktoken.model"],
            ["source.spm", "vocab.json"],
            ["rwkv_vocab_v20230424.txt"], ["tokenizer/tokenizer.json"], ["text_tokenizer/vocab.txt"],
            ["vocab-src.json", "merges.txt"],
        ] as [[RelativePath]])
    func knowsTokenizers(_ names: [RelativePath]) {
        #expect(codes(names, needs: ["tokenizer"]).isEmpty)
        let below = names.map { ("0_Transformer" as RelativePath).appending($0) }
        #expect(codes(below, needs: ["tokenizer:0_Transformer"]).isEmpty)
        #expect(codes(below, needs: ["tokenizer"]) == ["tokenizer-missing"])
        #expect(codes(names, needs: ["tokenizer:0_Transformer"]) == ["tokenizer-missing"])
    }

    @Test(
        arguments: [
            [], ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"], ["vocab.json"],
            ["merges.txt"],
            ["onnx/tokenizer.json"], ["a/tokenizer/tokenizer.json"], ["model.onnx"],
        ] as [[RelativePath]])
    func findsMissingTokenizers(_ names: [RelativePath]) {
        #expect(codes(names, needs: ["tokenizer"]) == ["tokenizer-missing"])
    }

    @Test func saysWhichHalfOfAVocabularyIsMissing() {
        let found = findings(["vocab.json"], needs: ["tokenizer"])
        #expect(found.first?.notes.contains { $0.contains("merges.txt is missing") } == true)
    }

    @Test func passesOverNeedsOfALaterVersion() {
        #expect(codes([], needs: ["", ":", "processor", "processor:x"]).isEmpty)
    }
}
