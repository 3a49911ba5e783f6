import Glibc

/// Numbers for people: a few significant digits.
enum Figure {
    /// Four significant digits, with a power of ten where the number is very large or small.
    static func text(_ value: Double, digits: Int = 4) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        if value == 0 { return "0" }
        let magnitude = abs(value)
        var exponent = Int(floor(log10(magnitude)))
        // Rounding may carry into another digit: 9.9996 is 10.00.
        var scaled = (magnitude / pow(10, Double(exponent - digits + 1))).rounded()
        if scaled >= pow(10, Double(digits)) {
            scaled = (scaled / 10).rounded()
            exponent += 1
        }
        let sign = value < 0 ? "-" : ""
        let all = String(Int(scaled))
        if exponent < -4 || exponent >= 7 {
            return "\(sign)\(all.prefix(1)).\(all.dropFirst())e\(exponent)"
        }
        if exponent < 0 {
            return sign + "0." + String(repeating: "0", count: -exponent - 1) + all
        }
        let whole = all.prefix(exponent + 1)
        let padding = String(repeating: "0", count: max(0, exponent + 1 - all.count))
        let rest = all.dropFirst(exponent + 1)
        return sign + whole + padding + (rest.isEmpty ? "" : ".\(rest)")
    }

    /// A number with so many digits after the point.
    static func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return text(value) }
        let scale = pow(10, Double(digits))
        let scaled = Int((abs(value) * scale).rounded())
        let fraction = String(scaled % Int(scale))
        let zeros = String(repeating: "0", count: digits - fraction.count)
        return (value < 0 && scaled > 0 ? "-" : "") + "\(scaled / Int(scale)).\(zeros)\(fraction)"
    }
}
