import TestSupport
import Testing

@testable import Conversion
@testable import Formats
@testable import Manifests
@testable import ModelFiles
@testable import Storage
@testable import Tensors

/// A quantized llama in files: what is written of it is what is written of the numbers that it stands for.
@Suite struct DequantizedCheckpointTests {
    private typealias Sample = HuggingFaceSample

    /// The configuration with a quantization.
    private func config(_ quantization: String) -> String {
        "{\"quantization_config\":\(quantization)," + Sample.config.dropFirst()
    }

    private func source(
        _ config: String, _ tensors: [HuggingFaceSample.Tensor], in directory: String
    ) throws -> ModelInputs {
        try writeFile(Path.join(directory, "model.safetensors"), Sample.safetensors(tensors))
        try writeFile(Path.join(directory, "config.json"), config)
        return try ModelInputs(Sample.inputs(directory), directoryName: "model", name: "model")
    }

    private func bytes(_ checkpoint: any Checkpoint, _ name: String, _ elements: Range<Int>) throws -> [UInt8]
    {
        let index = try #require(checkpoint.tensors.firstIndex { $0.name == name })
        var bytes = [UInt8](repeating: 0, count: elements.count * 4)
        var room = bytes.mutableSpan
        try checkpoint.read(elements, of: index, into: &room)
        return bytes
    }

    @Test func readsWhatTheNumbersStandFor() async throws {
        try await withTemporaryDirectory { directory in
            let name = "model.layers.0.mlp.up_proj.weight"
            let scales = Sample.Tensor(name + "_scale_inv", .f32, [4, 2], from: 40)
            let inputs = try source(
                config("{\"quant_method\":\"fp8\",\"weight_block_size\":[16,24]}"), Sample.llama() + [scales],
                in: directory)
            let checkpoint = inputs.checkpoint
            #expect(checkpoint.tensors.count == Sample.llama().count)
            #expect(checkpoint.tensors.filter { $0.dtype == .f32 }.map(\.name) == [name])
            let stored = try #require(Sample.llama().first { $0.name == name })
            var numbers = [Float](repeating: 0, count: 64 * 32)
            var room = numbers.mutableSpan
            stored.dtype.floats(from: stored.bytes.span, into: &room)
            let factors: [Float] = (0..<8).map { Float(40 + $0) / 8 - 4 }
            let expected = numbers.enumerated().flatMap { index, number in
                let product = number * factors[index / 32 / 16 * 2 + index % 32 / 24]
                return (0..<4).map { UInt8(truncatingIfNeeded: product.bitPattern >> (8 * $0)) }
            }
            #expect(try bytes(checkpoint, name, 0..<2048) == expected)
            #expect(try bytes(checkpoint, name, 77..<1234) == Array(expected[77 * 4..<1234 * 4]))
        }
    }

    @Test func namesTheModelWhereNothingCanBeUndone() async throws {
        try await withTemporaryDirectory { directory in
            let error = #expect(throws: Diagnostics.self) {
                _ = try source(config("{\"quant_method\":\"awq\"}"), Sample.llama(), in: directory)
            }
            #expect(error?.all.first?.code.rawValue == "quantization-unknown")
            #expect(error?.all.first?.message.hasPrefix("model: the weights are quantized by awq") == true)
        }
    }
}
