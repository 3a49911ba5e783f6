/// How many bytes a fitted file may have.
package enum FitBudget: Hashable, Sendable {
    /// The tokens of a context where nobody states them.
    package static let usualContext = 8192

    /// So many bytes, with the header and all.
    case size(Int)
    /// So many thousandths of a bit for each weight, beside the header.
    case millibits(Int)
    /// What an accelerator's memory has room for beside the keys and values of a context.
    case memory(Accelerator, context: Int)
    /// What is left of `[bundle] fit` beside others, among which the error counts so many times.
    case shared(weight: Int)

    /// Thousandths of a bit of a number such as "4.25"; `nil` where it is none from 0.001 to 64, or has more digits.
    package static func millibits(of text: String) -> Int? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let digits = parts.joined().allSatisfy { (0x30...0x39).contains($0) }
        guard digits, (1...2).contains(parts.count), (1...2).contains(parts[0].count),
            let whole = Int(String(Substring(parts[0])))
        else { return nil }
        var thousandths = 0
        if parts.count == 2 {
            guard (1...3).contains(parts[1].count), let part = Int(String(Substring(parts[1]))) else {
                return nil
            }
            thousandths = part * [100, 10, 1][parts[1].count - 1]
        }
        let number = whole * 1000 + thousandths
        return (1...64_000).contains(number) ? number : nil
    }

    /// The number of bits that ``millibits(of:)`` reads: "4.25".
    package static func bits(_ millibits: Int) -> String {
        var fraction = String(String(1000 + millibits % 1000).dropFirst())
        while fraction.last == "0" { fraction.removeLast() }
        return "\(millibits / 1000)" + (fraction.isEmpty ? "" : ".\(fraction)")
    }
}
