import Service
import Storage

/// How long tokens count, as people write and read it.
enum TokenLife {
    private static let units: [(mark: UInt8, seconds: Int64)] = [
        (UInt8(ascii: "m"), 60), (UInt8(ascii: "h"), 3600), (UInt8(ascii: "d"), 86_400),
        (UInt8(ascii: "w"), 604_800),
    ]

    /// The seconds of a text such as "30d"; `nil` for what is none, for 0, and for more than ten years.
    static func seconds(_ text: String) -> Int64? {
        guard let mark = text.utf8.last, let unit = units.first(where: { $0.mark == mark })?.seconds else {
            return nil
        }
        let digits = text.utf8.dropLast()
        guard (1...6).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let count = Int64(Substring(digits)), count > 0, count * unit <= 520 * 604_800
        else { return nil }
        return count * unit
    }

    /// A time in seconds since 1970: "2026-12-30T08:00:00Z".
    static func text(_ seconds: Int64) -> String {
        String(HTTPDate.isoText(seconds).utf8.dropLast(5)).map { $0 + "Z" } ?? ""
    }

    /// Until when a token counts, for a table.
    static func state(_ token: AccessToken) -> String {
        guard let end = token.expires else { return "removed" }
        return token.counts(at: currentTime() / 1_000_000_000) ? text(end) : "ended \(text(end))"
    }
}
