import Formats

/// The checksum that zip archives state of a file (polynomial 0xEDB88320).
package struct CRC32: Sendable {
    private static let table: [UInt32] = (0..<256).map { number in
        (0..<8).reduce(UInt32(number)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }

    private var state: UInt32 = 0xFFFF_FFFF

    /// The checksum of no bytes.
    package init() {}

    /// Feeds the next bytes.
    package mutating func update(_ bytes: Span<UInt8>) {
        var value = state
        CRC32.table.withTable { table in
            for index in bytes.indices {
                value = value >> 8 ^ table[Int((value ^ UInt32(bytes[index])) & 0xFF)]
            }
        }
        state = value
    }

    /// The checksum of all that was fed.
    package var value: UInt32 { ~state }
}

extension [UInt32] {
    fileprivate func withTable(_ body: (Span<UInt32>) -> Void) { body(span) }
}
