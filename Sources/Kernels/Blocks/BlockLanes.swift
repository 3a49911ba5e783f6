/// 32 numbers of each of eight blocks: lane k of element i is number i of block k.
package typealias Lanes32 = [32 of Lanes]

/// Levels of eight blocks, with what one level is.
package struct BlockScales {
    /// The level of each number, a whole one.
    var levels = Lanes32(repeating: Lanes())
    /// What one level is, a number for each block.
    var scale = Lanes()
    /// The negative of the least value, if there is one.
    var minimum = Lanes()
}

/// Finds a scale and a minimum for each of eight blocks of 32.
@inline(__always)
func scaleMin(
    _ x: borrowing Lanes32, weights: borrowing Lanes32, _ trials: ScaleMinTrials
) -> BlockScales {
    var result = BlockScales()
    var room = Lanes32(repeating: Lanes())
    var levels = result.levels.mutableSpan
    var tried = room.mutableSpan
    let found = scaleMin(
        x.span, weights: weights.span, count: 32, trials, levels: &levels, tried: &tried)
    result.scale = found.scale
    result.minimum = found.minimum
    return result
}

/// Finds a scale for each of eight blocks of 32, with levels from `-half` to `half - 1`.
@inline(__always)
package func scaled(_ x: borrowing Lanes32, weights: borrowing Lanes32, half: Float) -> BlockScales {
    var result = BlockScales()
    var space = Lanes32(repeating: Lanes())
    var levels = result.levels.mutableSpan
    var room = space.mutableSpan
    let scale = scaled(
        x.span, weights: weights.span, count: 32, half: half, levels: &levels, room: &room)
    result.scale = scale
    return result
}

/// The number of the largest magnitude of each lane, the first of equal ones, and that magnitude.
@inline(__always)
package func largest(_ x: borrowing Lanes32) -> (value: Lanes, magnitude: Lanes) { largest(x.span) }
