import Formats

/// Numbers of parameters from one to another, both included; at least one of them is stated.
package struct ParameterRange: Equatable, Sendable {
    /// The fewest, if that is stated.
    package let least: Int?
    /// The most, if that is stated.
    package let most: Int?

    /// What ``init(_:)`` takes, in words.
    package static let allowed = "1B..8B, 500M.. or ..70B, where K, M, B and T are 10 to the 3, 6, 9 and 12"

    /// Reads `1B..8B`, `1B..` or `..8B`; `nil` for any other text, and where the first is more than the second.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        let dot = UInt8(ascii: ".")
        // "1.5B..8B": the separator is the first pair of points.
        guard
            let place = bytes.indices.dropLast().first(where: { bytes[$0] == dot && bytes[$0 + 1] == dot })
        else { return nil }
        let (first, second) = (bytes[..<place], bytes[(place + 2)...])
        guard !first.isEmpty || !second.isEmpty else { return nil }
        least = ParameterRange.count(first)
        most = ParameterRange.count(second)
        guard (least != nil) != first.isEmpty, (most != nil) != second.isEmpty else { return nil }
        if let least, let most, least > most { return nil }
    }

    /// Whether a number is in it.
    package func contains(_ count: Int) -> Bool { count >= least ?? 0 && count <= most ?? Int.max }

    /// The range as the Hub's interface takes it (huggingface_hub 2.4, `list_models`): "min:6B,max:128B", in plain digits.
    var hubText: String {
        [least.map { "min:\($0)" }, most.map { "max:\($0)" }].compactMap(\.self).joined(separator: ",")
    }

    /// The number that a text such as "7", "500M" or "1.5B" states; `nil` for any other text.
    static func count(_ text: some Collection<UInt8>) -> Int? {
        var digits = Array(text)
        var zeros = 0
        if let last = digits.last {
            let unit = last & 0xDF
            let place = Array("KMBT".utf8).firstIndex(of: unit)
            if let place {
                zeros = 3 * (place + 1)
                digits.removeLast()
            }
        }
        let parts = digits.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        let fraction = parts.count == 2 ? Array(parts[1]) : []
        guard fraction.count <= zeros else { return nil }
        let padded = Array(parts[0]) + fraction + Array(repeating: 0x30, count: zeros - fraction.count)
        return Digits.value(String(decoding: padded, as: UTF8.self))
    }
}
