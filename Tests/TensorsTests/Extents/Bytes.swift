import Glibc
import Testing

@testable import Tensors

/// A whole number as bytes, least significant first.
func number(_ value: UInt64, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
}

func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

/// The bytes of a committed file in a folder of `fixtures/`; none if it cannot be read.
func fixture(_ name: String, in folder: String = "tensors") -> [UInt8] {
    let root = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
    guard let file = unsafe fopen("\(root)/fixtures/\(folder)/\(name)", "rb") else { return [] }
    defer { unsafe fclose(file) }
    var content: [UInt8] = []
    while case let byte = unsafe getc(file), byte != EOF { content.append(UInt8(truncatingIfNeeded: byte)) }
    return content
}

/// Finds the tensors in bytes, as if they were a file.
func tensors(
    _ name: String, _ bytes: [UInt8], smallest: Int = 1
) -> TensorFile.Reading {
    TensorFile.read(name: name, fileSize: bytes.count, smallest: smallest) { Array(bytes[$0]) }
}

/// A file that a parser has to refuse, and the place it has to name.
struct Refusal: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let offset: Int

    init(_ name: String, _ bytes: [UInt8], at offset: Int) {
        testDescription = name
        self.bytes = bytes
        self.offset = offset
    }
}

/// One to three random changes to a binary file: those of text, or a number set to one that is likely to
/// break something.
func damageNumbers(_ bytes: inout [UInt8], with random: inout SplitMix64) {
    let values: [UInt64] = [
        0, 1, 2, 3, 8, 9, 0x7F, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFE, 0xFFFF_FFFF, 0x1_0000_0000,
        .max >> 1, .max >> 1 + 1, .max - 7, .max,
    ]
    for _ in 0..<Int.random(in: 1...3, using: &random) {
        guard Int.random(in: 0..<4, using: &random) > 0, bytes.count > 8 else {
            damage(&bytes, with: &random)
            continue
        }
        let size = [1, 2, 4, 8][Int.random(in: 0..<4, using: &random)]
        let position = Int.random(in: 0...bytes.count - size, using: &random)
        let old = littleEndian(bytes.span, position..<position + size)
        let near = old &+ UInt64.random(in: 0...64, using: &random) &- 32
        let value = Bool.random(using: &random) ? near : values.randomElement(using: &random) ?? 0
        for index in 0..<size {
            bytes[position + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
        }
    }
}
