import Formats

/// Which weights of a row become zero.
package enum Sparsity: Hashable, Sendable {
    /// So many thousandths of each row, rounded down to whole weights: those of the lowest scores.
    case thousandths(Int)
    /// At most so many of each group of neighbours stay (N:M): those of the highest scores.
    case groups(kept: Int, of: Int)

    /// The patterns that kernels have: 2:4, and 4:8.
    package static let patterns: [Sparsity] = [.groups(kept: 2, of: 4), .groups(kept: 4, of: 8)]

    /// Reads "0.3", "2:4" or "4:8"; `nil` for anything else, and for what is not between 0 and 1 or has more than
    /// three decimals.
    package init?(text: String) {
        if let pattern = Self.patterns.first(where: { $0.text.hasSameBytes(as: text) }) {
            self = pattern
            return
        }
        let digits = Array(text.utf8)
        guard (3...5).contains(digits.count), digits[0] == UInt8(ascii: "0"), digits[1] == UInt8(ascii: ".")
        else { return nil }
        var number = 0
        for place in 2..<5 {
            let digit = place < digits.count ? digits[place] : UInt8(ascii: "0")
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            number = number * 10 + Int(digit - UInt8(ascii: "0"))
        }
        guard number > 0 else { return nil }
        self = .thousandths(number)
    }

    /// "0.3" or "2:4".
    package var text: String {
        switch self {
        case .groups(let kept, let size): return "\(kept):\(size)"
        case .thousandths(let number):
            var digits = String(String(1000 + number).dropFirst())
            while digits.last == "0" { digits.removeLast() }
            return "0." + digits
        }
    }

    /// Whether rows of a length can be pruned: whole groups of it.
    package func fits(rowLength: Int) -> Bool {
        switch self {
        case .groups(_, let size): rowLength.isMultiple(of: size)
        case .thousandths: true
        }
    }

    /// Sets weights of whole rows to zero.
    ///
    /// A weight's score is its absolute value times the root of its column's importance (Sun et al. 2023, "A Simple and
    /// Effective Pruning Approach for Large Language Models"), in 64 bits; of equal scores the earlier goes first.
    /// - Parameters:
    ///   - bytes: the weights as they are stored, of which zeros of all bytes become the number 0.
    ///   - floats: the same weights.
    ///   - rowLength: divides the number of weights, and ``fits(rowLength:)``.
    ///   - roots: the root of each column's importance, `rowLength` numbers; empty where all count the same.
    package func prune(
        _ bytes: inout MutableSpan<UInt8>, _ floats: Span<Float>, rowLength: Int, roots: Span<Double>
    ) {
        precondition(rowLength > 0 && floats.count.isMultiple(of: rowLength))
        precondition(roots.isEmpty || roots.count == rowLength)
        let (size, length, zeros): (Int, Int, Int) =
            switch self {
            case .groups(let kept, let size): (bytes.count / max(1, floats.count), size, size - kept)
            case .thousandths(let number):
                (bytes.count / max(1, floats.count), rowLength, rowLength * number / 1000)
            }
        var scores = [(score: Double, place: Int)](repeating: (0, 0), count: length)
        var start = 0
        while start < floats.count {
            let column = start % rowLength
            for index in 0..<length {
                let root = roots.isEmpty ? 1 : roots[column + index]
                // What is no number has no place in an order, and is kept.
                let score = Double(floats[start + index].magnitude) * root
                scores[index] = (score.isNaN ? .infinity : score, index)
            }
            scores.sort { ($0.score, $0.place) < ($1.score, $1.place) }
            for index in 0..<zeros {
                let first = (start + scores[index].place) * size
                for place in first..<first + size { bytes[place] = 0 }
            }
            start += length
        }
    }
}
