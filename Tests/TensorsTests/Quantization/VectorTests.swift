import TestSupport
import Testing

@testable import Tensors

/// The reference's rows of floats with the exact bytes that ggml makes of them.
enum Vectors {
    static let rowLength = 512
    static let input = floats("input.f32")
    static let importance = floats("imatrix.f32")

    static func bytes(_ name: String) -> [UInt8] { fixture("vectors/\(name)", in: "quantization") }

    static func floats(_ name: String) -> [Float] {
        let content = bytes(name)
        return stride(from: 0, to: content.count, by: 4).map { start in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(content[start + $1]) << UInt32($1 * 8) })
        }
    }
}

extension ProcessorLevel {
    /// All that can be run here.
    static let ofThisMachine = allCases.filter { $0.rawValue <= highest.rawValue }
}

/// Converts rows with a format.
func quantized(
    _ format: any BlockFormat.Type, _ rows: [Float], rowLength: Int, importance: [Float] = []
) -> [UInt8] {
    let type = format.type
    var output = [UInt8](repeating: 0xA5, count: rows.count / type.blockLength * type.blockSize)
    var bytes = output.mutableSpan
    format.quantize(rows.span, rowLength: rowLength, importance: importance.span, into: &bytes)
    return output
}

/// Converts blocks back with a format.
func dequantized(_ format: any BlockFormat.Type, _ blocks: [UInt8]) -> [Float] {
    let type = format.type
    var output = [Float](repeating: .nan, count: blocks.count / type.blockSize * type.blockLength)
    var floats = output.mutableSpan
    format.dequantize(blocks.span, into: &floats)
    return output
}

@Suite struct VectorTests {
    /// All but those that ggml does not make from floats.
    static let types = GGMLType.allCases.filter { $0.format != nil && $0 != .f64 }

    @Test(arguments: types, ProcessorLevel.ofThisMachine)
    func givesTheReferencesBytes(_ type: GGMLType, _ level: ProcessorLevel) throws {
        let format = try #require(level.kernels.format(type))
        for (suffix, importance) in [("", []), (".im", Vectors.importance)] {
            let expected = Vectors.bytes("\(type.name)\(suffix).bin")
            // Some types cannot be made without importances.
            guard !expected.isEmpty || suffix == ".im" else { continue }
            let found = quantized(
                format, Vectors.input, rowLength: Vectors.rowLength, importance: importance)
            let size = type.blockSize
            #expect(found.count == expected.count)
            let different = stride(from: 0, to: min(found.count, expected.count), by: size).filter {
                found[$0..<$0 + size] != expected[$0..<$0 + size]
            }
            #expect(different.isEmpty, "\(type.name)\(suffix): block \((different.first ?? 0) / size)")
        }
    }
}
