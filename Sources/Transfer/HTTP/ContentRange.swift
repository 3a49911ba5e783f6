import Formats

/// Which part of a file a server states that it sends: `bytes 0-99/1234` (RFC 9110, 14.4).
struct ContentRange: Equatable, Sendable {
    /// The bytes, or `nil` for `bytes */1234`, which a server answers that has no such bytes.
    let range: Range<Int>?
    /// The size of the whole file; `nil` where the server does not state it.
    let size: Int?

    /// Reads the header's value; `nil` for any other text, and where the numbers contradict each other.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        let unit = Array("bytes ".utf8)
        guard bytes.count > unit.count, Array(bytes[..<unit.count]) == unit,
            let slash = bytes.firstIndex(of: UInt8(ascii: "/"))
        else { return nil }
        func part(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        let total = part(slash + 1..<bytes.count)
        size = Digits.value(total)
        guard size != nil || total == "*" else { return nil }
        let place = part(unit.count..<slash)
        if place == "*" {
            range = nil
            guard size != nil else { return nil }
            return
        }
        guard let dash = bytes[unit.count..<slash].firstIndex(of: UInt8(ascii: "-")),
            let first = Digits.value(part(unit.count..<dash)),
            let last = Digits.value(part(dash + 1..<slash)),
            first <= last, last < size ?? Int.max
        else { return nil }
        range = first..<last + 1
    }
}
