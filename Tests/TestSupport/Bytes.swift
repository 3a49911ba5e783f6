import Formats
import Glibc
import Testing

/// A whole number as bytes, least significant first.
package func number(_ value: UInt64, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
}

package func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

/// The bytes of a committed file in a folder of `fixtures/`; none if it cannot be read.
package func fixture(_ name: String, in folder: String = "tensors") -> [UInt8] {
    let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
    guard let file = unsafe fopen("\(root)/fixtures/\(folder)/\(name)", "rb") else { return [] }
    defer { unsafe fclose(file) }
    var content: [UInt8] = []
    while case let byte = unsafe getc(file), byte != EOF { content.append(UInt8(truncatingIfNeeded: byte)) }
    return content
}

/// A file that a parser has to refuse, and the place it has to name.
package struct Refusal: Sendable, CustomTestStringConvertible {
    package let testDescription: String
    package let bytes: [UInt8]
    package let offset: Int

    package init(_ name: String, _ bytes: [UInt8], at offset: Int) {
        testDescription = name
        self.bytes = bytes
        self.offset = offset
    }
}

/// One to three random changes to a binary file: those of text, or a number set to one that is likely to
/// break something.
package func damageNumbers(_ bytes: inout [UInt8], with random: inout SeededGenerator) {
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

/// One to three random changes: a bit flipped, a range removed, doubled or cut off, a hostile word put in.
package func damage(_ bytes: inout [UInt8], with random: inout SeededGenerator) {
    let words = [
        "9223372036854775807", "18446744073709551615", "-1", "-0", "1e999", "\"", "\\ud800", "[[[[", "{", "0",
        ",", "null", "\u{0}", "\u{E9}",
    ]
    for _ in 0..<Int.random(in: 1...3, using: &random) {
        guard !bytes.isEmpty else { return }
        let position = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, position + Int.random(in: 1...16, using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[position] = UInt8.random(in: 0...255, using: &random)
        case 2: bytes.removeSubrange(position..<end)
        case 3: bytes.insert(contentsOf: bytes[position..<end], at: position)
        case 4: bytes.removeSubrange(position...)
        default:
            bytes.insert(contentsOf: Array((words.randomElement(using: &random) ?? "").utf8), at: position)
        }
    }
}

/// A `.npy` file with the given dictionary, version and elements.
package func npy(_ text: String, version: UInt8 = 1, data: Int = 0) -> [UInt8] {
    let text = Array(text.utf8)
    let length = number(UInt64(text.count), version == 1 ? 2 : 4)
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + text + zeros(data)
}
