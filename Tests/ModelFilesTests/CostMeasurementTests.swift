import Synchronization
import TestSupport
import Testing

@testable import Formats
@testable import Kernels
@testable import Manifests
@testable import ModelFiles
@testable import Storage
@testable import Tensors

/// Costs of types: the same whatever threads there are, and those of the kernels.
struct CostMeasurementTests {
    private static let types: [GGMLType] = [.q40, .q4K, .q80, .f16, .iq4XS, .q2K]

    private func model(_ random: inout SeededGenerator, columns: Int, rows: Int) throws -> [UInt8] {
        let count = columns * rows
        let bytes = (0..<count).flatMap { _ in
            ModelSample.Tensor.bytes(of: Float.random(in: -1...1, using: &random))
        }
        return try ModelSample.file([.init("blk.0.attn_q.weight", [columns, rows], .f32, bytes)])
    }

    private func measure(
        _ model: GGUFModel, _ request: CostRequest, threads: Int
    ) async throws -> [MeasuredCost] {
        let found = Found()
        try await CostMeasurement(source: model, requests: [request]).run(
            threads: threads, progress: { _ in },
            done: { _, costs in found.costs.withLock { $0 = costs } })
        return found.costs.withLock(\.self)
    }

    private final class Found: Sendable {
        let costs = Mutex<[MeasuredCost]>([])
    }

    @Test func threadsChangeNoBit() async throws {
        var random = SeededGenerator(seed: 1)
        let bytes = try model(&random, columns: 512, rows: 1500)
        let importance = (0..<512).map { _ in Float.random(in: 0...2, using: &random) }
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/m.gguf", bytes)
            let model = try GGUFModel.open(path: directory + "/m.gguf")
            for values in [[], importance] {
                let request = CostRequest(tensor: 0, types: Self.types, importance: values)
                let one = try await measure(model, request, threads: 1)
                for threads in [2, 5] {
                    #expect(try await measure(model, request, threads: threads) == one)
                }
                #expect(one.allSatisfy { ($0.relative ?? 1) > 0 && ($0.relative ?? 1) < 0.2 })
            }
        }
    }

    @Test func errorsAreThoseOfTheKernels() async throws {
        var random = SeededGenerator(seed: 2)
        let bytes = try model(&random, columns: 256, rows: 10)
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/m.gguf", bytes)
            let model = try GGUFModel.open(path: directory + "/m.gguf")
            let costs = try await measure(model, CostRequest(tensor: 0, types: Self.types), threads: 2)
            let raw = try ModelSample.bytes(model, 0)
            let none: [Float] = []
            var original = [Float](repeating: 0, count: 2560)
            var span = original.mutableSpan
            F32Format.dequantize(raw.span, into: &span)
            for (type, cost) in zip(Self.types, costs) {
                let format = try #require(type.format)
                var blocks = [UInt8](
                    repeating: 0, count: try #require(type.byteCount(dimensions: [256, 10])))
                var written = blocks.mutableSpan
                format.quantize(original.span, rowLength: 256, importance: none.span, into: &written)
                var back = [Float](repeating: 0, count: 2560)
                var restored = back.mutableSpan
                format.dequantize(blocks.span, into: &restored)
                let error = zip(original, back).reduce(0.0) {
                    $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
                }
                let energy = original.reduce(0.0) { $0 + Double($1) * Double($1) }
                #expect(abs(cost.error - error) <= 1e-12 * error)
                #expect(abs(cost.energy - energy) <= 1e-12 * energy)
            }
        }
    }

    @Test func aTypeThatCannotHoldTheNumbersHasNoRelativeError() async throws {
        let bytes = try ModelSample.file([.init("a.weight", [32, 2], from: 60_000 * 8)])
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/m.gguf", bytes.map(\.self))
            let model = try GGUFModel.open(path: directory + "/m.gguf")
            let costs = try await measure(
                model, CostRequest(tensor: 0, types: [.f16, .bf16]), threads: 1)
            #expect(costs.map { $0.relative == nil } == [true, false])
        }
    }

    @Test func textsOfCostsAreReadBack() {
        let cost = MeasuredCost(error: 0.1, energy: .infinity)
        #expect(MeasuredCost(text: cost.text) == cost)
        for text in ["", "1", "1 2 3", "x 1", "fff8000000000000 0"] {
            #expect(MeasuredCost(text: text) == nil)
        }
    }
}
