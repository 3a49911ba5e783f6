/// What the search by rounds works in, kept from one sixteen of super-blocks to the next.
///
/// Groups are sixteen sub-blocks of 16 numbers, one in each lane: those of a super-block, and behind all of these groups
/// the sub-blocks that more than one round changes.
struct RoundRoom: KernelRoom {
    /// How many super-blocks are searched at once.
    static var groups: Int { 16 }

    /// The numbers of each group, number i of each sub-block in element i.
    var values: [512 of Lanes] = .init(repeating: Lanes())
    /// The levels of these.
    var levels: [512 of Lanes] = .init(repeating: Lanes())
    /// The scale of each sub-block of each super-block.
    var scales: [16 of Lanes] = .init(repeating: Lanes())
    /// How much the numbers of one group count.
    var weights: [16 of Lanes] = .init(repeating: Lanes())
    /// For each sub-block of the super-blocks that of all groups where its levels are.
    var places: [256 of UInt16] = .init { UInt16(truncatingIfNeeded: $0) }

    /// The sums of weighted numbers times levels, and of weighted squares of levels.
    fileprivate var products: [32 of Lanes] = .init(repeating: Lanes())
    fileprivate var squares: [32 of Lanes] = .init(repeating: Lanes())
    /// What a round changed.
    fileprivate var changes: [32 of LaneBits] = .init(repeating: LaneBits())
    /// Where all numbers are zero.
    fileprivate var zeros: [16 of UInt32] = .init(repeating: 0)
    /// The sub-blocks that go on after the first round.
    fileprivate var rest: [256 of UInt16] = .init(repeating: 0)

    /// Room of any content.
    init() {}
}

/// Finds scales of sub-blocks of 16 for levels from -4 to 3: from the one that the largest number gives by changing
/// single levels, in up to five rounds, while that is better (ggml's `make_q3_quants`).
///
/// Each change waits for the one before it. What is found for other sub-blocks meanwhile takes no time of its own. The
/// first round changes about every fifth sub-block of ordinary weights: these go on together.
enum RoundSearch {
    private static let half: Float = 4

    /// Searches super-blocks.
    /// - Parameters:
    ///   - rows: of up to ``RoundRoom/groups`` super-blocks.
    ///   - room: gets scales, levels, and the places of these. The levels of a sub-block of zeros are -4, its scale is 0.
    static func search(_ rows: Span<Float>, _ room: inout RoundRoom) {
        let groups = rows.count / 256
        precondition(groups <= RoundRoom.groups && rows.count % 256 == 0)
        var values = room.values.mutableSpan
        var levels = room.levels.mutableSpan
        var products = room.products.mutableSpan
        var squares = room.squares.mutableSpan
        var changes = room.changes.mutableSpan
        var zeros = room.zeros.mutableSpan
        // As many at a time as do not wait for the processor.
        let together = 8 / Lanes.registers
        for first in stride(from: 0, to: groups, by: together) {
            let some = first..<min(groups, first &+ together)
            for group in some {
                let range = group &* 16..<group &* 16 &+ 16
                var x = values._mutatingExtracting(range)
                x.transpose(rows.extracting(group &* 256..<group &* 256 &+ 256))
                var own = levels._mutatingExtracting(range)
                zeros[group] = start(x.span, &own, &products[group], &squares[group])
            }
            round(some, values.span, &levels, &products, &squares, &changes)
        }

        var rest = room.rest.mutableSpan
        var places = room.places.mutableSpan
        let count = list(groups, changes.span, zeros.span, &rest, &places)
        let all = RoundRoom.groups..<RoundRoom.groups &+ (count &+ 15) / 16
        for group in all {
            let start = (group &- RoundRoom.groups) &* 16
            var subs: [16 of UInt16] = .init(repeating: 0)
            // Lanes behind the last have the last once more.
            for lane in 0..<16 { subs[lane] = rest[min(start &+ lane, count &- 1)] }
            copy(subs, to: group, of: rows, &values, &levels, &products, &squares)
        }
        var end = all.upperBound
        for _ in 1..<5 where end > all.lowerBound {
            round(all.lowerBound..<end, values.span, &levels, &products, &squares, &changes)
            // What a round does not change is finished.
            while end > all.lowerBound, !LaneMask(bits: changes[end &- 1].vector).hasAny { end &-= 1 }
        }
        // The sums go back to the super-blocks.
        for index in 0..<count {
            let (old, lane) = (Int(rest[index]) / 16, Int(rest[index]) & 15)
            let (group, place) = (RoundRoom.groups &+ index / 16, index & 15)
            products[old][lane] = products[group][place]
            squares[old][lane] = squares[group][place]
        }
        var scales = room.scales.mutableSpan
        for group in 0..<groups {
            var scale = Lanes()
            scale.replace(with: products[group] / squares[group], where: squares[group] .> 0)
            if zeros[group] != 0 {
                let isZero = LaneMask(lanes: zeros[group])
                scale.replace(with: 0, where: isZero)
                for i in 0..<16 { levels[group &* 16 &+ i].replace(with: -half, where: isZero) }
            }
            scales[group] = scale
        }
    }

    /// The levels and sums that the largest number gives.
    /// - Returns: a bit for each sub-block of zeros.
    @inline(__always)
    private static func start(
        _ x: Span<Lanes>, _ levels: inout MutableSpan<Lanes>, _ products: inout Lanes, _ squares: inout Lanes
    ) -> UInt32 {
        precondition(x.count == 16 && levels.count == 16)
        let (peak, magnitude) = largest(x)
        let inverse = -half / peak
        var (product, square) = (Lanes(), Lanes())
        for i in 0..<16 {
            let level = (inverse * x[i]).nearest(from: -half, to: half - 1)
            levels[i] = level
            let weight = x[i] * x[i]
            product += weight * x[i] * level
            square += weight * level * level
        }
        (products, squares) = (product, square)
        return (magnitude .< smallestMagnitude).lanes
    }

    /// One round of groups that follow one another.
    @inline(__always)
    private static func round(
        _ groups: Range<Int>, _ values: Span<Lanes>, _ levels: inout MutableSpan<Lanes>,
        _ products: inout MutableSpan<Lanes>, _ squares: inout MutableSpan<Lanes>,
        _ changes: inout MutableSpan<LaneBits>
    ) {
        for group in groups { changes[group] = LaneBits() }
        for i in 0..<16 {
            for group in groups {
                let place = group &* 16 &+ i
                let (x, level, product, square) = (
                    values[place], levels[place], products[group], squares[group]
                )
                let weight = x * x
                let weighted = weight * x
                var newProduct = product - weighted * level
                var newSquare = square - weight * level * level
                let candidate = (x * newSquare / newProduct).nearest(from: -half, to: half - 1)
                // Sub-blocks of zeros may change, too: they get other levels at the end.
                let isOther = (newProduct .> 0) .& (candidate .!= level)
                newProduct += weighted * candidate
                newSquare += weight * candidate * candidate
                let isBetter =
                    isOther .& (newSquare .> 0)
                    .& (newProduct * newProduct * square .> product * product * newSquare)
                levels[place] = level.replacing(with: candidate, where: isBetter)
                products[group] = product.replacing(with: newProduct, where: isBetter)
                squares[group] = square.replacing(with: newSquare, where: isBetter)
                changes[group] = changes[group] | LaneBits(isBetter)
            }
        }
    }

    /// Lists the sub-blocks that the first round changed, which get places of their own.
    /// - Returns: how many there are.
    @inline(__always)
    private static func list(
        _ groups: Int, _ changes: Span<LaneBits>, _ zeros: Span<UInt32>, _ rest: inout MutableSpan<UInt16>,
        _ places: inout MutableSpan<UInt16>
    ) -> Int {
        var count = 0
        for group in 0..<groups {
            let first = group &* 16
            for lane in 0..<16 { places[first &+ lane] = UInt16(truncatingIfNeeded: first &+ lane) }
            var changed = LaneMask(bits: changes[group].vector).lanes & ~zeros[group]
            while changed != 0 {
                let sub = first &+ changed.trailingZeroBitCount
                rest[count] = UInt16(truncatingIfNeeded: sub)
                places[sub] = UInt16(truncatingIfNeeded: 16 &* RoundRoom.groups &+ count)
                count &+= 1
                changed &= changed &- 1
            }
        }
        return count
    }

    /// Makes a group of sub-blocks of any super-blocks.
    @inline(__always)
    private static func copy(
        _ subs: [16 of UInt16], to group: Int, of rows: Span<Float>, _ values: inout MutableSpan<Lanes>,
        _ levels: inout MutableSpan<Lanes>, _ products: inout MutableSpan<Lanes>,
        _ squares: inout MutableSpan<Lanes>
    ) {
        var own: [16 of Lanes] = .init(repeating: Lanes())
        var (product, square) = (Lanes(), Lanes())
        for lane in 0..<16 {
            let (old, place) = (Int(subs[lane]) / 16, Int(subs[lane]) & 15)
            own[lane] = Lanes(of: levels.span, at: subs[lane])
            product[lane] = products[old][place]
            square[lane] = squares[old][place]
        }
        (products[group], squares[group]) = (product, square)
        let range = group &* 16..<group &* 16 &+ 16
        var newLevels = levels._mutatingExtracting(range)
        newLevels.transpose(length: 16) { lane, _ in own[lane] }
        var newValues = values._mutatingExtracting(range)
        newValues.transpose(length: 16) { lane, _ in Lanes(rows, from: Int(subs[lane]) &* 16) }
    }
}
