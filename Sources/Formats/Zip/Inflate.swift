/// Decompresses DEFLATE (RFC 1951), some bytes at a time, in constant memory. The caller gives the compressed bytes
/// when they are asked for.
struct Inflate {
    /// What comes next in the stream.
    enum State: Equatable {
        /// The next block starts.
        case header
        /// Bytes that are stored as they are, so many of them still to come.
        case stored(Int)
        /// The lengths of the codes of the lengths of codes, so many of them still to come.
        case codeLengths(Int)
        /// The lengths of codes.
        case lengths
        /// Symbols of a compressed block, or the rest of a match.
        case compressed
        /// The last block ended, whatever follows in the input.
        case finished
        /// The bytes are no DEFLATE, or end too early.
        case broken
    }

    /// Bytes that a match may be back.
    private static let windowLength = 32768

    /// Where the stream stands; only ``next(into:more:)`` moves it on.
    private(set) var state = State.header
    /// The number of compressed bytes that were taken, with those that wait.
    private(set) var taken = 0
    private var bits: UInt64 = 0
    private var bitCount = 0
    private var isLast = false
    private var window = [UInt8](repeating: 0, count: windowLength)
    private var produced = 0
    private var matchLength = 0
    private var matchDistance = 0
    private var literals = HuffmanCode()
    private var distances = HuffmanCode()
    private var codes = HuffmanCode()
    private var lengths: [UInt8] = []
    private var literalCount = 0
    private var lengthCount = 0
    private var input: [UInt8] = []
    private var inputIndex = 0

    /// The number of compressed bytes that belong to what was decompressed.
    var consumed: Int { taken - (input.count - inputIndex) - bitCount / 8 }

    /// Decompresses the next bytes.
    /// - Parameters:
    ///   - output: room for them.
    ///   - more: returns the next compressed bytes; none at their end.
    /// - Returns: how many there are: fewer than there is room for where the data ends or is broken.
    mutating func next<Failure>(
        into output: inout [UInt8], more: (Int) throws(Failure) -> [UInt8]
    ) throws(Failure) -> Int {
        var count = 0
        while count < output.count, state != .finished, state != .broken {
            if matchLength > 0 {
                let byte = window[(produced &- matchDistance) & (Self.windowLength - 1)]
                emit(byte, &output, &count)
                matchLength -= 1
                continue
            }
            // No instruction takes more than 48 bits.
            while bitCount <= 48 {
                if inputIndex == input.count {
                    input = try more(taken)
                    inputIndex = 0
                    taken += input.count
                    if input.isEmpty { break }
                }
                bits |= UInt64(input[inputIndex]) << UInt64(bitCount)
                inputIndex += 1
                bitCount += 8
            }
            step(&output, &count)
        }
        return count
    }

    private mutating func emit(_ byte: UInt8, _ output: inout [UInt8], _ count: inout Int) {
        window[produced & (Self.windowLength - 1)] = byte
        produced &+= 1
        output[count] = byte
        count += 1
    }

    private mutating func take(_ count: Int) -> Int? {
        guard bitCount >= count else {
            state = .broken
            return nil
        }
        let value = Int(bits & (1 << UInt64(count) - 1))
        bits >>= UInt64(count)
        bitCount -= count
        return value
    }

    private mutating func step(_ output: inout [UInt8], _ count: inout Int) {
        switch state {
        case .header: startBlock()
        case .stored(let remaining):
            if remaining == 0 {
                endBlock()
            } else if let byte = take(8) {
                emit(UInt8(truncatingIfNeeded: byte), &output, &count)
                state = .stored(remaining - 1)
            }
        case .codeLengths(let remaining): readCodeLength(remaining)
        case .lengths: readLength()
        case .compressed:
            guard let symbol = decode(literals) else { return }
            if symbol < 256 {
                emit(UInt8(truncatingIfNeeded: symbol), &output, &count)
            } else if symbol == 256 {
                endBlock()
            } else {
                startMatch(symbol)
            }
        case .finished, .broken: break
        }
    }

    private mutating func endBlock() { state = isLast ? .finished : .header }

    private mutating func startBlock() {
        guard let last = take(1), let kind = take(2) else { return }
        isLast = last == 1
        switch kind {
        case 0:
            _ = take(bitCount % 8)
            guard let length = take(16), let inverse = take(16), length ^ inverse == 0xFFFF else {
                state = .broken
                return
            }
            state = .stored(length)
        case 1:
            var lengths = [UInt8](repeating: 8, count: 288)
            for index in 144..<256 { lengths[index] = 9 }
            for index in 256..<280 { lengths[index] = 7 }
            literals = HuffmanCode(lengths) ?? HuffmanCode()
            distances = HuffmanCode([UInt8](repeating: 5, count: 30)) ?? HuffmanCode()
            state = .compressed
        case 2:
            guard let literal = take(5), let distance = take(5), let code = take(4) else { return }
            literalCount = literal + 257
            lengthCount = literalCount + distance + 1
            lengths = [UInt8](repeating: 0, count: 19)
            state = .codeLengths(code + 4)
        default: state = .broken
        }
    }

    // MARK: Codes

    /// In which order the lengths of the codes of lengths come.
    private static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

    private mutating func readCodeLength(_ remaining: Int) {
        if remaining > 0 {
            guard let length = take(3) else { return }
            // They are counted from the first, whatever their number.
            lengths.append(UInt8(length))
            state = .codeLengths(remaining - 1)
            return
        }
        var ordered = [UInt8](repeating: 0, count: 19)
        for (place, length) in zip(Self.order, lengths.dropFirst(19)) { ordered[place] = length }
        guard let code = HuffmanCode(ordered) else {
            state = .broken
            return
        }
        codes = code
        lengths = []
        state = .lengths
    }

    private mutating func readLength() {
        guard lengths.count < lengthCount else {
            guard lengths.count == lengthCount, lengths[256] > 0,
                let literals = HuffmanCode(Array(lengths[..<literalCount])),
                let distances = HuffmanCode(Array(lengths[literalCount...]))
            else {
                state = .broken
                return
            }
            (self.literals, self.distances) = (literals, distances)
            state = .compressed
            return
        }
        guard let symbol = decode(codes) else { return }
        var (length, count) = (UInt8(truncatingIfNeeded: symbol), 1)
        if symbol >= 16 {
            length = 0
            if symbol == 16 {
                guard let last = lengths.last else {
                    state = .broken
                    return
                }
                length = last
            }
            guard let extra = take(symbol == 16 ? 2 : symbol == 17 ? 3 : 7) else { return }
            count = extra + (symbol == 18 ? 11 : 3)
        }
        for _ in 0..<count { lengths.append(length) }
    }

    private mutating func decode(_ code: HuffmanCode) -> Int? {
        guard let (symbol, length) = code.symbol(bits), length <= bitCount else {
            state = .broken
            return nil
        }
        bits >>= UInt64(length)
        bitCount -= length
        return symbol
    }

    private mutating func startMatch(_ symbol: Int) {
        let index = symbol - 257
        guard index < 29 else {
            state = .broken
            return
        }
        var length = index + 3
        if index == 28 {
            length = 258
        } else if index >= 8 {
            let extra = (index - 4) / 4
            guard let more = take(extra) else { return }
            length = (4 + index % 4) << extra + 3 + more
        }
        guard let code = decode(distances) else { return }
        var distance = code + 1
        if code >= 4 {
            let extra = (code - 2) / 2
            guard code < 30, let more = take(extra) else {
                state = .broken
                return
            }
            distance = (2 + code % 2) << extra + 1 + more
        }
        guard distance <= produced else {
            state = .broken
            return
        }
        (matchLength, matchDistance) = (length, distance)
    }
}

/// A canonical Huffman code of up to 15 bits, as DEFLATE has them: read from the least significant bit.
struct HuffmanCode {
    /// For each length the number of codes.
    private var counts = [Int](repeating: 0, count: 16)
    private var symbols: [UInt16] = []
    /// For the next 9 bits the symbol and its length, or 0 where the code is longer.
    private var quick: [UInt16] = []

    /// No code.
    init() {}

    /// - Parameter lengths: the length of each symbol's code in bits; 0 for none.
    /// - Returns: `nil` if there are more codes than such lengths can tell apart.
    init?(_ lengths: [UInt8]) {
        for length in lengths { counts[Int(length)] += 1 }
        counts[0] = 0
        var room = 1
        for length in 1...15 {
            room = room * 2 - counts[length]
            guard room >= 0 else { return nil }
        }
        var starts = [Int](repeating: 0, count: 17)
        for length in 1...15 { starts[length + 1] = starts[length] + counts[length] }
        symbols = [UInt16](repeating: 0, count: starts[16])
        for (symbol, length) in lengths.enumerated() where length > 0 {
            symbols[starts[Int(length)]] = UInt16(symbol)
            starts[Int(length)] += 1
        }
        quick = (0..<512).map { bits in
            guard let (symbol, length) = slow(UInt64(bits)), length <= 9 else { return 0 }
            return UInt16(symbol << 4 | length)
        }
    }

    /// The symbol that the next bits start with, and the length of its code; `nil` where no code does.
    func symbol(_ bits: UInt64) -> (symbol: Int, length: Int)? {
        guard !quick.isEmpty else { return nil }
        let found = quick[Int(bits & 511)]
        return found == 0 ? slow(bits) : (Int(found >> 4), Int(found & 15))
    }

    private func slow(_ bits: UInt64) -> (symbol: Int, length: Int)? {
        var (code, first, index) = (0, 0, 0)
        for length in 1...15 {
            code |= Int(bits >> UInt64(length - 1) & 1)
            let count = counts[length]
            if code - count < first { return (Int(symbols[index + code - first]), length) }
            index += count
            first = (first + count) << 1
            code <<= 1
        }
        return nil
    }
}
