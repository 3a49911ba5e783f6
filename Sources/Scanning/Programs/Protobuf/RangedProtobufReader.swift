import Formats

/// Reads the wire format of protocol buffers field by field, without keeping what is stepped over.
struct RangedProtobufReader<Failure: Error> {
    /// Returns the bytes of a range of the file; fewer if it is cut short.
    typealias Read = (Range<Int>) throws(Failure) -> [UInt8]

    /// One field: what its key and its length say.
    struct Field {
        /// The field's number in its message, 1 to 536,870,911.
        let number: Int
        /// Where the content of a field of bytes, text or a message is stored; empty for a number.
        let content: Range<Int>
        /// The number; 0 for a field with content.
        let value: UInt64
    }

    /// The deepest message in messages.
    static var maximumDepth: Int { 48 }
    private static var windowLength: Int { 1 << 16 }

    private let size: Int
    private var position = 0
    private var window: [UInt8] = []
    private var windowStart = 0
    /// How many messages are open.
    private(set) var depth = 0

    /// Takes the length of the file in bytes; no range may go past it.
    init(size: Int) { self.size = size }

    /// Hands over every field of the message that fills a range.
    mutating func message(
        _ range: Range<Int>, _ read: Read,
        _ body: (inout RangedProtobufReader, Field) throws(ReadingStop<Failure>) -> Void
    ) throws(ReadingStop<Failure>) {
        guard depth < Self.maximumDepth else {
            throw malformed("messages are nested too deeply", range.lowerBound)
        }
        depth += 1
        defer { depth -= 1 }
        position = range.lowerBound
        while position < range.upperBound {
            let start = position
            let key = try varint(range.upperBound, read)
            let number = Int(truncatingIfNeeded: key >> 3)
            guard key >> 3 <= 0x1FFF_FFFF, number > 0 else { throw malformed("a field has no number", start) }
            var field = Field(number: number, content: position..<position, value: 0)
            switch key & 7 {
            case 0:
                field = Field(
                    number: number, content: position..<position, value: try varint(range.upperBound, read))
            case 1: position += 8
            case 2:
                let length = try varint(range.upperBound, read)
                guard length <= UInt64(range.upperBound - position) else {
                    throw malformed("a field of \(length) bytes passes the end of its message", start)
                }
                field = Field(number: number, content: position..<position + Int(length), value: 0)
                position += Int(length)
            case 5: position += 4
            default: throw malformed("a field is of a kind that is not in use", start)
            }
            guard position <= range.upperBound else {
                throw malformed("a field passes the end of its message", start)
            }
            let next = position
            try body(&self, field)
            position = next
        }
    }

    /// The text of a field, of at most 4,096 bytes; bytes that are no UTF-8 become U+FFFD.
    mutating func text(_ field: Field, _ read: Read) throws(ReadingStop<Failure>) -> String {
        String(decoding: try bytes(field.content, limit: 4096, read), as: UTF8.self)
    }

    /// The bytes of a range.
    func bytes(
        _ range: Range<Int>, limit: Int, _ read: Read
    ) throws(ReadingStop<Failure>) -> [UInt8] {
        guard range.count <= limit else {
            throw malformed("a text has \(range.count) bytes, more than \(limit)", range.lowerBound)
        }
        return try RangedReader<Failure>(fileSize: size).bytes(range, read)
    }

    private mutating func varint(_ end: Int, _ read: Read) throws(ReadingStop<Failure>) -> UInt64 {
        var value: UInt64 = 0
        let start = position
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < end else { throw malformed("a number is cut short", start) }
            let byte = try self.byte(read)
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        throw malformed("a number has more than 64 bits", start)
    }

    private mutating func byte(_ read: Read) throws(ReadingStop<Failure>) -> UInt8 {
        if position < windowStart || position >= windowStart + window.count {
            let end = min(size, position + Self.windowLength)
            window = try RangedReader<Failure>(fileSize: size).bytes(position..<end, read)
            windowStart = position
        }
        guard position >= windowStart, position - windowStart < window.count else {
            throw malformed("the file is cut short", position)
        }
        defer { position += 1 }
        return window[position - windowStart]
    }

    /// The error for bytes that are no protocol buffer, or one that is not read, at an offset of the file.
    func malformed(_ message: String, _ offset: Int) -> ReadingStop<Failure> {
        .malformed(FormatError(message, at: offset))
    }
}
