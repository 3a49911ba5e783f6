/// A number of 32 bits, or several side by side that go the same way.
protocol BLAKE3Word {
    /// The number, in every lane.
    init(_ number: UInt32)
    /// The sum modulo 2^32.
    static func &+ (left: Self, right: Self) -> Self
    /// The bits that only one of both has.
    static func ^ (left: Self, right: Self) -> Self
    /// The bits moved down by `count`, those that fall out put back at the top.
    func turned(_ count: UInt32) -> Self
}

extension UInt32: BLAKE3Word {
    @inline(__always) func turned(_ count: UInt32) -> UInt32 { self &>> count | self &<< (32 &- count) }
}

extension SIMD4<UInt32>: BLAKE3Word {
    @inline(__always) init(_ number: UInt32) { self.init(repeating: number) }

    // With "|" for the sum, Swift 6.3 makes four turns of single numbers of it.
    @inline(__always) func turned(_ count: UInt32) -> SIMD4<UInt32> {
        self &>> SIMD4(repeating: count) &+ self &<< SIMD4(repeating: 32 &- count)
    }
}

extension BLAKE3 {
    /// The compression function (section 2.2), of one block or of a block in each lane.
    @inline(__always)
    static func compress<Word: BLAKE3Word>(
        _ value: InlineArray<8, Word>, _ message: Message<Word>, counterLow: Word, counterHigh: Word,
        length: UInt32, flags: Flags
    ) -> InlineArray<8, Word> {
        var state = State<Word>(
            v0: value[0], v1: value[1], v2: value[2], v3: value[3],
            v4: value[4], v5: value[5], v6: value[6], v7: value[7],
            v8: Word(0x6A09_E667), v9: Word(0xBB67_AE85), v10: Word(0x3C6E_F372), v11: Word(0xA54F_F53A),
            v12: counterLow, v13: counterHigh, v14: Word(length), v15: Word(flags.rawValue))
        var message = message
        state.mix(message)
        // Seven rounds are written out, so that moving the words about costs nothing.
        message.permute()
        state.mix(message)
        message.permute()
        state.mix(message)
        message.permute()
        state.mix(message)
        message.permute()
        state.mix(message)
        message.permute()
        state.mix(message)
        message.permute()
        state.mix(message)
        return [
            state.v0 ^ state.v8, state.v1 ^ state.v9, state.v2 ^ state.v10, state.v3 ^ state.v11,
            state.v4 ^ state.v12, state.v5 ^ state.v13, state.v6 ^ state.v14, state.v7 ^ state.v15,
        ]
    }

    /// The sixteen words of the state.
    struct State<Word: BLAKE3Word> {
        /// In the order of the specification, by rows.
        var v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15: Word

        /// One round: the columns, then the diagonals.
        @inline(__always)
        mutating func mix(_ m: Message<Word>) {
            Self.quarter(&v0, &v4, &v8, &v12, m.w0, m.w1)
            Self.quarter(&v1, &v5, &v9, &v13, m.w2, m.w3)
            Self.quarter(&v2, &v6, &v10, &v14, m.w4, m.w5)
            Self.quarter(&v3, &v7, &v11, &v15, m.w6, m.w7)
            Self.quarter(&v0, &v5, &v10, &v15, m.w8, m.w9)
            Self.quarter(&v1, &v6, &v11, &v12, m.w10, m.w11)
            Self.quarter(&v2, &v7, &v8, &v13, m.w12, m.w13)
            Self.quarter(&v3, &v4, &v9, &v14, m.w14, m.w15)
        }

        @inline(__always)
        private static func quarter(
            _ a: inout Word, _ b: inout Word, _ c: inout Word, _ d: inout Word, _ x: Word, _ y: Word
        ) {
            a = a &+ b &+ x
            d = (d ^ a).turned(16)
            c = c &+ d
            b = (b ^ c).turned(12)
            a = a &+ b &+ y
            d = (d ^ a).turned(8)
            c = c &+ d
            b = (b ^ c).turned(7)
        }
    }

    /// The sixteen words of a block, or of a block in each lane.
    struct Message<Word: BLAKE3Word> {
        /// In the order of the bytes that they were read from.
        var w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15: Word

        /// The order of the next round (table 2 of the specification).
        @inline(__always)
        mutating func permute() {
            (w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15) =
                (w2, w6, w3, w10, w7, w0, w4, w13, w1, w11, w12, w5, w9, w14, w15, w8)
        }

        /// Asks for the words by their numbers, 0 to 15.
        @inline(__always)
        init(_ word: (Int) -> Word) {
            w0 = word(0)
            w1 = word(1)
            w2 = word(2)
            w3 = word(3)
            w4 = word(4)
            w5 = word(5)
            w6 = word(6)
            w7 = word(7)
            w8 = word(8)
            w9 = word(9)
            w10 = word(10)
            w11 = word(11)
            w12 = word(12)
            w13 = word(13)
            w14 = word(14)
            w15 = word(15)
        }
    }
}

extension BLAKE3.Message<UInt32> {
    /// The block at an offset, of which `length` bytes are there; the others are zero.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, at offset: Int, length: Int) {
        self.init { index in
            // SAFETY: callers give an offset and a length inside of the buffer; a word of which not all bytes are
            // there is read byte by byte.
            if 4 * index + 4 <= length {
                return unsafe UInt32(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: offset &+ 4 &* index, as: UInt32.self))
            }
            var word: UInt32 = 0
            for byte in 0..<max(0, length - 4 * index) {
                unsafe word |= UInt32(bytes[offset + 4 * index + byte]) << UInt32(8 * byte)
            }
            return word
        }
    }
}

extension BLAKE3.Message<SIMD4<UInt32>> {
    /// A whole block for each lane, `offset` bytes behind the lane's place.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, at places: InlineArray<4, Int>, offset: Int) {
        self.init { index in
            // SAFETY: callers give places that 64 bytes follow in the buffer behind `offset`.
            let word = { (lane: Int) -> UInt32 in
                unsafe UInt32(
                    littleEndian: bytes.loadUnaligned(
                        fromByteOffset: places[lane] &+ offset &+ 4 &* index, as: UInt32.self))
            }
            return SIMD4(word(0), word(1), word(2), word(3))
        }
    }
}
