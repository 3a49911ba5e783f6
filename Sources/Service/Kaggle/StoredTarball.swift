import Caches
import Catalogue
import Formats
import Storage

/// A tar archive (POSIX.1-2001, pax) in a gzip (RFC 1952) that compresses nothing: every byte is known before any file is
/// read, so that its length is, and every range of it can be sent.
struct StoredTarball: Sendable {
    private let tar: PartedContent
    private let tail: [UInt8]
    /// The number of bytes of the gzip.
    let size: Int

    /// The most bytes of a block that is stored as it is (RFC 1951, 3.2.4), and what is before each.
    private static let block = 65_535
    private static let blockHead = 5
    /// No name, no time, an unknown system.
    private static let head: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]

    /// Puts an archive together.
    /// - Returns: `nil` where it would have more bytes than can be counted.
    init?(_ files: [(file: CachedFile, sums: ContentSums)]) {
        var parts: [PartedContent.Part] = []
        var checksum: UInt32 = 0
        func add(_ bytes: [UInt8]) {
            parts.append(.bytes(bytes))
            var own = CRC32()
            own.update(bytes.span)
            checksum = CRC32.combined(checksum, own.value, length: bytes.count)
        }
        for (file, sums) in files {
            add(StoredTarball.heads(file.path.text, size: file.status.size))
            parts.append(.file(file))
            checksum = CRC32.combined(checksum, sums.crc32, length: file.status.size)
            let rest = file.status.size % 512
            if rest > 0 { add([UInt8](repeating: 0, count: 512 - rest)) }
        }
        add([UInt8](repeating: 0, count: 1024))
        guard let tar = PartedContent(parts) else { return nil }
        self.tar = tar
        let length = UInt32(truncatingIfNeeded: tar.size)
        tail = [checksum, length].flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
        }
        // 1,024 zeros at least are in it.
        let blocks = (tar.size - 1) / StoredTarball.block + 1
        let (framing, overflow) = blocks.multipliedReportingOverflow(by: StoredTarball.blockHead)
        let (sum, isTooLarge) = tar.size.addingReportingOverflow(framing)
        guard !overflow, !isTooLarge, sum < .max - 64 else { return nil }
        size = StoredTarball.head.count + sum + tail.count
    }

    /// Lends the bytes of a range, in order.
    func read(_ range: Range<Int>, _ buffer: inout Buffer, _ take: (Span<UInt8>) throws -> Void) throws {
        let frame = StoredTarball.block + StoredTarball.blockHead
        try StoredTarball.lend(StoredTarball.head, at: 0, range, take)
        let begin = StoredTarball.head.count
        var number = max(0, range.lowerBound - begin) / frame
        while number * StoredTarball.block < tar.size, begin + number * frame < range.upperBound {
            let content = number * StoredTarball.block..<min(tar.size, (number + 1) * StoredTarball.block)
            let start = begin + number * frame
            let length = UInt16(content.count)
            var head: [UInt8] = [content.upperBound == tar.size ? 1 : 0]
            for word in [length, ~length] {
                head += [UInt8(truncatingIfNeeded: word), UInt8(truncatingIfNeeded: word >> 8)]
            }
            try StoredTarball.lend(head, at: start, range, take)
            let base = start + head.count
            let from = max(0, range.lowerBound - base)
            let to = min(content.count, range.upperBound - base)
            if from < to {
                try tar.read(content.lowerBound + from..<content.lowerBound + to, &buffer, take)
            }
            number += 1
        }
        try StoredTarball.lend(tail, at: size - tail.count, range, take)
    }

    private static func lend(
        _ bytes: [UInt8], at start: Int, _ range: Range<Int>, _ take: (Span<UInt8>) throws -> Void
    ) throws {
        let from = max(0, range.lowerBound - start)
        let to = min(bytes.count, range.upperBound - start)
        if from < to { try take(bytes.span.extracting(from..<to)) }
    }

    // MARK: Headers

    /// The header of a file, behind a pax header where its name or its size do not fit.
    private static func heads(_ path: String, size: Int) -> [UInt8] {
        var records: [UInt8] = []
        let isPlain = path.utf8.count <= 100 && path.utf8.allSatisfy { $0 < 0x80 }
        if !isPlain { records += record("path", path) }
        if size >= 1 << 33 { records += record("size", String(size)) }
        guard !records.isEmpty else { return header(path, size: size, type: "0") }
        let rest = records.count % 512
        let padding = [UInt8](repeating: 0, count: rest == 0 ? 0 : 512 - rest)
        return header("pax", size: records.count, type: "x") + records + padding
            + header(isPlain ? path : "file", size: size >= 1 << 33 ? 0 : size, type: "0")
    }

    /// "12 path=name\n": the number is the record's own length.
    private static func record(_ key: String, _ value: String) -> [UInt8] {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count
        while String(length).utf8.count + rest.utf8.count != length {
            length = String(length).utf8.count + rest.utf8.count
        }
        return Array("\(length)\(rest)".utf8)
    }

    private static func header(_ name: String, size: Int, type: Character) -> [UInt8] {
        func octal(_ value: Int, _ digits: Int) -> [UInt8] {
            let text = String(value, radix: 8)
            return Array((String(repeating: "0", count: max(0, digits - text.utf8.count)) + text).utf8) + [0]
        }
        func padded(_ text: String, _ count: Int) -> [UInt8] {
            let bytes = Array(text.utf8.prefix(count))
            return bytes + [UInt8](repeating: 0, count: count - bytes.count)
        }
        // Mode 0644, nobody's, of 1970.
        var bytes =
            padded(name, 100) + octal(0o644, 7) + octal(0, 7) + octal(0, 7) + octal(size, 11) + octal(0, 11)
        bytes +=
            Array("        ".utf8) + Array(String(type).utf8) + padded("", 100) + padded("ustar\u{0}00", 8)
        bytes += padded("", 32) + padded("", 32) + octal(0, 7) + octal(0, 7) + padded("", 155 + 12)
        let sum = bytes.reduce(0) { $0 + Int($1) }
        bytes.replaceSubrange(148..<156, with: octal(sum, 6) + [0x20])
        return bytes
    }
}
