import Formats

/// Reads a body in chunks (RFC 9112, 7.1), strictly: sizes are hexadecimal digits and nothing else, lines end as they have to.
/// Extensions and trailing fields are left out.
package struct ChunkDecoder: Sendable {
    /// What the next bytes are.
    package enum Step: Equatable, Sendable {
        /// A part of the body, as a range of the bytes that were passed.
        case data(Range<Int>)
        /// All bytes were looked at, and the body has not ended.
        case needsMore
        /// The body has ended before the position that was reached.
        case end
    }

    private enum State {
        case size, data, dataEnd, trailer, finished
    }

    private var state = State.size
    private var line: [UInt8] = []
    private var left = 0
    private var trailerLength = 0

    private static let lineLimit = 256
    private static let trailerLimit = 1 << 13

    /// Begins in front of the first chunk.
    package init() {}

    /// Goes on to the next part of the body.
    /// - Parameters:
    ///   - bytes: what came of the body.
    ///   - position: where to go on in them; moved behind what was read.
    package mutating func next(
        _ bytes: [UInt8], from position: inout Int
    ) throws(RequestHead.Refusal) -> Step {
        while position < bytes.count {
            switch state {
            case .finished: return .end
            case .data:
                let count = min(left, bytes.count - position)
                let range = position..<position + count
                left -= count
                position += count
                if left == 0 { state = .dataEnd }
                return .data(range)
            case .size, .dataEnd, .trailer:
                guard try takeLine(bytes, &position) else { return .needsMore }
                try lineEnded()
                if state == .finished { return .end }
            }
        }
        return state == .finished ? .end : .needsMore
    }

    /// Collects a line without its end.
    /// - Returns: whether it is whole.
    private mutating func takeLine(
        _ bytes: [UInt8], _ position: inout Int
    ) throws(RequestHead.Refusal) -> Bool {
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == 0x0A {
                guard line.popLast() == 0x0D else { throw ChunkDecoder.malformed }
                return true
            }
            if line.last == 0x0D { throw ChunkDecoder.malformed }
            line.append(byte)
            guard line.count <= ChunkDecoder.lineLimit else { throw ChunkDecoder.malformed }
        }
        return false
    }

    private mutating func lineEnded() throws(RequestHead.Refusal) {
        defer { line.removeAll(keepingCapacity: true) }
        switch state {
        case .size:
            let digits = line.prefix { $0 != UInt8(ascii: ";") }
            guard !digits.isEmpty, digits.count <= 15,
                line.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }),
                let size = ChunkDecoder.hexadecimal(digits)
            else { throw ChunkDecoder.malformed }
            left = size
            state = size == 0 ? .trailer : .data
        case .dataEnd:
            guard line.isEmpty else { throw ChunkDecoder.malformed }
            state = .size
        case .trailer:
            if line.isEmpty { return state = .finished }
            trailerLength += line.count
            guard trailerLength <= ChunkDecoder.trailerLimit else { throw ChunkDecoder.malformed }
        case .data, .finished: break
        }
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            let part: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): part = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): part = digit - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): part = digit - UInt8(ascii: "A") + 10
            default: return nil
            }
            // At most 15 digits, so that 60 bits are not exceeded.
            value = value << 4 | Int(part)
        }
        return value
    }

    private static let malformed = RequestHead.Refusal(400, "a chunk of the body is malformed")
}
