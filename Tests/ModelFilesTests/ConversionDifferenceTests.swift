import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFiles
@testable import Tensors

/// Numbers that count up.
private struct CountingNumbers: OriginalNumbers {
    let tensors: [OriginalTensor]

    func changes(of index: Int) -> [MergedAdapter.Numbers] { [] }

    func read(
        _ elements: Range<Int>, of index: Int, scratch: inout [UInt8], into output: inout MutableSpan<Float>
    ) {
        for (place, element) in elements.enumerated() { output[place] = Float(element) / 8 }
    }
}

@Suite struct ConversionDifferenceTests {
    /// Compares a tensor of 9,600 numbers with the same of a file in which rows have another length.
    private func compare(unit: Int, _ type: GGMLType, rowLength: Int) async throws -> ConversionDifference {
        let count = 9600
        let original = CountingNumbers(tensors: [
            OriginalTensor(name: "a", count: count, unit: unit, isNumeric: true)
        ])
        let size = count / type.blockLength * type.blockSize
        let made: ModelSample.Tensor = .init(
            "a", [rowLength, count / rowLength], type, [UInt8](repeating: 0, count: size))
        let file = ServedBytes(
            name: "m.gguf",
            content: try ModelSample.file([made], items: [("general.architecture", .string("llama"))]))
        let path = RelativePath(checked: "m.gguf")
        return try await ConversionDifference(
            [ConvertedFile(path: path, isBeside: false, original: original)], of: "m", opening: { _ in file },
            progress: { _ in })
    }

    @Test func rowsOfAnotherLengthThanBlocksAreNotCompared() async throws {
        let difference = try await compare(unit: 100, .q80, rowLength: 32)
        #expect(difference.results.isEmpty)
        #expect(difference.notCompared == ["a"])
    }

    @Test func rowsOfWholeBlocksAreCompared() async throws {
        let difference = try await compare(unit: 96, .q80, rowLength: 32)
        #expect(difference.results.map(\.name) == ["a"])
        #expect(difference.notCompared.isEmpty)
    }
}

/// A file in memory.
private struct ServedBytes: WeightFile {
    let name: String
    let content: [UInt8]
    var size: Int { content.count }

    func read(into room: inout MutableSpan<UInt8>, at offset: Int) throws {
        for place in room.indices { room[place] = content[offset + place] }
    }
}
