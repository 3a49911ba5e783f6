/// What was probably meant by a misspelt word.
package enum Suggestion {
    /// The candidate with the least edit distance, if it is small for the word's length; of equally
    /// near ones the first. Case and the difference between '-', '_' and ' ' do not count.
    package static func nearest(to word: String, among candidates: [String]) -> String? {
        // Longer words are no misspelling of a key, and the distance takes quadratic time.
        guard !word.isEmpty, word.utf8.count <= 64 else { return nil }
        let folded = fold(word)
        // "q4km" is "Q4_K_M": marks between parts are left out more often than letters.
        let plain = folded.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ".") }
        if !plain.isEmpty,
            let same = candidates.first(where: { other in
                fold(other).filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ".") } == plain
            })
        {
            return same
        }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let other = fold(candidate)
            guard !isAnotherCode(folded, other) else { continue }
            let distance = distance(folded, other)
            guard distance <= max(1, min(folded.count, other.count) / 3) else { continue }
            if distance < best?.distance ?? Int.max { best = (candidate, distance) }
        }
        if let best { return best.candidate }
        // The beginning of one word, and of no other but longer ones of that.
        let beginning = candidates.filter { fold($0).starts(with: folded) }
        guard folded.count > 1, let shortest = beginning.min(by: { $0.utf8.count < $1.utf8.count }),
            beginning.count == 1
                || (isCode(folded) && beginning.allSatisfy { fold($0).starts(with: fold(shortest)) })
        else { return nil }
        return shortest
    }

    /// Whether a word is short and of letters and digits, as names of devices and types are: "t4", "v100".
    private static func isCode(_ word: [UInt8]) -> Bool {
        word.count <= 4 && word.contains(where: \.isASCIIDigit) && !word.allSatisfy(\.isASCIIDigit)
    }

    /// Whether a code differs from another one in a letter that is in the place of another letter: "t4" is not a
    /// misspelt "l4".
    private static func isAnotherCode(_ word: [UInt8], _ other: [UInt8]) -> Bool {
        guard isCode(word), word.count == other.count, word.sorted() != other.sorted() else { return false }
        return zip(word, other).contains { $0 != $1 && isLetter($0) && isLetter($1) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    private static func fold(_ word: String) -> [UInt8] {
        word.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
            case UInt8(ascii: "_"), UInt8(ascii: " "): UInt8(ascii: "-")
            default: byte
            }
        }
    }

    /// The number of insertions, deletions, replacements and swaps of neighbours between two words.
    package static func distance(_ from: [UInt8], _ to: [UInt8]) -> Int {
        var beforeLast = [Int](repeating: 0, count: to.count + 1)
        var last = Array(0...to.count)
        for row in from.indices {
            var current = [row + 1]
            for column in to.indices {
                let same = from[row] == to[column]
                var cost = min(last[column + 1] + 1, current[column] + 1, last[column] + (same ? 0 : 1))
                if row > 0, column > 0, from[row] == to[column - 1], from[row - 1] == to[column] {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforeLast, last) = (last, current)
        }
        return last[to.count]
    }
}
