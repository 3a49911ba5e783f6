import TestSupport
import Testing

@testable import Conversion
@testable import Formats
@testable import Manifests
@testable import ModelFiles
@testable import Storage
@testable import Tensors

/// Random damage to a model's header: a plan, or an error that states what is wrong, never a trap.
@Suite(.tags(.fuzz), .series) struct QuantizerFuzzTests {
    @Test(arguments: 0..<10 as Range<UInt64>)
    func damagedModelsNeverTrap(seed: UInt64) async throws {
        let original = try ModelSample.file(
            [
                .init("token_embd.weight", [32, 2]), .init("blk.0.attn_v.weight", [32, 4]),
                .init("blk.0.ffn_down_exps.weight", [32, 2, 3]), .init("output_norm.weight", [32]),
            ],
            items: [
                ("general.architecture", .string("llama")), ("llama.block_count", .uint32(2)),
                ("llama.attention.head_count", .uint32s([4, 4])), ("llama.expert_count", .uint32(3)),
                ("general.file_type", .uint32(0)), ("tokens", .strings(["a\0b", "c"])),
                ("general.alignment", .uint32(32)),
            ])
        var random = SeededGenerator(seed: seed)
        try await withTemporaryDirectory { directory in
            for _ in 0..<100 {
                // What is behind the header is zeros and floats, where nothing breaks.
                let bytes = mutated(Array(original.prefix(700)), with: &random) + original.dropFirst(700)
                try writeFile(directory + "/m.gguf", bytes)
                for name in ["Q4_K_M", "COPY"] {
                    do {
                        let model = try GGUFModel.open(path: directory + "/m.gguf")
                        let type = try QuantizationType(named: name)
                        var request = Quantizer.Request(
                            output: directory + "/out.gguf", options: QuantizationOptions(type: type))
                        request.division = .size(300)
                        _ = try Quantizer(request, model: model)
                    } catch let error as Diagnostics {
                        #expect(!error.all.isEmpty)
                    }
                }
            }
        }
    }
}
