/// The checksum that zip archives state of a file (polynomial 0xEDB88320).
package struct CRC32: Sendable {
    /// Eight tables of 256 numbers: table N has what a byte does that N bytes follow, so that eight bytes are taken at once.
    private static let tables: [UInt32] = {
        var tables = (0..<256).map { number in
            (0..<8).reduce(UInt32(number)) { value, _ in
                value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
            }
        }
        for index in 256..<8 * 256 {
            let before = tables[index - 256]
            tables.append(before >> 8 ^ tables[Int(before & 0xFF)])
        }
        return tables
    }()

    private var state: UInt32 = 0xFFFF_FFFF

    /// The checksum of no bytes.
    package init() {}

    /// Feeds the next bytes.
    package mutating func update(_ bytes: Span<UInt8>) {
        let tables = CRC32.tables
        state = CRC32.value(state, bytes, tables.span)
    }

    private static func value(_ start: UInt32, _ bytes: Span<UInt8>, _ tables: Span<UInt32>) -> UInt32 {
        var value = start
        var index = 0
        while index &+ 8 <= bytes.count {
            let part = bytes.extracting(index..<index &+ 8)
            let first =
                value
                ^ (UInt32(part[0]) | UInt32(part[1]) << 8 | UInt32(part[2]) << 16 | UInt32(part[3]) << 24)
            value =
                tables[0x700 | Int(first & 0xFF)] ^ tables[0x600 | Int(first >> 8 & 0xFF)]
                ^ tables[0x500 | Int(first >> 16 & 0xFF)] ^ tables[0x400 | Int(first >> 24)]
                ^ tables[0x300 | Int(part[4])] ^ tables[0x200 | Int(part[5])]
                ^ tables[0x100 | Int(part[6])] ^ tables[Int(part[7])]
            index &+= 8
        }
        while index < bytes.count {
            value = value >> 8 ^ tables[Int((value ^ UInt32(bytes[index])) & 0xFF)]
            index &+= 1
        }
        return value
    }

    /// The checksum of all that was fed.
    package var value: UInt32 { ~state }
}
