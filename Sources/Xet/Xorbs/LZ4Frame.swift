import Formats

/// Decompresses a frame of LZ4 (LZ4 Frame Format 1.6.4) whose content's size is known.
struct LZ4Frame {
    private let bytes: [UInt8]
    private var position = 0
    private var output: [UInt8]
    private var count = 0

    /// The content of a frame that fills all of the bytes.
    /// - Parameter size: of the content in bytes; any other is an error.
    static func content(_ bytes: [UInt8], size: Int) throws(FormatError) -> [UInt8] {
        var frame = LZ4Frame(bytes: bytes, size: size)
        try frame.decompress()
        return frame.output
    }

    private init(bytes: [UInt8], size: Int) {
        self.bytes = bytes
        output = [UInt8](repeating: 0, count: size)
    }

    /// What the frame's header states.
    private struct Descriptor {
        let blocksAreIndependent: Bool
        let blocksHaveChecksums: Bool
        let hasChecksum: Bool
        /// The most content of a block in bytes.
        let blockSize: Int
    }

    private mutating func decompress() throws(FormatError) {
        let descriptor = try readDescriptor()
        while true {
            let start = position
            let word = try number(4)
            if word == 0 { break }
            // The highest bit states that the block is stored as it is.
            let (isStored, size) = (word >> 31 == 1, Int(word & 0x7FFF_FFFF))
            guard size <= descriptor.blockSize, size <= bytes.count - position else {
                throw FormatError("a block of LZ4 states \(size) bytes", at: start)
            }
            let block = position..<position + size
            position = block.upperBound
            if descriptor.blocksHaveChecksums {
                guard try number(4) == XXHash32.of(bytes.span.extracting(block)) else {
                    throw FormatError("a block of LZ4 has another checksum than it states", at: start)
                }
            }
            let before = count
            let limit = min(output.count, before + descriptor.blockSize)
            if isStored {
                try copy(block, limit)
            } else {
                try expand(block, from: descriptor.blocksAreIndependent ? before : 0, limit)
            }
        }
        guard count == output.count else {
            throw FormatError("LZ4 gives \(count) bytes, and \(output.count) were promised", at: position)
        }
        if descriptor.hasChecksum, try number(4) != XXHash32.of(output.span) {
            throw FormatError("the content of LZ4 has another checksum than it states", at: position)
        }
        guard position == bytes.count else {
            throw FormatError("\(bytes.count - position) bytes follow the frame of LZ4", at: position)
        }
    }

    private mutating func readDescriptor() throws(FormatError) -> Descriptor {
        guard try number(4) == 0x184D_2204 else { throw FormatError("this is no frame of LZ4", at: 0) }
        let start = position
        let flags = try number(1)
        let sizes = try number(1)
        // Version 1, and nothing of what is reserved; dictionaries are not used in Xet.
        guard flags >> 6 == 1, flags & 0b11 == 0, sizes & 0b1000_1111 == 0, sizes >> 4 >= 4 else {
            throw FormatError("a frame of LZ4 has flags that are not known", at: start)
        }
        if flags & 0b1000 != 0 {
            let stated = try number(8)
            guard stated == UInt64(output.count) else {
                throw FormatError("a frame of LZ4 states \(stated) bytes of content", at: start + 2)
            }
        }
        let sum = XXHash32.of(bytes.span.extracting(start..<position)) >> 8 & 0xFF
        guard try number(1) == UInt64(sum) else {
            throw FormatError("the header of LZ4 has another checksum than it states", at: start)
        }
        return Descriptor(
            blocksAreIndependent: flags & 0b10_0000 != 0, blocksHaveChecksums: flags & 0b1_0000 != 0,
            hasChecksum: flags & 0b100 != 0, blockSize: 1 << (8 + 2 * Int(sizes >> 4)))
    }

    private mutating func number(_ size: Int) throws(FormatError) -> UInt64 {
        guard size <= bytes.count - position else {
            throw FormatError("a frame of LZ4 ends too early", at: position)
        }
        defer { position += size }
        return littleEndian(bytes.span, position..<position + size)
    }

    // MARK: Blocks

    /// Takes bytes as they are, up to `limit` bytes of output.
    private mutating func copy(_ range: Range<Int>, _ limit: Int) throws(FormatError) {
        guard range.count <= limit - count else {
            throw FormatError("LZ4 gives more than \(limit) bytes", at: range.lowerBound)
        }
        for index in range {
            output[count] = bytes[index]
            count += 1
        }
    }

    /// Decompresses a block (LZ4 Block Format of 2022-07).
    /// - Parameters:
    ///   - start: the first byte of the output that a match may be at.
    ///   - limit: the end of the output that the block may give.
    private mutating func expand(_ block: Range<Int>, from start: Int, _ limit: Int) throws(FormatError) {
        var index = block.lowerBound
        while index < block.upperBound {
            let token = Int(bytes[index])
            index += 1
            let literals = try length(token >> 4, &index, block.upperBound)
            guard literals <= block.upperBound - index else {
                throw FormatError("a block of LZ4 ends in the middle", at: index)
            }
            try copy(index..<index + literals, limit)
            index += literals
            // The last sequence has no match.
            if index == block.upperBound { return }
            guard block.upperBound - index >= 2 else {
                throw FormatError("a block of LZ4 ends in the middle", at: index)
            }
            let distance = Int(bytes[index]) | Int(bytes[index + 1]) << 8
            guard distance > 0, distance <= count - start else {
                throw FormatError("LZ4 takes what is \(distance) bytes back, which is not there", at: index)
            }
            index += 2
            let match = try length(token & 15, &index, block.upperBound) + 4
            guard match <= limit - count else {
                throw FormatError("LZ4 gives more than \(limit) bytes", at: index)
            }
            for _ in 0..<match {
                output[count] = output[count - distance]
                count += 1
            }
        }
        throw FormatError("a block of LZ4 ends without its last literals", at: block.upperBound)
    }

    /// A length of which four bits are in the token, and more in bytes behind it if those are all set.
    private func length(_ bits: Int, _ index: inout Int, _ end: Int) throws(FormatError) -> Int {
        guard bits == 15 else { return bits }
        var length = bits
        while true {
            guard index < end else { throw FormatError("a block of LZ4 ends in the middle", at: index) }
            let byte = Int(bytes[index])
            index += 1
            // Each is a byte of the block, so that this stays small.
            length += byte
            if byte < 255 { return length }
        }
    }
}
