/// A pattern that is read from left to right: what the parsers of all dialects ask of it.
protocol RegexReading {
    /// The pattern; of a dialect over bytes each byte as the scalar of its number.
    var scalars: [Unicode.Scalar] { get }
    /// Where the next thing is read.
    var position: Int { get set }
    /// How much deeper groups may nest.
    var depthLeft: Int { get set }
}

/// The most repetitions that a pattern can ask for.
let maximumRepetitions = 1_000

extension RegexReading {
    /// What is wrong at a place, which is the one that is read next unless it is given.
    func error(_ problem: String, at offset: Int? = nil) -> RegexError {
        RegexError(problem, at: offset ?? position)
    }

    /// The next scalar; `nil` at the end.
    var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    /// The one behind it.
    var following: Unicode.Scalar? { position + 1 < scalars.count ? scalars[position + 1] : nil }

    /// Whether the scalar is next; then it is passed.
    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    /// Whether the text is next; then it is passed.
    mutating func take(text: String) -> Bool {
        let wanted = text.unicodeScalars
        guard scalars[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }

    /// The next scalar, which is passed.
    /// - Throws: `problem` at the end.
    mutating func taken(or problem: String) throws(RegexError) -> Unicode.Scalar {
        guard let scalar = next else { throw error(problem) }
        position += 1
        return scalar
    }

    /// A decimal number; `nil`, and nothing passed, where there is none. A long one is cut off past a million.
    mutating func number() -> Int? {
        var value: Int?
        while let digit = next?.value, (0x30...0x39).contains(digit) {
            value = min((value ?? 0) * 10 + Int(digit - 0x30), 1_000_000)
            position += 1
        }
        return value
    }

    /// The number that so many hexadecimal digits are.
    mutating func hexadecimal(_ digits: Int) throws(RegexError) -> UInt32 {
        guard digits > 0, position + digits <= scalars.count else { throw error("an escape is cut off") }
        var value: UInt32 = 0
        for _ in 0..<digits {
            let scalar = scalars[position]
            guard let digit = Character(scalar).hexDigitValue, scalar.isASCII else {
                throw error("'\(scalar)' is not a hexadecimal digit")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    /// Reads something that may nest, so that no pattern exhausts the stack.
    mutating func nested<Result>(
        _ body: (inout Self) throws(RegexError) -> Result
    ) throws(RegexError) -> Result {
        guard depthLeft > 0 else { throw error("groups nest too deep") }
        depthLeft -= 1
        defer { depthLeft += 1 }
        return try body(&self)
    }
}
