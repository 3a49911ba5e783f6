import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFiles
@testable import Storage
@testable import Tensors

/// Numbers that look random, with a few that are large.
private func numbers(_ count: Int) -> [Float] {
    (0..<count).map { Float(($0 * 7919) % 1009) / 100 - 5 + ($0 % 97 == 0 ? 20 : 0) }
}

private func bytes(_ numbers: [Float]) -> [UInt8] { numbers.flatMap(ModelSample.Tensor.bytes) }

private func converted(
    _ numbers: [Float], _ dimensions: [Int], to type: GGMLType, importance: [Float] = []
) throws -> (bytes: [UInt8], fault: TensorConverter.Fault?) {
    let tensor = TensorDescription(name: "t", dimensions: dimensions, type: .f32)
    var output = [UInt8](repeating: 0, count: numbers.count / type.blockLength * type.blockSize)
    var span = output.mutableSpan
    var converter = TensorConverter()
    let input = bytes(numbers)
    let fault = try converter.convert(
        input.span, of: tensor, to: type, importance: importance.span, into: &span)
    return (output, fault)
}

@Suite struct TensorConverterTests {
    @Test func convertsPartsAsTheWhole() throws {
        // Rows that are longer than what goes through the floats at a time.
        let input = numbers(2 * 40_960)
        let format = try #require(GGMLType.q4K.format)
        var expected = [UInt8](repeating: 0, count: input.count / 256 * 144)
        var span = expected.mutableSpan
        format.quantize(input.span, rowLength: 40_960, importance: Span(), into: &span)
        let found = try converted(input, [40_960, 2], to: .q4K)
        #expect(found.fault == nil)
        #expect(found.bytes == expected)
    }

    @Test func givesEveryRowItsImportance() throws {
        let input = numbers(3 * 512)
        let importance = (0..<512).map { Float($0 % 13) }
        let format = try #require(GGMLType.q4K.format)
        var expected: [UInt8] = []
        for row in 0..<3 {
            var part = [UInt8](repeating: 0, count: 2 * 144)
            var span = part.mutableSpan
            format.quantize(
                input.span.extracting(row * 512..<row * 512 + 512), rowLength: 512,
                importance: importance.span, into: &span)
            expected += part
        }
        #expect(try converted(input, [512, 3], to: .q4K, importance: importance).bytes == expected)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity]) func findsNumbersThatAreNone(value: Float) throws {
        var input = numbers(50_000)
        input[40_001] = value
        input[49_999] = .nan
        let fault = try #require(try converted(input, [500, 100], to: .bf16).fault)
        #expect(fault.element == 40_001)
        guard case .source(let found) = fault.problem else { throw FormatError("another problem", at: 0) }
        #expect(found.bitPattern == value.bitPattern)
    }

    @Test func findsNumbersThatTheTypeCannotHold() throws {
        var input = numbers(64)
        input[33] = 65_520
        #expect(
            try converted(input, [64], to: .f16).fault == .init(element: 33, problem: .result(.f16, 65_520)))
        input[33] = 65_519
        #expect(try converted(input, [64], to: .f16).fault == nil)
    }

    @Test func looksAtWhatIsCopied() {
        var input = numbers(40)
        #expect(TensorConverter.check(bytes(input).span, of: .f32) == nil)
        input[39] = -.infinity
        #expect(
            TensorConverter.check(bytes(input).span, of: .f32) == .init(element: 39, problem: .copied(.f32)))
        let half: [UInt8] = [0, 0, 0x01, 0x7C, 0, 0xFC]
        #expect(TensorConverter.check(half.span, of: .f16) == .init(element: 1, problem: .copied(.f16)))
        #expect(TensorConverter.check(half.span, of: .bf16) == nil)
        #expect(TensorConverter.check(half.span, of: .i16) == nil)
    }
}
