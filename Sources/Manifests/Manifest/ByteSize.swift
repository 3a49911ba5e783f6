import Formats

/// Sizes as people write them: "200 GB", "1.5 GiB".
package enum ByteSize {
    /// The units and their bytes: decimal ones of 1000, binary ones (with "i") of 1024.
    package static let units: [(name: String, bytes: Int)] = [
        ("B", 1), ("kB", 1000), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
    ]

    /// A regular expression for what ``parse(_:)`` takes; a size past 64 bits fits it too.
    package static var pattern: String {
        "^[0-9]+(\\.[0-9]{1,9})? ?(" + units.map(\.name).joined(separator: "|") + ")$"
    }

    /// The bytes that a text states, rounded down; `nil` where it is no size, is 0 or is past 64 bits.
    package static func parse(_ text: String) -> Int? {
        var rest = text.utf8[...]
        let whole = digits(&rest)
        guard !whole.isEmpty, let count = Int(whole) else { return nil }
        var fraction = ""
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = digits(&rest)
            guard (1...9).contains(fraction.utf8.count) else { return nil }
        }
        if rest.first == UInt8(ascii: " ") { rest = rest.dropFirst() }
        guard let unit = units.first(where: { rest.isText($0.name) }) else { return nil }
        guard unit.bytes > 1 || fraction.isEmpty else { return nil }
        let (large, overflow) = count.multipliedReportingOverflow(by: unit.bytes)
        // At most 999,999,999 · 2^40 / 10^9: taken digit by digit, so that no product overflows.
        var small = 0
        for digit in fraction.utf8.reversed() { small = (small + Int(digit &- 0x30) * unit.bytes) / 10 }
        let (bytes, carry) = large.addingReportingOverflow(small)
        return overflow || carry || bytes == 0 ? nil : bytes
    }

    private static func digits(_ rest: inout Substring.UTF8View) -> String {
        let taken = rest.prefix { (0x30...0x39).contains($0) }
        rest = rest.dropFirst(taken.count)
        return String(Substring(taken))
    }
}
