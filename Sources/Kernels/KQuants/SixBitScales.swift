/// The scales and minimums of eight sub-blocks, six bits each, in the twelve bytes in which Q4_K and Q5_K have
/// them (ggml-common.h, `block_q4_K`).
struct SixBitScales {
    /// A scale for each sub-block, 0 to 63.
    var scales = SIMD8<UInt8>()
    /// A minimum for each sub-block, 0 to 63.
    var minimums = SIMD8<UInt8>()

    /// All are 0.
    init() {}

    /// Rounds scales and minimums to levels of 63; what does not fit 8 bits is cut off before, as ggml does.
    /// - Parameter first: the lane of the first sub-block.
    init(_ found: ScaleMins, from first: Int, largestScale: Float, largestMinimum: Float) {
        let inverseScale = largestScale > 0 ? 63 / largestScale : 0
        let inverseMinimum = largestMinimum > 0 ? 63 / largestMinimum : 0
        for lane in 0..<8 {
            let scale = UInt8(truncatingIfNeeded: nearestInteger(inverseScale * found.scale[first + lane]))
            let minimum = UInt8(
                truncatingIfNeeded: nearestInteger(inverseMinimum * found.minimum[first + lane]))
            scales[lane] = min(63, scale)
            minimums[lane] = min(63, minimum)
        }
    }

    /// Takes levels that a search found: of 63, but one below 0 has the eight bits of its two's complement.
    /// - Parameter isLimited: whether what is over 63 becomes 63. If not, the first four levels' upper two bits
    ///   get into those of the last four, with which they share bytes.
    init(_ found: SIMD16<UInt8>, _ foundMinimums: SIMD16<UInt8>, isLimited: Bool) {
        for lane in 0..<8 {
            scales[lane] = isLimited ? min(63, found[lane]) : found[lane]
            minimums[lane] = isLimited ? min(63, foundMinimums[lane]) : foundMinimums[lane]
        }
        for lane in 0..<4 {
            scales[lane + 4] = (scales[lane + 4] | (scales[lane] >> 6) << 4) & 63
            minimums[lane + 4] = (minimums[lane + 4] | (minimums[lane] >> 6) << 4) & 63
            scales[lane] &= 63
            minimums[lane] &= 63
        }
    }

    /// Reads the twelve bytes at a place; any bytes are scales.
    init(_ bytes: Span<UInt8>, at start: Int) {
        for lane in 0..<4 {
            scales[lane] = bytes[start + lane] & 63
            minimums[lane] = bytes[start + 4 + lane] & 63
            let high = bytes[start + 8 + lane]
            scales[lane + 4] = (high & 15) | (bytes[start + lane] >> 6) << 4
            minimums[lane + 4] = (high >> 4) | (bytes[start + 4 + lane] >> 6) << 4
        }
    }

    /// Writes the twelve bytes at a place.
    func store(_ bytes: inout MutableSpan<UInt8>, at start: Int) {
        for lane in 0..<4 {
            bytes[start + lane] = scales[lane] & 63 | (scales[lane + 4] >> 4) << 6
            bytes[start + 4 + lane] = minimums[lane] & 63 | (minimums[lane + 4] >> 4) << 6
            bytes[start + 8 + lane] = scales[lane + 4] & 15 | (minimums[lane + 4] & 15) << 4
        }
    }
}
