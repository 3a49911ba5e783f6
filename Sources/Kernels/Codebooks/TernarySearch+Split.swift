// The pairs of places are looked at four at a time, one in each lane: the same first place and four second
// ones. Only where one of them is better than the best so far are the four gone through in their order.

extension TernarySearch {
    /// The best split of 32 elements whose numbers are all shifted the same way; `nil` if there is none.
    @inline(__always)
    func bestSplit() -> Split? {
        let count = 32
        // Sums of the first elements in the order of size, and three more for lanes past the end.
        var products: [36 of Float] = .init(repeating: 0)
        var masses: [36 of Float] = .init(repeating: 0)
        for place in 0..<count {
            let i = Int(order[place] & 31)
            products[place &+ 1] = products[place] + weights[i] * values[i]
            masses[place &+ 1] = masses[place] + weights[i]
        }
        let (up, down) = (Self.shiftedUp, Self.shiftedDown)
        var best = -Float.greatestFiniteMagnitude
        var split: Split?
        for zeros in 0...count {
            let (product, mass) = (products[zeros], masses[zeros])
            var ones = zeros
            while ones <= count {
                let (middle, upper) = (lanes(products, ones), lanes(masses, ones))
                let (middleProduct, upperProduct) = (middle - product, products[count] - middle)
                let (middleMass, upperMass) = (upper - mass, masses[count] - upper)
                let sums = (
                    up: product * up[0] + middleProduct * up[1] + upperProduct * up[2],
                    down: product * down[0] + middleProduct * down[1] + upperProduct * down[2]
                )
                let squares = (
                    up: mass * up[0] * up[0] + middleMass * up[1] * up[1] + upperMass * up[2] * up[2],
                    down: mass * down[0] * down[0] + middleMass * down[1] * down[1]
                        + upperMass * down[2] * down[2]
                )
                if any(
                    isBetter(sums.up, squares.up, best) .| isBetter(sums.down, squares.down, best))
                {
                    for lane in 0..<min(4, count &+ 1 &- ones) {
                        if let scale = better(sums.up[lane], squares.up[lane], &best) {
                            split = Split(zeros: zeros, ones: ones &+ lane, scale: scale, shifts: 0)
                        }
                        if let scale = better(sums.down[lane], squares.down[lane], &best) {
                            split = Split(zeros: zeros, ones: ones &+ lane, scale: scale, shifts: 0xFF)
                        }
                    }
                }
                ones &+= 4
            }
        }
        return split
    }

    /// The best split of 16 elements of which each half has its own shift; `nil` if there is none.
    ///
    /// As the numbers are one apart, a half's sum of products is that of all its elements times the highest
    /// number, less the sums before the two places.
    @inline(__always)
    func bestSplitOfHalves() -> Split? {
        let count = 16
        var products: [2 of [20 of Float]] = .init(repeating: .init(repeating: 0))
        var masses: [2 of [20 of Float]] = .init(repeating: .init(repeating: 0))
        for place in 0..<count {
            let i = Int(order[place] & 15)
            let half = i / 8
            products[half][place &+ 1] = products[half][place] + weights[i] * values[i]
            products[1 &- half][place &+ 1] = products[1 &- half][place]
            masses[half][place &+ 1] = masses[half][place] + weights[i]
            masses[1 &- half][place &+ 1] = masses[1 &- half][place]
        }
        let (up, down) = (Self.shiftedUp, Self.shiftedDown)
        let upSteps = (up[0] * up[0] - up[1] * up[1], up[1] * up[1] - up[2] * up[2])
        let downSteps = (down[0] * down[0] - down[1] * down[1], down[1] * down[1] - down[2] * down[2])

        var best = -Float.greatestFiniteMagnitude
        var split: Split?
        var sums: [2 of (up: SIMD4<Float>, down: SIMD4<Float>)] = .init(repeating: (.zero, .zero))
        var squares = sums
        for zeros in 0...count {
            var ones = zeros
            while ones <= count {
                for half in 0..<2 {
                    let before = products[half][zeros] + lanes(products[half], ones)
                    sums[half].up = products[half][count] * up[2] - before
                    sums[half].down = products[half][count] * down[2] - before
                    let (first, second) = (masses[half][zeros], lanes(masses[half], ones))
                    let mass = masses[half][count]
                    squares[half].up = mass * up[2] * up[2] + first * upSteps.0 + second * upSteps.1
                    squares[half].down =
                        mass * down[2] * down[2] + first * downSteps.0 + second * downSteps.1
                }
                let pairSums: [4 of SIMD4<Float>] = [
                    sums[0].up + sums[1].up, sums[0].up + sums[1].down,
                    sums[0].down + sums[1].up, sums[0].down + sums[1].down,
                ]
                let pairSquares: [4 of SIMD4<Float>] = [
                    squares[0].up + squares[1].up, squares[0].up + squares[1].down,
                    squares[0].down + squares[1].up, squares[0].down + squares[1].down,
                ]
                if any(
                    isBetter(pairSums[0], pairSquares[0], best) .| isBetter(pairSums[1], pairSquares[1], best)
                        .| isBetter(pairSums[2], pairSquares[2], best)
                        .| isBetter(pairSums[3], pairSquares[3], best))
                {
                    for lane in 0..<min(4, count &+ 1 &- ones) {
                        for pair in 0..<4 {
                            guard let scale = better(pairSums[pair][lane], pairSquares[pair][lane], &best)
                            else { continue }
                            // The pair's lower bit is the second half's shift.
                            let shifts = UInt8(pair / 2 | (pair % 2) << 1)
                            split = Split(zeros: zeros, ones: ones &+ lane, scale: scale, shifts: shifts)
                        }
                    }
                }
                ones &+= 4
            }
        }
        return split
    }
}

@inline(__always)
private func isBetter(
    _ sums: SIMD4<Float>, _ squares: SIMD4<Float>, _ best: Float
) -> SIMDMask<SIMD4<Int32>> {
    (squares .> 0) .& (sums * sums .> best * squares)
}

/// The scale fitted to a split if it is better than the best so far, which it then is.
@inline(__always)
private func better(_ sum: Float, _ square: Float, _ best: inout Float) -> Float? {
    guard square > 0, sum * sum > best * square else { return nil }
    let scale = sum / square
    best = scale * sum
    return scale
}
