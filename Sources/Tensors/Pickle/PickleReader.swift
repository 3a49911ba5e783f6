import Formats

/// Reads a pickle of protocol 0 to 5 (the format as Python's `pickletools` documents it).
///
/// Opcodes that only other machines understand - extension codes, buffers out of band - are errors; everything
/// else that is not needed to describe tensors becomes an opaque value.
struct PickleReader {
    /// The longest pickle in bytes that is read.
    static let maximumLength = 64 << 20

    private var machine = PickleMachine()
    private var position = 0

    /// Reads a pickle.
    /// - Throws: with the place in the pickle: an instruction that is unknown, cut short or has no sense, or more of
    ///   them than models have.
    static func read(_ bytes: Span<UInt8>) throws(FormatError) -> PickleTree {
        guard bytes.count <= maximumLength else {
            throw FormatError("the pickle has \(bytes.count) bytes, more than \(maximumLength)", at: 0)
        }
        var reader = PickleReader()
        for _ in 0..<PickleMachine.maximumInstructions {
            reader.machine.position = reader.position
            let code = try reader.unsigned(1, bytes)
            if code == UInt8(ascii: ".") { return try reader.machine.finish() }
            try reader.follow(UInt8(truncatingIfNeeded: code), bytes)
        }
        throw reader.machine.error(
            "the pickle has more than \(PickleMachine.maximumInstructions) instructions")
    }

    // MARK: Instructions

    private mutating func follow(_ code: UInt8, _ bytes: Span<UInt8>) throws(FormatError) {
        switch code {
        case 0x80, 0x95: _ = try take(code == 0x80 ? 1 : 8, bytes)
        case UInt8(ascii: "("): try machine.mark()
        case UInt8(ascii: "0"): try machine.discard()
        case UInt8(ascii: "1"): _ = try machine.popMark()
        case UInt8(ascii: "2"): try machine.duplicate()
        case UInt8(ascii: "p"): try machine.remember(try key(bytes))
        case UInt8(ascii: "q"): try machine.remember(UInt32(try unsigned(1, bytes)))
        case UInt8(ascii: "r"): try machine.remember(UInt32(try unsigned(4, bytes)))
        case 0x94: try machine.rememberNext()
        case UInt8(ascii: "g"): try machine.recall(try key(bytes))
        case UInt8(ascii: "h"): try machine.recall(UInt32(try unsigned(1, bytes)))
        case UInt8(ascii: "j"): try machine.recall(UInt32(try unsigned(4, bytes)))
        default:
            if try followNumber(code, bytes) { return }
            if try followText(code, bytes) { return }
            try followContainer(code, bytes)
        }
    }

    private mutating func followNumber(_ code: UInt8, _ bytes: Span<UInt8>) throws(FormatError) -> Bool {
        switch code {
        case UInt8(ascii: "N"): try machine.push(.none)
        case 0x88, 0x89: try machine.push(.boolean(code == 0x88))
        case UInt8(ascii: "J"):
            let word = UInt32(try unsigned(4, bytes))
            try machine.push(.integer(Int(Int32(bitPattern: word))))
        case UInt8(ascii: "K"): try machine.push(.integer(Int(try unsigned(1, bytes))))
        case UInt8(ascii: "M"): try machine.push(.integer(Int(try unsigned(2, bytes))))
        case UInt8(ascii: "I"), UInt8(ascii: "L"): try machine.push(try decimal(bytes))
        case 0x8A: try machine.push(long(try take(try count(1, bytes), bytes), bytes))
        case 0x8B: try machine.push(long(try take(try count(4, bytes), bytes), bytes))
        case UInt8(ascii: "F"):
            _ = try line(bytes)
            try machine.push(.opaque)
        case UInt8(ascii: "G"):
            _ = try take(8, bytes)
            try machine.push(.opaque)
        default: return false
        }
        return true
    }

    private mutating func followText(_ code: UInt8, _ bytes: Span<UInt8>) throws(FormatError) -> Bool {
        switch code {
        case UInt8(ascii: "X"): try text(4, bytes)
        case 0x8C: try text(1, bytes)
        case 0x8D: try text(8, bytes)
        case UInt8(ascii: "V"): try escaped(try line(bytes), bytes)
        case UInt8(ascii: "S"):
            let range = try line(bytes)
            guard range.count >= 2 else { throw machine.error("a string has no quotes") }
            try escaped(range.lowerBound + 1..<range.upperBound - 1, bytes)
        case UInt8(ascii: "T"): try string(4, bytes)
        case UInt8(ascii: "U"): try string(1, bytes)
        case UInt8(ascii: "B"), UInt8(ascii: "C"), 0x8E, 0x96:
            let size = code == UInt8(ascii: "B") ? 4 : code == UInt8(ascii: "C") ? 1 : 8
            _ = try take(try count(size, bytes), bytes)
            try machine.push(.opaque)
        default: return false
        }
        return true
    }

    private mutating func followContainer(_ code: UInt8, _ bytes: Span<UInt8>) throws(FormatError) {
        switch code {
        case UInt8(ascii: ")"): try machine.push(.tuple([]))
        case UInt8(ascii: "t"): try machine.push(.tuple(try machine.popMark()))
        case 0x85...0x87: try machine.tuple(Int(code) - 0x84)
        case UInt8(ascii: "]"): try machine.push(.list([]))
        case UInt8(ascii: "l"): try machine.push(.list(try machine.popMark()))
        case UInt8(ascii: "a"): try machine.append([try machine.pop()])
        case UInt8(ascii: "e"): try machine.append(try machine.popMark())
        case UInt8(ascii: "}"): try machine.push(.dictionary([]))
        case UInt8(ascii: "d"): try machine.dictionary(try machine.popMark())
        case UInt8(ascii: "s"):
            let (value, key) = (try machine.pop(), try machine.pop())
            try machine.set([key, value])
        case UInt8(ascii: "u"): try machine.set(try machine.popMark())
        case 0x8F: try machine.push(.opaque)
        case 0x90: try machine.add()
        case 0x91:
            _ = try machine.popMark()
            try machine.push(.opaque)
        case UInt8(ascii: "c"):
            let (module, name) = (try name(bytes), try name(bytes))
            try machine.global(module: module, name: name)
        case 0x93: try machine.stackGlobal()
        case UInt8(ascii: "R"), 0x81: try machine.call()
        case 0x92: try machine.callWithKeywords()
        case UInt8(ascii: "o"): try machine.callMarked()
        case UInt8(ascii: "i"):
            let (module, name) = (try name(bytes), try name(bytes))
            let arguments = try machine.popMark()
            try machine.global(module: module, name: name)
            try machine.push(.tuple(arguments))
            try machine.call()
        // The state of an object: of what has tensors in it, only attributes that no reader of weights wants.
        case UInt8(ascii: "b"): _ = try machine.pop()
        case UInt8(ascii: "Q"): try machine.push(.persistent(try machine.pop()))
        case UInt8(ascii: "P"):
            try escaped(try line(bytes), bytes)
            try machine.push(.persistent(try machine.pop()))
        default:
            throw machine.error(
                "the pickle has an instruction 0x\(String(code, radix: 16)) that is not known here")
        }
    }

    // MARK: Arguments

    private mutating func take(_ count: Int, _ bytes: Span<UInt8>) throws(FormatError) -> Range<Int> {
        guard count <= bytes.count - position else {
            throw machine.error("the pickle ends inside an instruction")
        }
        defer { position += count }
        return position..<position + count
    }

    private mutating func unsigned(_ size: Int, _ bytes: Span<UInt8>) throws(FormatError) -> UInt64 {
        littleEndian(bytes, try take(size, bytes))
    }

    private mutating func count(_ size: Int, _ bytes: Span<UInt8>) throws(FormatError) -> Int {
        guard let count = Int(exactly: try unsigned(size, bytes)) else {
            throw machine.error("the pickle claims more than 63 bits")
        }
        return count
    }

    /// What is left of the line, without its end.
    private mutating func line(_ bytes: Span<UInt8>) throws(FormatError) -> Range<Int> {
        let start = position
        while position < bytes.count, bytes[position] != 0x0A { position += 1 }
        guard position < bytes.count else { throw machine.error("the pickle ends inside an instruction") }
        position += 1
        return start..<position - 1
    }

    private mutating func name(_ bytes: Span<UInt8>) throws(FormatError) -> String {
        guard let name = String(validating: bytes, try line(bytes)) else {
            throw machine.error("the name of a class or function is not UTF-8")
        }
        return name
    }

    private mutating func key(_ bytes: Span<UInt8>) throws(FormatError) -> UInt32 {
        guard let key = UInt32(String(copying: bytes, try line(bytes))) else {
            throw machine.error("the number of a remembered value is not a number")
        }
        return key
    }

    /// A number in a line: an L is behind long ones, and 00 and 01 are what protocol 0 writes for truth.
    private mutating func decimal(_ bytes: Span<UInt8>) throws(FormatError) -> PickleTree.Value {
        let digits = String(copying: bytes, try line(bytes))
        if digits == "00" || digits == "01" { return .boolean(digits == "01") }
        let number = Int(digits.utf8.last == UInt8(ascii: "L") ? String(digits.dropLast()) : digits)
        return number.map { .integer($0) } ?? .opaque
    }

    /// A number in two's complement of any length.
    private func long(_ range: Range<Int>, _ bytes: Span<UInt8>) -> PickleTree.Value {
        guard range.count <= 8, let last = range.last else { return range.isEmpty ? .integer(0) : .opaque }
        var word = littleEndian(bytes, range)
        if bytes[last] & 0x80 != 0, range.count < 8 { word |= UInt64.max << UInt64(8 * range.count) }
        return .integer(Int(Int64(bitPattern: word)))
    }

    private mutating func text(_ size: Int, _ bytes: Span<UInt8>) throws(FormatError) {
        let range = try take(try count(size, bytes), bytes)
        guard let text = String(validating: bytes, range) else { throw machine.error("a text is not UTF-8") }
        try machine.push(.text(text))
    }

    /// A string of Python 2, which is text where it reads as one.
    private mutating func string(_ size: Int, _ bytes: Span<UInt8>) throws(FormatError) {
        let range = try take(try count(size, bytes), bytes)
        try machine.push(String(validating: bytes, range).map { .text($0) } ?? .opaque)
    }

    /// A text in a line; one with escapes is no name that torch gives, and stays opaque.
    private mutating func escaped(_ range: Range<Int>, _ bytes: Span<UInt8>) throws(FormatError) {
        let text = String(validating: bytes, range)
        try machine.push(
            text.flatMap { $0.utf8.contains(UInt8(ascii: "\\")) ? nil : .text($0) } ?? .opaque)
    }
}
