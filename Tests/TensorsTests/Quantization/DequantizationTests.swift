import TestSupport
import Testing

@testable import Storage
@testable import Tensors

/// What `dequantized.sha256` states of the vectors: a digest of floats for each file.
@Suite struct DequantizationTests {
    static let digests: [String: String] = {
        var digests: [String: String] = [:]
        let text = String(decoding: fixture("dequantized.sha256", in: "quantization"), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2 else { continue }
            digests[String(words[1])] = String(words[0])
        }
        return digests
    }()

    @Test(
        arguments: VectorTests.types.filter { digests["\($0.name).im"] != nil }, ProcessorLevel.ofThisMachine)
    func givesTheReferencesFloats(_ type: GGMLType, _ level: ProcessorLevel) throws {
        let format = try #require(level.kernels.format(type))
        for name in [type.name, "\(type.name).im"] {
            guard let expected = Self.digests[name] else { continue }
            let floats = dequantized(format, Vectors.bytes("\(name).bin"))
            #expect(try digest(floats) == expected, "\(name)")
        }
    }

    /// The SHA-256 of floats as little-endian bytes.
    private func digest(_ floats: [Float]) throws -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(floats.count * 4)
        for float in floats {
            for byte in 0..<4 {
                bytes.append(UInt8(truncatingIfNeeded: float.bitPattern >> UInt32(8 * byte)))
            }
        }
        return try ContentHasher.sha256(bytes.span).hex
    }
}
