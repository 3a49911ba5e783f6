import Formats
import Storage
import Synchronization

/// How often somebody may do something: as often at once as in a minute, and then as it comes back (a token bucket).
package final class RateLimiter: Sendable {
    private let perMinute: Int
    private let buckets = Mutex<[ExactName: Bucket]>([:])

    private struct Bucket {
        var left: Double
        var time: Int64
    }

    /// How many are remembered. One that is forgotten may begin anew, so that a flood of addresses takes no memory.
    private static let limit = 10_000

    /// - Parameter perMinute: at least 1.
    package init(perMinute: Int) { self.perMinute = max(1, perMinute) }

    /// Counts one more.
    /// - Parameter now: steady nanoseconds.
    /// - Returns: how many seconds to wait where it is too many, at least 1; `nil` where it may be done.
    package func take(_ name: String, now: Int64 = steadyTime()) -> Int? {
        buckets.withLock { buckets in
            let key = ExactName(name)
            if buckets[key] == nil, buckets.count >= RateLimiter.limit { makeRoom(&buckets, now) }
            var bucket = buckets[key] ?? Bucket(left: Double(perMinute), time: now)
            bucket.left = refilled(bucket, now)
            bucket.time = now
            defer { buckets[key] = bucket }
            guard bucket.left < 1 else {
                bucket.left -= 1
                return nil
            }
            return max(1, Int(((1 - bucket.left) * 60 / Double(perMinute)).rounded(.up)))
        }
    }

    private func refilled(_ bucket: Bucket, _ now: Int64) -> Double {
        let seconds = Double(max(0, now - bucket.time)) / 1e9
        return min(Double(perMinute), bucket.left + seconds * Double(perMinute) / 60)
    }

    private func makeRoom(_ buckets: inout [ExactName: Bucket], _ now: Int64) {
        buckets = buckets.filter { refilled($0.value, now) < Double(perMinute) }
        guard buckets.count >= RateLimiter.limit else { return }
        // Those who have the most left lose the least by it.
        let half = buckets.sorted { $0.value.left < $1.value.left }.prefix(RateLimiter.limit / 2)
        buckets = [:]
        for (key, value) in half { buckets[key] = value }
    }
}

/// The part of an address that one client has alone: of IPv6 the first 64 bits.
package enum ClientNetwork {
    /// The address without what its holder may choose.
    package static func name(_ address: String) -> String {
        var text = address.utf8[...]
        if let percent = text.firstIndex(of: UInt8(ascii: "%")) { text = text[..<percent] }
        guard text.contains(UInt8(ascii: ":")) else { return String(text) ?? address }
        let mapped = Array("::ffff:".utf8)
        if text.starts(with: mapped), text.contains(UInt8(ascii: ".")) {
            return String(text.dropFirst(mapped.count)) ?? address
        }
        let groups = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var first: [String] = []
        for group in groups.prefix(4) {
            // "::" stands for zeros up to the groups behind it, which are the holder's own mostly.
            guard !group.isEmpty else { break }
            first.append(String(group) ?? "")
        }
        return first.joined(separator: ":") + "::/64"
    }

    /// Whether an address is this machine's own.
    package static func isLoopback(_ address: String) -> Bool {
        address.hasUTF8Prefix("127.") || address.hasSameBytes(as: "::1")
            || address.hasUTF8Prefix("::ffff:127.")
    }
}
