/// A part of a model's name, between two hyphens, and what it looks like.
struct NamePart: Equatable {
    /// The characters, of which there is one at least.
    private(set) var scalars: [Unicode.Scalar]

    /// Takes the characters.
    init(_ scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    /// The part as text.
    var text: String { String(scalars: scalars) }

    // MARK: What it looks like

    /// `(v|iter)?\d+([.]\d+)*`
    var isVersion: Bool {
        isNumbers(from: 0) || (startsWith("v") && isNumbers(from: 1))
            || (startsWith("iter") && isNumbers(from: 4))
    }

    /// `v\d+(\.\d+)*`, with a small v.
    var isLowVersion: Bool { scalars.first == "v" && isNumbers(from: 1) }

    /// The type of quantized or other tensors: `i?q\d(_\w)*|b?fp?(16|32)`
    var isType: Bool {
        var rest = scalars[...]
        if rest.first?.folded == "b" { rest = rest.dropFirst() }
        if rest.first?.folded == "f" {
            rest = rest.dropFirst()
            if rest.first?.folded == "p" { rest = rest.dropFirst() }
            return rest.elementsEqual("16".unicodeScalars) || rest.elementsEqual("32".unicodeScalars)
        }
        rest = scalars[...]
        if rest.first?.folded == "i" { rest = rest.dropFirst() }
        guard rest.count >= 2, rest.removeFirst().folded == "q", rest.removeFirst().isPythonDecimal else {
            return false
        }
        guard rest.count.isMultiple(of: 2) else { return false }
        return rest.enumerated().allSatisfy { $0.isMultiple(of: 2) ? $1 == "_" : $1.isPythonWord }
    }

    /// `(([A]|\d+[x])?\d+([._]\d+)?[KMBT][\d]?|small|mini|medium|large|x?xl)`
    var isSize: Bool {
        if ["small", "mini", "medium", "large", "xl", "xxl"].contains(where: { scalars.isWord($0) }) {
            return true
        }
        var end = scalars[0].folded == "a" ? 1 : digitsEnd(0)
        if end > 0, end < scalars.count, scalars[0].folded != "a", scalars[end].folded == "x" {
            end += 1
        } else if scalars[0].folded != "a" {
            end = 0
        }
        let start = end
        end = digitsEnd(start)
        guard end > start, end < scalars.count else { return false }
        if scalars[end] == "." || scalars[end] == "_" {
            let fraction = end + 1
            end = digitsEnd(fraction)
            guard end > fraction, end < scalars.count else { return false }
        }
        guard ["k", "m", "b", "t"].contains(scalars[end].folded) else { return false }
        let rest = scalars[(end + 1)...]
        return rest.isEmpty || (rest.count == 1 && rest.allSatisfy(\.isPythonDecimal))
    }

    private func startsWith(_ letters: StaticString) -> Bool {
        scalars.lazy.map(\.folded).starts(with: letters.description.unicodeScalars)
    }

    /// Whether numbers with points between them are all that comes from a place on.
    private func isNumbers(from start: Int) -> Bool {
        guard start < scalars.count else { return false }
        return scalars[start...].split(separator: ".", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && $0.allSatisfy(\.isPythonDecimal)
        }
    }

    /// The place behind the digits that start at a place.
    private func digitsEnd(_ start: Int) -> Int {
        scalars[min(start, scalars.count)...].firstIndex { !$0.isPythonDecimal } ?? scalars.count
    }

    // MARK: Sizes

    /// Writes a size as all do: with a point, "7b1" as "7.1B", the unit behind a digit in upper case.
    mutating func normalizeSize() {
        scalars = scalars.map { $0 == "_" ? "." : $0 }
        guard scalars.count >= 2 else { return }
        if scalars[scalars.count - 1].isPythonDecimal {
            let digit = scalars.removeLast()
            let unit = scalars.removeLast()
            scalars += [".", digit, unit]
        }
        if scalars[scalars.count - 2].isPythonDecimal, let unit = scalars.last,
            ("a"..."z").contains(unit)
        {
            scalars[scalars.count - 1] = Unicode.Scalar(UInt8(truncatingIfNeeded: unit.value & 0x5F))
        }
    }

    /// The number that a normalized size is; `nil` where it is a word or of experts ("8x7B", "A3B").
    var size: Double? {
        let factors: [Unicode.Scalar: Double] = ["K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12]
        var digits = ""
        for scalar in scalars.dropLast() {
            if scalar == "." {
                digits += "."
            } else if scalar.isPythonDecimal, let value = scalar.properties.numericValue {
                digits += String(Int(value))
            } else {
                return nil
            }
        }
        guard let unit = scalars.last, let number = Double(digits) else { return nil }
        return number * (factors[unit] ?? 1e-3)
    }

    /// Writes the unit of a size in lower case.
    mutating func lowercaseUnit() {
        if let unit = scalars.popLast() { scalars.append(unit.folded) }
    }

    /// Writes all in upper case.
    mutating func uppercase() {
        scalars = scalars.flatMap { Array($0.properties.uppercaseMapping.unicodeScalars) }
    }
}
