/// How often, and after which time, something is tried again that may pass.
package struct RetryPolicy: Sendable {
    /// How often it is tried again without any progress.
    package let retries: Int
    /// The first pause, in seconds; every pause is at most twice as long as the one before it.
    package let first: Double
    /// The longest pause that is not asked for by a server, in seconds.
    package let longest: Double

    /// The longest pause that a server may ask for, in seconds: the Hub's limits are over windows of 5 minutes.
    package static let longestAsked = 900.0

    /// Half a second at first, at most half a minute.
    package init(retries: Int, first: Double = 0.5, longest: Double = 30) {
        self.retries = retries
        self.first = first
        self.longest = longest
    }

    /// How long to wait before trying again, in seconds: between half and the whole of a time that doubles, so that many
    /// clients that failed together do not come back together.
    ///
    /// - Parameters:
    ///   - failures: how often it has failed, from 1.
    ///   - chance: from 0 to 1.
    package func pause(after failures: Int, chance: Double) -> Double {
        var time = first
        for _ in 1..<max(1, min(failures, 20)) { time = min(time * 2, longest) }
        return min(time, longest) * (0.5 + chance / 2)
    }
}

/// What a server states of when to come again.
enum RateLimit {
    /// The seconds to wait, or `nil` where the server states nothing that is understood.
    ///
    /// `RateLimit: "api";r=0;t=55` counts if nothing remains (draft-ietf-httpapi-ratelimit-headers-09), else
    /// `Retry-After` in seconds: what huggingface_hub 2.4 does (`utils/_http.py`).
    static func seconds(in head: ResponseHead) -> Double? {
        if let limit = head["ratelimit"], let (remaining, reset) = parse(limit), remaining == 0 {
            // The server's seconds are cut off.
            return Double(reset) + 1
        }
        return head["retry-after"].flatMap { Digits.value($0) }.map(Double.init)
    }

    /// The first policy of the header: what remains, and the seconds until there is more.
    static func parse(_ text: String) -> (remaining: Int, reset: Int)? {
        var bytes = Array(text.utf8)[...]
        bytes = bytes.prefix { $0 != UInt8(ascii: ",") }
        var remaining: Int?
        var reset: Int?
        for part in bytes.split(separator: UInt8(ascii: ";")).dropFirst() {
            let clean = part.filter { $0 != 0x20 }
            guard clean.count > 2, clean[1] == UInt8(ascii: "=") else { continue }
            let value = Digits.value(String(decoding: clean[2...], as: UTF8.self))
            if clean[0] == UInt8(ascii: "r") { remaining = value }
            if clean[0] == UInt8(ascii: "t") { reset = value }
        }
        guard let remaining, let reset else { return nil }
        return (remaining, reset)
    }
}
