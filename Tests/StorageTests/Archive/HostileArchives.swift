/// Tar archives put together by hand, so that every field can be (IEEE Std 1003.1-2001, "ustar").
struct TarBytes {
    private(set) var bytes: [UInt8] = []

    /// Adds a header and content, padded to whole blocks.
    /// - Parameter size: the text of the size field; by default the content's size in octal.
    mutating func add(
        _ name: [UInt8], type: Character = "0", content: [UInt8] = [], link: String = "",
        size: [UInt8]? = nil,
        magic: String = "ustar\u{0}00", tail: [UInt8] = []
    ) {
        var header = [UInt8](repeating: 0, count: 512)
        func set(_ offset: Int, _ text: some Sequence<UInt8>) {
            for (index, byte) in text.enumerated() { header[offset + index] = byte }
        }
        set(0, name.prefix(100))
        set(100, "0000644\u{0}0000000\u{0}0000000\u{0}".utf8)
        let octal = String(content.count, radix: 8)
        set(124, size ?? Array((String(repeating: "0", count: 11 - octal.count) + octal).utf8))
        set(136, "00000000000\u{0}        ".utf8)
        set(156, String(type).utf8)
        set(157, link.utf8)
        set(257, magic.utf8)
        set(345, tail)
        let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        set(148, (String(repeating: "0", count: 6 - sum.count) + sum + "\u{0} ").utf8)
        bytes += header + content + [UInt8](repeating: 0, count: -content.count & 511)
    }

    mutating func add(_ name: String, type: Character = "0", content: String = "", link: String = "") {
        add(Array(name.utf8), type: type, content: Array(content.utf8), link: link)
    }

    /// The archive with its end mark.
    var archive: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}

/// Zip archives put together by hand (PKWARE's APPNOTE 6.3).
struct ZipBytes {
    struct Entry {
        var name: [UInt8]
        var content: [UInt8] = []
        var localName: [UInt8]?
        var method = 0
        var flags = 0x800
        var mode = 0o100644
        var crc: UInt32?
        var size: Int?
        var offset: Int?

        init(_ name: String, _ content: String = "") {
            self.name = Array(name.utf8)
            self.content = Array(content.utf8)
        }

        init(_ name: String, change: (inout Entry) -> Void) {
            self.init(name, "content")
            change(&self)
        }
    }

    var entries: [Entry]
    var count: Int?
    var directorySize: Int?

    init(_ entries: Entry...) { self.entries = entries }

    var archive: [UInt8] {
        var bytes: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let common =
                le(20, 2) + le(entry.flags, 2) + le(entry.method, 2) + le(0x21_0000, 4)
                + le(Int(entry.crc ?? crc32(entry.content)), 4) + le(entry.content.count, 4)
                + le(entry.size ?? entry.content.count, 4)
            let local = entry.localName ?? entry.name
            directory += le(0x0201_4B50, 4) + le(3 << 8 | 20, 2) + common + le(entry.name.count, 2)
            directory += le(0, 2) + le(0, 2) + le(0, 2) + le(0, 2) + le(entry.mode << 16, 4)
            directory += le(entry.offset ?? bytes.count, 4) + entry.name
            bytes += le(0x0403_4B50, 4) + common + le(local.count, 2) + le(0, 2) + local + entry.content
        }
        let count = count ?? entries.count
        return bytes + directory + le(0x0605_4B50, 4) + le(0, 4) + le(count, 2) + le(count, 2)
            + le(directorySize ?? directory.count, 4) + le(bytes.count, 4) + le(0, 2)
    }
}

/// Zstandard frames put together by hand (RFC 8878, section 3.1.1): no compressed blocks, only raw ones and
/// runs of one byte, which are enough for a bomb.
struct ZstdBytes {
    private(set) var bytes: [UInt8]

    /// - Parameter windowLog: the window's size as a power of two.
    init(windowLog: Int = 20) {
        bytes = le(0xFD2F_B528, 4) + [0, UInt8((windowLog - 10) << 3)]
    }

    mutating func add(_ content: [UInt8]) {
        for start in stride(from: 0, to: content.count, by: 1 << 17) {
            let part = content[start..<min(content.count, start + 1 << 17)]
            bytes += le(part.count << 3, 3) + part
        }
    }

    mutating func add(run byte: UInt8, count: Int) {
        for _ in 0..<count >> 17 { bytes += le((1 << 20) | 2, 3) + [byte] }
    }

    /// The frame with its last block, an empty one.
    var frame: [UInt8] { bytes + le(1, 3) }
}

func le(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

/// The checksum of zip (ISO 3309), bit by bit.
func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
        crc ^= UInt32(byte)
        for _ in 0..<8 {
            let isOdd = crc & 1 == 1
            crc >>= 1
            if isOdd { crc ^= 0xEDB8_8320 }
        }
    }
    return ~crc
}
