import Formats
package import Manifests
package import Storage

/// What a bundle is made of, for other tools: components, digests, licences, origins, conversions.
///
/// It follows from the lock alone: the same lock gives the same bytes on every machine.
package struct BillOfMaterials: Sendable {
    /// The formats in which it can be written; the raw value is what the command line calls it.
    package enum Format: String, CaseIterable, Sendable {
        /// CycloneDX 1.6 (ECMA-424), as JSON.
        case cyclonedx
        /// SPDX 3.0.1, as JSON-LD.
        case spdx
    }

    /// The lock.
    package let lock: Lock
    /// The SHA-256 of the lock's bytes, by which a document names the lock it was made of.
    package let lockDigest: SHA256Digest
    /// The document's time, RFC 3339 in UTC; `nil` where no time was given.
    package let created: String?
    /// The document's own name: a UUID of version 8 (RFC 9562), which follows from ``lockDigest``.
    let uuid: String
    /// The entries that the bundle stores, in the lock's order.
    package let items: [Item]
    /// The entries that it does not have, from which others were made.
    package let inputs: [Item]

    /// - Parameter sourceDate: the time that the document carries, in seconds since 1970-01-01 in UTC, as
    ///   `SOURCE_DATE_EPOCH` gives it; `nil` for none.
    package init(_ lock: Lock, sourceDate: Int? = nil) throws(HashingFailure) {
        self.lock = lock
        lockDigest = try ContentHasher.sha256(lock.bytes.span)
        uuid = Self.uuid(
            try ContentHasher.sha256(Array("knapsack bill of materials 1\n\(lockDigest.hex)".utf8).span))
        created = sourceDate.flatMap(Self.time)
        var items: [Item] = []
        var inputs: [Item] = []
        for entry in lock.entries {
            let item = try Item(entry, in: lock)
            if entry.isPacked { items.append(item) } else { inputs.append(item) }
        }
        self.items = items
        self.inputs = inputs
    }

    /// The bundle's entries, and those from which they were made.
    var all: [Item] { items + inputs }

    /// The document, with a line feed at the end.
    package func text(_ format: Format) -> String {
        let document: JSON =
            switch format {
            case .cyclonedx: CycloneDXDocument(self).json
            case .spdx: SPDXDocument(self).json
            }
        return document.prettyText + "\n"
    }

    /// The first 16 bytes of a digest, marked as a UUID of version 8.
    private static func uuid(_ digest: SHA256Digest) -> String {
        var bytes = Array(digest.bytes.prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return text
    }

    /// The last second of the year 9999, the latest one that ``time(_:)`` can write.
    package static let latestSourceDate = 253_402_300_799

    /// "2026-10-01T12:00:00Z"; `nil` before 1970 and after ``latestSourceDate``.
    package static func time(_ seconds: Int) -> String? {
        guard (0...latestSourceDate).contains(seconds) else { return nil }
        // Years are counted from March here, so that a leap day is the last day of one: 400 of them have
        // 146,097 days, and 719,468 days are between 0000-03-01 and 1970-01-01.
        let days = seconds / 86_400 + 719_468
        let era = days / 146_097
        let day = days % 146_097
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let march = (5 * dayOfYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        let date = [era * 400 + year + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * march + 2) / 5 + 1]
        let time = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60]
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        return "\(padded(date[0], 4))-\(padded(date[1], 2))-\(padded(date[2], 2))T"
            + time.map { padded($0, 2) }.joined(separator: ":") + "Z"
    }
}

extension JSON {
    /// An object of the members that have a value, in their order; empty arrays are none.
    static func record(_ members: KeyValuePairs<String, JSON?>) -> JSON {
        .object(
            members.compactMap { name, value in
                guard let value, value != .array([]) else { return nil }
                return Member(name, value)
            })
    }
}
