/// The normalization forms of Unicode Standard Annex 15.
enum NormalizationForm: String, Sendable {
    /// Taken apart, then put together.
    case nfc = "NFC"
    /// Taken apart.
    case nfd = "NFD"
    /// Taken apart with what only looks alike, then put together.
    case nfkc = "NFKC"
    /// Taken apart with what only looks alike.
    case nfkd = "NFKD"

    private var isCompatible: Bool { self == .nfkc || self == .nfkd }
    private var composes: Bool { self == .nfc || self == .nfkc }

    /// Brings a text into the form.
    func apply(_ piece: inout TextPiece) {
        // Nothing below U+00A0 changes, nor does anything follow it in another order.
        if piece.scalars.allSatisfy({ $0.value < 0xA0 }) { return }
        piece.map { scalar, result in decompose(scalar, into: &result) }
        Self.order(&piece.scalars)
        if composes {
            Self.compose(&piece.scalars)
            piece.leading = min(piece.leading, piece.scalars.count)
        }
    }

    private func decompose(_ scalar: Unicode.Scalar, into result: inout [Unicode.Scalar]) {
        if let syllable = Hangul(scalar) {
            syllable.append(to: &result)
        } else if isCompatible, let parts = Decompositions.compatible(scalar) {
            result += parts
        } else if let parts = Decompositions.canonical(scalar) {
            result += parts
        } else {
            result.append(scalar)
        }
    }

    /// Orders marks in a row by their classes; those of one class stay in their order.
    private static func order(_ scalars: inout [Unicode.Scalar]) {
        var start = 0
        while start < scalars.count {
            guard combiningClass(scalars[start]) != 0 else {
                start += 1
                continue
            }
            var end = start
            var marks: [(place: Int, number: UInt8, scalar: Unicode.Scalar)] = []
            while end < scalars.count, case let number = combiningClass(scalars[end]), number != 0 {
                marks.append((end, number, scalars[end]))
                end += 1
            }
            marks.sort { ($0.number, $0.place) < ($1.number, $1.place) }
            for (offset, mark) in marks.enumerated() { scalars[start + offset] = mark.scalar }
            start = end
        }
    }

    private static func compose(_ scalars: inout [Unicode.Scalar]) {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(scalars.count)
        var starter: Int?
        var lastClass: UInt8 = 0
        for scalar in scalars {
            let number = combiningClass(scalar)
            if let place = starter {
                // Nothing of the same class, and no other starter, may stand between.
                let isNext = place == result.count - 1
                if isNext || (lastClass != 0 && lastClass < number),
                    let whole = Hangul.compose(result[place], scalar)
                        ?? Decompositions.composition(result[place], scalar)
                {
                    result[place] = whole
                    continue
                }
            }
            if number == 0 { starter = result.count }
            lastClass = number
            result.append(scalar)
        }
        scalars = result
    }

    /// The canonical combining class of Unicode 9.0.
    private static func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
        // U+1715 was given its class later than it was encoded.
        if scalar.value < 0x300 || scalar.value == 0x1715 { return 0 }
        let properties = scalar.properties
        let number = properties.canonicalCombiningClass.rawValue
        if number == 0 { return 0 }
        guard let age = properties.age, age.major <= 9 else { return 0 }
        return number
    }
}

/// A syllable of Hangul, whose parts are found by arithmetic (The Unicode Standard, section 3.12).
struct Hangul {
    private let index: UInt32

    private static let base: UInt32 = 0xAC00
    private static let leading: UInt32 = 0x1100
    private static let vowel: UInt32 = 0x1161
    private static let trailing: UInt32 = 0x11A7
    private static let vowels: UInt32 = 21
    private static let trailings: UInt32 = 28

    /// `nil` for what is no syllable of Hangul.
    init?(_ scalar: Unicode.Scalar) {
        guard (0xAC00...0xD7A3).contains(scalar.value) else { return nil }
        index = scalar.value - Self.base
    }

    /// Appends the two or three parts.
    func append(to result: inout [Unicode.Scalar]) {
        let block = Self.vowels * Self.trailings
        let parts = [
            Self.leading + index / block, Self.vowel + index % block / Self.trailings,
            Self.trailing + index % Self.trailings,
        ]
        for part in parts where part != Self.trailing {
            if let scalar = Unicode.Scalar(part) { result.append(scalar) }
        }
    }

    /// The syllable of two parts, or of a syllable and its last part.
    static func compose(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
        if (leading..<leading + 19).contains(first.value), (vowel..<vowel + vowels).contains(second.value) {
            let index = (first.value - leading) * vowels + second.value - vowel
            return Unicode.Scalar(base + index * trailings)
        }
        if let syllable = Hangul(first), syllable.index % trailings == 0,
            (trailing + 1..<trailing + trailings).contains(second.value)
        {
            return Unicode.Scalar(first.value + second.value - trailing)
        }
        return nil
    }
}
