/// The order of bytes that suits numbers of four bytes: all first bytes, all second, all third, all fourth (Xet protocol
/// 1.1, "Byte Grouping LZ4 Compression").
enum ByteGrouping {
    /// The bytes in the order in which they were before they were grouped.
    static func ungrouped(_ bytes: [UInt8]) -> [UInt8] {
        let (whole, rest) = bytes.count.quotientAndRemainder(dividingBy: 4)
        // The first groups have the bytes that are left over.
        let starts = (0..<4).map { $0 * whole + min($0, rest) }
        return bytes.indices.map { bytes[starts[$0 & 3] + $0 >> 2] }
    }
}
