/// The nearest integer, the even one of two, as ggml finds it (`nearest_int` in ggml-quants.c).
///
/// From -2^22 up to 2^22 the sum with 1.5 * 2^23 has the integer in its lowest bits. Beyond, and for NaN, the
/// result has no meaning, but it is the same everywhere.
@inline(__always)
func nearestInteger(_ value: Float) -> Int32 {
    Int32(truncatingIfNeeded: (value + 12_582_912).bitPattern & 0x7F_FFFF) &- 0x40_0000
}

/// The nearest integer of each lane.
@inline(__always)
func nearestInteger(_ values: SIMD4<Float>) -> SIMD4<Int32> {
    let sums = values + 12_582_912
    // Lane by lane because there is no other safe way from floats to their bits; it costs no instruction.
    let bits = SIMD4(sums[0].bitPattern, sums[1].bitPattern, sums[2].bitPattern, sums[3].bitPattern)
    return SIMD4<Int32>(truncatingIfNeeded: bits & 0x7F_FFFF) &- 0x40_0000
}
