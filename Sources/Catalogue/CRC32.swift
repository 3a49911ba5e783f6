/// The checksum that zip archives state of a file (polynomial 0xEDB88320).
package struct CRC32: Sendable {
    /// Eight tables of 256 numbers: table N has what a byte does that N bytes follow, so that eight bytes are taken at once.
    private static let tables: [UInt32] = {
        var tables: [UInt32] = []
        for number: UInt32 in 0..<256 {
            var value = number
            for _ in 0..<8 {
                let half: UInt32 = value >> 1
                value = value & 1 == 1 ? half ^ 0xEDB8_8320 : half
            }
            tables.append(value)
        }
        for index in 256..<2048 {
            let before: UInt32 = tables[index - 256]
            let low: UInt32 = tables[Int(before & 0xFF)]
            tables.append(before >> 8 ^ low)
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
            var next: UInt32 = 0
            for place in 0..<4 {
                let byte = UInt32(part[place]) ^ (value >> UInt32(8 &* place) & 0xFF)
                next ^= tables[(7 &- place) << 8 | Int(byte)]
            }
            for place in 4..<8 { next ^= tables[(7 &- place) << 8 | Int(part[place])] }
            value = next
            index &+= 8
        }
        while index < bytes.count {
            let byte = (value ^ UInt32(bytes[index])) & 0xFF
            value = value >> 8 ^ tables[Int(byte)]
            index &+= 1
        }
        return value
    }

    /// The checksum of all that was fed.
    package var value: UInt32 { ~state }
}
