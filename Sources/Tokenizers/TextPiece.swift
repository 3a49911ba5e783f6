/// A part of a text on its way to tokens.
struct TextPiece: Sendable {
    /// The text, as far as it is normalized.
    var scalars: [Unicode.Scalar]
    /// How many of the first scalars come from the beginning of the whole text: some steps treat it apart.
    var leading: Int
    /// The token that it is already; such a piece is not changed any more.
    var token: Int?

    /// A part of a text whose first `leading` scalars come from its beginning.
    init(_ scalars: [Unicode.Scalar], leading: Int, token: Int? = nil) {
        self.scalars = scalars
        self.leading = leading
        self.token = token
    }

    /// A part of it.
    func slice(_ range: Range<Int>) -> TextPiece {
        TextPiece(Array(scalars[range]), leading: max(0, min(leading - range.lowerBound, range.count)))
    }

    /// Puts scalars before the first one, if there is one.
    mutating func prepend(_ added: [Unicode.Scalar]) {
        if scalars.isEmpty { return }
        scalars.insert(contentsOf: added, at: 0)
        if leading > 0 { leading += added.count }
    }

    /// Replaces ranges, which are in order, by the same scalars each.
    mutating func replace(_ ranges: [Range<Int>], by content: [Unicode.Scalar]) {
        guard !ranges.isEmpty else { return }
        var result: [Unicode.Scalar] = []
        var newLeading = 0
        var last = 0
        for range in ranges {
            result += scalars[last..<range.lowerBound]
            newLeading += max(0, min(leading, range.lowerBound) - last)
            // What is put in counts as coming from where the last scalar before its end came from.
            if range.upperBound == 0 || range.upperBound <= leading { newLeading += content.count }
            result += content
            last = range.upperBound
        }
        result += scalars[last...]
        newLeading += max(0, leading - last)
        scalars = result
        leading = newLeading
    }

    /// Maps every scalar to any number of scalars.
    mutating func map(_ transform: (Unicode.Scalar, inout [Unicode.Scalar]) -> Void) {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(scalars.count)
        var newLeading = leading
        for (index, scalar) in scalars.enumerated() {
            transform(scalar, &result)
            if index == leading - 1 { newLeading = result.count }
        }
        scalars = result
        leading = newLeading
    }
}

/// What becomes of the matches at which a text is split.
enum SplitBehavior: String, Sendable {
    /// They are left out.
    case removed = "Removed"
    /// Each is a piece.
    case isolated = "Isolated"
    /// Neighbours make one piece.
    case contiguous = "Contiguous"
    /// Each ends the piece before it.
    case mergedWithPrevious = "MergedWithPrevious"
    /// Each begins the piece behind it.
    case mergedWithNext = "MergedWithNext"
}

extension TextPiece {
    /// Splits at matches, which are in order.
    /// - Parameter invert: whether what is between the matches counts as the matches.
    func split(at matches: [Range<Int>], _ behavior: SplitBehavior, invert: Bool = false) -> [TextPiece] {
        var parts: [(range: Range<Int>, isMatch: Bool)] = []
        var last = 0
        for match in matches {
            if last < match.lowerBound { parts.append((last..<match.lowerBound, invert)) }
            parts.append((match, !invert))
            last = match.upperBound
        }
        if last < scalars.count { parts.append((last..<scalars.count, invert)) }
        return Self.ranges(parts, behavior).filter { !$0.isEmpty }.map { slice($0) }
    }

    private static func ranges(
        _ parts: [(range: Range<Int>, isMatch: Bool)], _ behavior: SplitBehavior
    ) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var wasMatch = false
        func join(_ other: Range<Int>) {
            guard let last = result.popLast() else {
                result.append(other)
                return
            }
            result.append(min(last.lowerBound, other.lowerBound)..<max(last.upperBound, other.upperBound))
        }
        switch behavior {
        case .removed: return parts.filter { !$0.isMatch }.map { $0.range }
        case .isolated: return parts.map { $0.range }
        case .contiguous:
            for (range, isMatch) in parts {
                if isMatch == wasMatch { join(range) } else { result.append(range) }
                wasMatch = isMatch
            }
            return result
        case .mergedWithPrevious:
            for (range, isMatch) in parts {
                if isMatch, !wasMatch { join(range) } else { result.append(range) }
                wasMatch = isMatch
            }
            return result
        case .mergedWithNext:
            for (range, isMatch) in parts.reversed() {
                if isMatch, !wasMatch { join(range) } else { result.append(range) }
                wasMatch = isMatch
            }
            return result.reversed()
        }
    }
}
