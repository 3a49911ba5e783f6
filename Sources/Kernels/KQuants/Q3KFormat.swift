import BlockTypes

/// Q3_K: sixteen sub-blocks of 16 numbers, three bits each, with signed scales of six bits (ggml-common.h,
/// `block_q3_K`): 32 bytes of third bits, 64 bytes of the lower two, 12 bytes of scales, d (binary16).
enum Q3KFormat: SuperBlockFormat {
    static var type: GGMLType { .q3K }

    /// Several searches do not wait for one another, and what is left of each goes on together.
    static var blocksAtOnce: Int { RoundRoom.groups }

    static func quantize(
        _ values: Span<Float>, importance: Span<Float>, columns: (first: Int, last: Int),
        into blocks: inout MutableSpan<UInt8>, _ room: inout RoundRoom
    ) {
        let count = values.count / 256
        precondition(count <= RoundRoom.groups && blocks.count == count &* 110)
        if importance.isEmpty { RoundSearch.search(values, &room) }
        for index in 0..<count {
            let range = index &* 16..<index &* 16 &+ 16
            var block = blocks._mutatingExtracting(index &* 110..<index &* 110 &+ 110)
            let values = values.extracting(index &* 256..<index &* 256 &+ 256)
            var scales = SixBitSigned()
            let scale: Float
            if importance.isEmpty {
                scale = scales.setRounded(room.scales[index])
            } else {
                // More than one may be of different rows.
                let column = (columns.first &+ index &* 256) % importance.count
                var numbers = room.values.mutableSpan
                var x = numbers._mutatingExtracting(range)
                x.transpose(values)
                var levels = room.levels.mutableSpan
                var part = levels._mutatingExtracting(range)
                var weights = room.weights.mutableSpan
                weights.weigh(
                    x.span, by: importance.extracting(column..<column &+ 256),
                    sigma: 2 * sumOfSquares(values) / 256)
                let found = scaled(x.span, weights: weights.span, count: 16, half: 4, room: &part)
                for i in 0..<16 { part[i] = found.levels(x[i], half: 4) }
                scale = scales.setSearched(
                    Few(found.scale, count: 16), weights: Few(weights.span.sum, count: 16))
            }
            finish(
                values, scales, scale, room.levels.span, at: room.places.span.extracting(range), into: &block)
        }
    }

    /// Writes scales, and the levels that fit them.
    @inline(__always)
    private static func finish(
        _ values: Span<Float>, _ scales: SixBitSigned, _ scale: Float, _ levels: Span<Lanes>,
        at places: Span<UInt16>, into block: inout MutableSpan<UInt8>
    ) {
        scales.store(&block, at: 96)
        let rounded = block.storeHalf(scale, at: 108)
        // Sub-blocks 2k and 2k + 1 are the 32 numbers of quarter k of half a super-block; the third bits of all
        // eight quarters are in the same 32 bytes.
        for part in 0..<2 {
            var thirds = LaneBits()
            for half in 0..<2 {
                var bits = LaneBits()
                for quarter in 0..<4 {
                    let sub = half * 8 + quarter * 2 + part
                    let subScale = rounded * Float(Int32(scales[sub]) - 32)
                    // Where a scale is 0, the levels of the search stay.
                    let sixteen =
                        subScale != 0
                        ? (Lanes(values, from: sub &* 16) / subScale).nearest(from: -4, to: 3)
                        : Lanes(of: levels, at: places[sub])
                    let level = (sixteen + 4).wholeNumbers
                    bits = bits | (level & 3) &<< (2 &* quarter)
                    thirds = thirds | (level &>> 2) &<< (4 &* half &+ quarter)
                }
                block.store(bits, at: 32 &+ half &* 32 &+ part &* 16)
            }
            block.store(thirds, at: part &* 16)
        }
    }

    static func dequantize(block: Span<UInt8>, into values: inout MutableSpan<Float>) {
        let scale = block.half(at: 108)
        let scales = SixBitSigned(block, at: 96)
        for sub in 0..<16 {
            let subScale = scale * Float(Int32(scales[sub]) - 32)
            for i in 0..<16 {
                let place = sub % 2 * 16 + i
                let low = block[32 + sub / 8 * 32 + place] >> UInt8(sub % 8 / 2 * 2) & 3
                let high = block[place] >> UInt8(sub / 2) & 1
                values[sub * 16 + i] = subScale * Float(Int32(low) - (high == 0 ? 4 : 0))
            }
        }
    }
}

/// Sixteen scales of six bits, 32 standing for 0, in the twelve bytes in which Q3_K has them.
private struct SixBitSigned {
    private var levels = SIMD16<UInt8>()

    init() {}

    init(_ bytes: Span<UInt8>, at start: Int) {
        for sub in 0..<16 {
            let low = sub < 8 ? bytes[start + sub] & 15 : bytes[start + sub - 8] >> 4
            let high = bytes[start + 8 + sub % 4] >> UInt8(sub / 4 * 2) & 3
            levels[sub] = low | high << 4
        }
    }

    subscript(index: Int) -> UInt8 { levels[index] }

    /// Rounds scales to levels from -32 to 31 of the largest.
    /// - Returns: what one level is; 0 where all are 0, and then the bytes are 0 too.
    mutating func setRounded(_ found: Lanes) -> Float {
        let peak = found.peak
        guard peak != 0 else { return 0 }
        let inverse = -32 / peak
        levels = ((inverse * found).nearest(from: -32, to: 31) + 32).wholeNumbers.bytes
        return 1 / inverse
    }

    /// Finds levels from -32 to 31 and what one is by trials, each scale counting by its weight.
    mutating func setSearched(_ found: Few, weights: Few) -> Float {
        var signed = SIMD16<Int32>()
        let unit = signedScale(found, weights: weights, half: 32, levels: &signed)
        for sub in 0..<16 { levels[sub] = UInt8(truncatingIfNeeded: signed[sub] + 32) }
        return unit
    }

    func store(_ bytes: inout MutableSpan<UInt8>, at start: Int) {
        for sub in 0..<8 {
            bytes[start + sub] = levels[sub] & 15 | levels[sub + 8] << 4
        }
        for group in 0..<4 {
            var high: UInt8 = 0
            for part in 0..<4 { high |= (levels[4 * part + group] >> 4) << UInt8(2 * part) }
            bytes[start + 8 + group] = high
        }
    }
}
