/// Sizes for people: decimal units and three digits, the same on every machine.
package enum ByteCount {
    /// "0 B", "812 B", "1.50 kB", "4.98 GB": units of 1000, as disks and Kaggle's limits count.
    package static func text(_ bytes: Int) -> String {
        let (number, unit) = threeDigits(bytes, units: ["B", "kB", "MB", "GB", "TB", "PB", "EB"])
        return "\(number) \(unit)"
    }
}

/// Numbers of parameters for people.
package enum ParameterText {
    /// "512", "22.7M", "7.62B", "1.03T": K, M, B and T are 10 to the 3, 6, 9 and 12.
    package static func text(_ parameters: Int) -> String {
        let (number, unit) = threeDigits(parameters, units: ["", "K", "M", "B", "T"])
        return number + unit
    }
}

/// A count in the largest unit of which there is at least one, rounded half up to three digits; whole and
/// exact below 1000. In integers, because rounding of floating-point text is what differs between systems.
private func threeDigits(_ value: Int, units: [String]) -> (number: String, unit: String) {
    let sign = value < 0 ? "-" : ""
    let magnitude = value.magnitude
    guard magnitude >= 1000 else { return (sign + String(magnitude), units[0]) }
    var size: UInt = 1
    for unit in units.dropFirst() {
        size *= 1000
        for decimals in [2, 1, 0] {
            let step = size / [1, 10, 100][decimals]
            let (quotient, rest) = magnitude.quotientAndRemainder(dividingBy: step)
            let rounded = quotient + (rest >= step - step / 2 ? 1 : 0)
            guard rounded < 1000 || (decimals == 0 && unit == units.last) else { continue }
            let digits = String(rounded)
            guard decimals > 0 else { return (sign + digits, unit) }
            return (sign + digits.dropLast(decimals) + "." + digits.suffix(decimals), unit)
        }
    }
    return (sign + String(magnitude), "")
}

/// Things with their number.
package enum Counted {
    /// "1 file", "0 files", "2 entries": the noun in the singular for exactly one.
    package static func text(_ count: Int, _ noun: String) -> String {
        guard count != 1 else { return "1 \(noun)" }
        // "key" has "keys": only a "y" behind a consonant changes.
        let changes = noun.hasSuffix("y") && !["ay", "ey", "oy", "uy"].contains { noun.hasSuffix($0) }
        return "\(count) " + (changes ? noun.dropLast() + "ies" : noun + "s")
    }
}
