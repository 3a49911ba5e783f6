/// A cursor over a message of protocol buffers (protobuf.dev/programming-guides/encoding), of which no byte is
/// trusted: every length is checked before anything is read or kept.
package struct ProtobufReader {
    /// What a field holds; the cases are the wire types.
    package enum Value {
        /// A number of variable length.
        case varint(UInt64)
        /// Eight bytes, least significant first.
        case fixed64(UInt64)
        /// Bytes: a string, a message or packed numbers, by where they are in the file.
        case bytes(Range<Int>)
        /// Four bytes, least significant first.
        case fixed32(UInt32)
    }

    /// One field of a message.
    package struct Field {
        /// The number in the message's definition.
        package let number: UInt64
        /// The content.
        package let value: Value
        /// Where the field begins.
        package let offset: Int
    }

    private let path: String
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    /// Reads a file.
    /// - Parameter path: what errors call it.
    package init(_ bytes: [UInt8], path: String) {
        self.init(bytes, path: path, range: bytes.indices)
    }

    private init(_ bytes: [UInt8], path: String, range: Range<Int>) {
        self.bytes = bytes
        self.path = path
        position = range.lowerBound
        end = range.upperBound
    }

    /// A cursor over a message inside, of which a field told the place.
    package func message(_ range: Range<Int>) -> ProtobufReader {
        ProtobufReader(bytes, path: path, range: range.clamped(to: bytes.indices))
    }

    /// The bytes of a field.
    package func content(_ range: Range<Int>) -> ArraySlice<UInt8> { bytes[range.clamped(to: bytes.indices)] }

    /// Reads the next field; `nil` at the end of the message.
    /// - Throws: where the message is cut short, or what stands there is no field.
    package mutating func next() throws(ConversionError) -> Field? {
        guard position < end else { return nil }
        let offset = position
        let tag = try varint()
        let number = tag >> 3
        guard number > 0 else { throw error("a field has the number 0", at: offset) }
        let value: Value
        switch tag & 7 {
        case 0: value = .varint(try varint())
        case 1: value = .fixed64(try fixed(8))
        case 2:
            let length = try varint()
            guard let count = Int(exactly: length), count <= end - position else {
                throw error("a field of \(length) bytes goes past the end of its message", at: offset)
            }
            value = .bytes(position..<position + count)
            position += count
        case 5: value = .fixed32(UInt32(truncatingIfNeeded: try fixed(4)))
        default: throw error("a field has the wire type \(tag & 7), which is not in use", at: offset)
        }
        return Field(number: number, value: value, offset: offset)
    }

    /// An error that reports the file and the place.
    package func error(_ reason: String, at offset: Int) -> ConversionError {
        ConversionError(
            .protobufBroken, "\(path) is broken: \(reason) (byte \(offset))",
            fix: "delete the file and download it again")
    }

    private mutating func varint() throws(ConversionError) -> UInt64 {
        let start = position
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 70, by: 7) {
            guard position < end else { throw error("a number is cut short", at: start) }
            let byte = bytes[position]
            position += 1
            if shift == 63, byte > 1 { break }
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw error("a number has more than 64 bits", at: start)
    }

    private mutating func fixed(_ count: Int) throws(ConversionError) -> UInt64 {
        guard count <= end - position else { throw error("a number is cut short", at: position) }
        var value: UInt64 = 0
        for index in (0..<count).reversed() { value = value << 8 | UInt64(bytes[position + index]) }
        position += count
        return value
    }
}
