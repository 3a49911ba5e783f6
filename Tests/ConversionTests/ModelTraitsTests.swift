import Testing

@testable import Conversion
@testable import Tensors

@Suite struct ModelTraitsTests {
    private func file(
        _ architecture: String = "llama", _ numbers: [String: UInt32] = [:], blocks: UInt32 = 8
    ) -> GGUFBytes {
        var file = GGUFBytes()
        file.item("general.architecture", architecture)
        file.item("\(architecture).block_count", blocks)
        for (key, value) in numbers.sorted(by: { $0.key < $1.key }) {
            file.item("\(architecture).\(key)", value)
        }
        return file
    }

    @Test func readsNumbers() throws {
        let numbers: [String: UInt32] = [
            "attention.head_count": 32, "attention.head_count_kv": 8, "expert_count": 4,
            "nextn_predict_layers": 1,
        ]
        #expect(
            try traits(file("qwen3", numbers).header)
                == ModelTraits(
                    architecture: "qwen3", blockCount: 8, predictionBlockCount: 1, headCount: 32,
                    keyValueHeadCount: 8, expertCount: 4))
        let alone = try traits(file("llama", ["attention.head_count": 32]).header)
        #expect(alone.keyValueHeadCount == 32)
        #expect(alone.headsPerKeyValueHead == 1)
    }

    @Test func takesTheFirstBlocksOfArrays() throws {
        var file = file()
        file.array("llama.attention.head_count", .int32, [24, 32, 32].map { number($0, 4) })
        file.array("llama.attention.head_count_kv", .uint32, [0, 8, 8].map { number($0, 4) })
        let traits = try traits(file.header)
        #expect(traits.headCount == 24)
        #expect(traits.keyValueHeadCount == 0)
        #expect(traits.headsPerKeyValueHead == 0)
    }

    @Test func overridesChangeTheTraits() throws {
        let overrides = try [
            "llama.expert_count=int:8", "llama.expert_count=int:4", "llama.block_count=str:9",
        ]
        .map { text throws(QuantizationError) in try MetadataOverride(text) }
        let traits = try traits(file().header, overrides: overrides)
        #expect(traits.expertCount == 8)
        #expect(traits.blockCount == 8)
        let heads = [MetadataOverride(key: "llama.attention.head_count", value: .int(16))]
        #expect(try ConversionTests.traits(file().header, overrides: heads).headCount == 0)
        let file16 = file("llama", ["attention.head_count": 8])
        #expect(try ConversionTests.traits(file16.header, overrides: heads).headCount == 16)
        let other = [MetadataOverride(key: "general.architecture", value: .string("qwen2"))]
        #expect(throws: QuantizationError.self) {
            try ConversionTests.traits(file().header, overrides: other)
        }
    }

    @Test func someArchitecturesHaveMoreBlocksThanTensors() throws {
        let loops = try traits(file("nanbeige", ["num_loops": 3]).header)
        #expect(loops.blockCount == 24)
        let router = try traits(file("graniteswitch").header)
        #expect(router.blockCount == 9)
        #expect(router.predictionBlockCount == 1)
    }

    @Test func visionTowersHaveNoBlocks() throws {
        var file = GGUFBytes()
        file.item("general.architecture", "clip")
        #expect(try traits(file.header) == ModelTraits(architecture: "clip", blockCount: 0))
    }

    @Test func refusesWhatCannotBe() {
        var files = [
            GGUFBytes(), file("llama", blocks: .max), file("llama", ["nextn_predict_layers": 9]),
            file("nanbeige", ["num_loops": .max]),
        ]
        var negative = file()
        negative.item("llama.expert_count", .int32, number(Int32(-8), 4))
        var text = file()
        text.item("llama.expert_count", "8")
        var missing = GGUFBytes()
        missing.item("general.architecture", "llama")
        var most = GGUFBytes()
        most.item("general.architecture", "graniteswitch")
        most.item("graniteswitch.block_count", .uint64, number(Int.max, 8))
        files += [negative, text, missing, most]
        for file in files { #expect(throws: QuantizationError.self) { try traits(file.header) } }
    }

    @Test func knowsTheModelsWhoseHeadsShareValues() {
        func shares(_ architecture: String, _ blocks: Int, _ heads: Int = 8, experts: Int = 0) -> Bool {
            ModelTraits(
                architecture: architecture, blockCount: blocks, headCount: heads, keyValueHeadCount: 8,
                expertCount: experts
            ).hasSharedValues
        }
        #expect(shares("llama", 80, 64))
        #expect(!shares("llama", 80, 8))
        #expect(!shares("llama", 80, 64, experts: 8))
        #expect(!shares("llama", 32, 64))
        #expect(shares("qwen2", 80))
        #expect(shares("jais2", 68))
        #expect(!shares("qwen3", 80, 64))
    }
}
