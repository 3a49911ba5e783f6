/// A few numbers, at most sixteen.
struct Few {
    /// The numbers, and others behind them. Functions that go through them lend them: an array of this kind is copied
    /// wherever an element is taken out.
    let numbers: [16 of Float]
    /// The places of the numbers.
    let indices: Range<Int>

    /// Takes the numbers of neighbouring lanes.
    @inline(__always)
    init(_ lanes: Lanes, from first: Int = 0, count: Int) {
        numbers = .init { $0 < count ? lanes[first + $0] : 0 }
        indices = 0..<count
    }

    /// One of the numbers.
    @inline(__always)
    subscript(index: Int) -> Float { numbers[index] }
}

/// A scale and levels from 0 to `most` for numbers that are not negative, of which each counts by its weight
/// (ggml's `make_qp_quants`): nine trials, then single levels are changed in up to five rounds.
/// - Parameter levels: gets a level for each; what does not fit 8 bits is cut off, as ggml does.
/// - Returns: the scale.
func positiveScale(_ values: Few, weights: Few, most: Float, _ levels: inout SIMD16<UInt8>) -> Float {
    let (all, counts) = (values.numbers, weights.numbers)
    let (values, weights) = (
        all.span.extracting(values.indices), counts.span.extracting(values.indices)
    )
    var largest: Float = 0
    for index in values.indices { largest = largest > values[index] ? largest : values[index] }
    guard !(largest < smallestMagnitude) else {
        levels = SIMD16()
        return 0
    }
    var inverse = most / largest
    for index in values.indices {
        levels[index] = UInt8(truncatingIfNeeded: nearestInteger(inverse * values[index]))
    }
    let scale = 1 / inverse
    var best: Float = 0
    for index in values.indices {
        let difference = values[index] - scale * Float(levels[index])
        best += weights[index] * difference * difference
    }
    for step in -4...4 where step != 0 {
        let trial = (0.1 * Float(step) + most) / largest
        let scale = 1 / trial
        var error: Float = 0
        for index in values.indices {
            let level = min(nearestInteger(trial * values[index]), Int32(most))
            let difference = values[index] - scale * Float(level)
            error += weights[index] * difference * difference
        }
        if error < best { (best, inverse) = (error, trial) }
    }
    var products: Float = 0
    var squares: Float = 0
    for index in values.indices {
        let level = min(nearestInteger(inverse * values[index]), Int32(most))
        levels[index] = UInt8(truncatingIfNeeded: level)
        products += weights[index] * values[index] * Float(level)
        squares += weights[index] * Float(level) * Float(level)
    }
    for _ in 0..<5 {
        var changed = false
        for index in values.indices {
            let (weight, value, level) = (weights[index], values[index], Float(levels[index]))
            var newProducts = products - weight * value * level
            var newSquares = squares - weight * level * level
            guard newProducts > 0, newSquares > 0 else { continue }
            let newLevel = min(nearestInteger(value * newSquares / newProducts), Int32(most))
            guard newLevel != Int32(levels[index]) else { continue }
            newProducts += weight * value * Float(newLevel)
            newSquares += weight * Float(newLevel) * Float(newLevel)
            if newProducts * newProducts * squares > products * products * newSquares {
                levels[index] = UInt8(truncatingIfNeeded: newLevel)
                (products, squares) = (newProducts, newSquares)
                changed = true
            }
        }
        if !changed { break }
    }
    return squares > 0 ? products / squares : 0
}
