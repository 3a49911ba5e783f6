/// Reads the Python dictionary of a `.npy` header: exactly the three members that NumPy writes.
struct NPYLiteral {
    /// What the dictionary states.
    struct Fields {
        /// `nil` for a list, which describes a record.
        var descr: String?
        /// Whether the first index runs fastest, in place of the last.
        var isFortranOrder: Bool
        /// The length of each dimension, outermost first; empty for a single element.
        var shape: [Int]
    }

    private var position: Int
    private let end: Int

    /// Reads what is between two offsets of the file: the header's text with its padding.
    init(position: Int, end: Int) {
        self.position = position
        self.end = end
    }

    mutating func read(_ bytes: Span<UInt8>) throws(FormatError) -> Fields {
        var descr: String??
        var isFortranOrder: Bool?
        var shape: [Int]?
        try expect("{", bytes)
        while !take("}", bytes) {
            let start = position
            let key = try string(bytes)
            try expect(":", bytes)
            switch key {
            case "descr" where descr == nil:
                if peek(bytes) == UInt8(ascii: "[") {
                    try skipList(bytes)
                    descr = .some(nil)
                } else {
                    descr = .some(try string(bytes))
                }
            case "fortran_order" where isFortranOrder == nil: isFortranOrder = try bool(bytes)
            case "shape" where shape == nil: shape = try tuple(bytes)
            default:
                throw FormatError(
                    "the .npy header has \(key.quoted) twice or should not have it", at: start)
            }
            guard take(",", bytes) || peek(bytes) == UInt8(ascii: "}") else {
                throw FormatError("expected ',' or '}'", at: position)
            }
        }
        guard peek(bytes) == nil else {
            throw FormatError("expected spaces up to the end of the .npy header", at: position)
        }
        guard let descr, let isFortranOrder, let shape else {
            throw FormatError("the .npy header must have descr, fortran_order and shape", at: position)
        }
        return Fields(descr: descr, isFortranOrder: isFortranOrder, shape: shape)
    }

    /// The next byte that is no white space, or `nil` at the end.
    private mutating func peek(_ bytes: Span<UInt8>) -> UInt8? {
        while position < end, bytes[position] == 0x20 || bytes[position] == 0x0A { position += 1 }
        return position < end ? bytes[position] : nil
    }

    private mutating func take(_ character: Unicode.Scalar, _ bytes: Span<UInt8>) -> Bool {
        guard peek(bytes) == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(
        _ character: Unicode.Scalar, _ bytes: Span<UInt8>
    ) throws(FormatError) {
        guard take(character, bytes) else { throw FormatError("expected '\(character)'", at: position) }
    }

    /// Reads a string in single or double quotes; NumPy's have no escapes.
    private mutating func string(_ bytes: Span<UInt8>) throws(FormatError) -> String {
        guard let quote = peek(bytes), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
            throw FormatError("expected a string", at: position)
        }
        let start = position + 1
        var stop = start
        while stop < end, bytes[stop] != quote {
            guard bytes[stop] != UInt8(ascii: "\\") else {
                throw FormatError("a string of a .npy header has no escapes", at: stop)
            }
            stop += 1
        }
        guard stop < end, let text = String(validating: bytes, start..<stop) else {
            throw FormatError("the string does not end or is not UTF-8", at: start)
        }
        position = stop + 1
        return text
    }

    private mutating func bool(_ bytes: Span<UInt8>) throws(FormatError) -> Bool {
        _ = peek(bytes)
        let start = position
        while position < end, isLetter(bytes[position]) { position += 1 }
        switch String(copying: bytes, start..<position) {
        case "True": return true
        case "False": return false
        default: throw FormatError("expected True or False", at: start)
        }
    }

    private func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    /// Reads a tuple of whole numbers. Python 2 wrote an L behind some.
    private mutating func tuple(_ bytes: Span<UInt8>) throws(FormatError) -> [Int] {
        var numbers: [Int] = []
        try expect("(", bytes)
        while !take(")", bytes) {
            _ = peek(bytes)
            let start = position
            while position < end, (0x30...0x39).contains(bytes[position]) { position += 1 }
            guard let number = Int(String(copying: bytes, start..<position)) else {
                throw FormatError("expected a whole number from 0 to \(Int.max)", at: start)
            }
            numbers.append(number)
            _ = take("L", bytes)
            guard take(",", bytes) || peek(bytes) == UInt8(ascii: ")") else {
                throw FormatError("expected ',' or ')'", at: position)
            }
        }
        return numbers
    }

    /// Moves over the list that describes a record; only its end matters.
    private mutating func skipList(_ bytes: Span<UInt8>) throws(FormatError) {
        let start = position
        var depth = 0
        repeat {
            switch peek(bytes) {
            case UInt8(ascii: "["), UInt8(ascii: "("):
                depth += 1
                position += 1
            case UInt8(ascii: "]"), UInt8(ascii: ")"):
                depth -= 1
                position += 1
            case UInt8(ascii: "'"), UInt8(ascii: "\""): _ = try string(bytes)
            case nil: throw FormatError("the list does not end", at: start)
            default: position += 1
            }
        } while depth > 0
    }
}
