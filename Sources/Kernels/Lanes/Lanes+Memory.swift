import CLanes

extension Lanes {
    /// Sixteen numbers that follow one another.
    @inline(__always)
    init(_ values: Span<Float>, from start: Int) {
        precondition(start >= 0 && start <= values.count &- Lanes.count)
        // SAFETY: the numbers from `start` on are within what the span lends, and every pattern of bits is one.
        vector = unsafe values.withUnsafeBytes { bytes in
            unsafe bytes.loadUnaligned(fromByteOffset: start &* 4, as: lanes_floats.self)
        }
    }
}

extension LaneBits {
    /// Sixteen whole numbers of 16 bits that follow one another.
    @inline(__always)
    init(_ values: Span<UInt16>, from start: Int) {
        precondition(start >= 0 && start <= values.count &- Lanes.count)
        // SAFETY: the numbers from `start` on are within what the span lends.
        let words = unsafe values.withUnsafeBytes { bytes in
            unsafe bytes.loadUnaligned(fromByteOffset: start &* 2, as: lanes_words.self)
        }
        vector = lanes_widen_words(words)
    }
}

extension LaneBits {
    /// The numbers of an array.
    @inline(__always)
    init(_ numbers: [16 of Int32]) {
        // SAFETY: both are sixteen numbers of 32 bits, one after the other.
        vector = unsafe unsafeBitCast(numbers, to: lanes_bits.self)
    }

    /// The numbers as an array: what is taken from single lanes, or put there, is better in memory.
    @inline(__always)
    var array: [16 of Int32] {
        // SAFETY: as above.
        unsafe unsafeBitCast(vector, to: [16 of Int32].self)
    }
}

extension Lanes {
    /// The numbers as an array.
    @inline(__always)
    var array: [16 of Float] {
        // SAFETY: both are sixteen numbers of 32 bits, one after the other.
        unsafe unsafeBitCast(vector, to: [16 of Float].self)
    }
}

extension Lanes {
    /// One lane of sixteen elements that follow one another.
    @inline(__always)
    init(of elements: Span<Lanes>, lane: Int) {
        self.init()
        for i in 0..<16 { self[i] = elements[i][lane] }
    }

    /// The sixteen elements of one sub-block of any groups.
    @inline(__always)
    init(of groups: Span<Lanes>, at place: UInt16) {
        let first = Int(place) & ~15
        self.init(of: groups.extracting(first..<first &+ 16), lane: Int(place) & 15)
    }
}

extension Span<Lanes> {
    /// The sum of the squares of all elements.
    @inline(__always)
    var sumOfSquares: Lanes {
        var sum = Lanes()
        for i in indices { sum += self[i] * self[i] }
        return sum
    }

    /// The sum of all elements.
    @inline(__always)
    var sum: Lanes {
        var sum = Lanes()
        for i in indices { sum += self[i] }
        return sum
    }
}

extension MutableSpan<UInt8> {
    /// Writes the lowest eight bits of each lane, one after the other.
    @inline(__always)
    mutating func store(_ bits: LaneBits, at start: Int) {
        precondition(start >= 0 && start <= count &- Lanes.count)
        // SAFETY: the sixteen bytes from `start` on are within what the span lends for writing.
        unsafe withUnsafeMutableBytes { bytes in
            unsafe bytes.storeBytes(of: lanes_narrow(bits.vector), toByteOffset: start, as: lanes_bytes.self)
        }
    }
}

extension MutableSpan<Lanes> {
    /// Takes the numbers of sixteen sub-blocks: element i gets number i of each.
    /// - Parameters:
    ///   - length: the numbers of a sub-block, a multiple of 16.
    ///   - sixteen: sixteen numbers of the sub-block of a lane, from a place in it on.
    @inline(__always)
    mutating func transpose(length: Int, _ sixteen: (_ lane: Int, _ place: Int) -> Lanes) {
        precondition(count == length && length % 16 == 0)
        for place in stride(from: 0, to: length, by: 16) {
            var rows: [16 of Lanes] = .init(repeating: Lanes())
            for lane in 0..<16 { rows[lane] = sixteen(lane, place) }
            // Each round takes a bit of the number's place to the row and a bit of the row to the place.
            for _ in 0..<4 {
                var next: [16 of Lanes] = .init(repeating: Lanes())
                for i in 0..<8 {
                    next[2 &* i] = Lanes(lanes_zip_low(rows[i].vector, rows[i &+ 8].vector))
                    next[2 &* i &+ 1] = Lanes(lanes_zip_high(rows[i].vector, rows[i &+ 8].vector))
                }
                rows = next
            }
            for i in 0..<16 { self[place &+ i] = rows[i] }
        }
    }

    /// Takes the numbers of sub-blocks of 16 that follow one another.
    @inline(__always)
    mutating func transpose(_ values: Span<Float>) {
        precondition(values.count == 256)
        transpose(length: 16) { lane, _ in Lanes(values, from: lane &* 16) }
    }

    /// Takes the numbers of sub-blocks of 32, eight of which follow one another from each of two places on.
    @inline(__always)
    mutating func transpose(_ values: Span<Float>, from starts: (first: Int, second: Int)) {
        transpose(length: 32) { lane, place in
            Lanes(values, from: (lane < 8 ? starts.first : starts.second) &+ (lane & 7) &* 32 &+ place)
        }
    }
}
