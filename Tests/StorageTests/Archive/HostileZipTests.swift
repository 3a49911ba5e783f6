import Formats
import TestSupport
import Testing

@testable import Storage

/// Zip archives from strangers.
@Suite struct HostileZipTests {
    @Test func readsWhatIsRight() async throws {
        let files = try await read(
            ZipBytes(.init("a", "one"), .init("d/"), .init("d/ü", "two")).archive, .zip)
        #expect(files == [ArchivedFile("a", "one"), ArchivedFile("d/ü", "two")])
        // Something before the archive, as in a program that unpacks itself, and a comment behind it.
        let zip = ZipBytes(.init("a", "one"))
        let commented = zip.archive.dropLast(2) + le(7, 2) + Array("comment".utf8)
        #expect(try await read(Array("#!/bin/sh\n".utf8) + commented, .zip) == [ArchivedFile("a", "one")])
    }

    @Test(arguments: ["/etc/passwd", "../x", "a/../../x", "a//b", "a\nb", ".", "..", "a/./b"])
    func refusesPathsThatLeadElsewhere(_ name: String) async throws {
        try await expect(.path, from: ZipBytes(.init("ok", "fine"), .init(name, "x")).archive, .zip)
        // A directory "./" is the archive's own, and passed over like every good one.
        guard name != "." else { return }
        try await expect(.path, from: ZipBytes(.init("ok", "fine"), .init(name + "/")).archive, .zip)
    }

    @Test func refusesPathsThatAreNotText() async throws {
        for flags in [0, 0x800] {
            for name: [UInt8] in [[0xFF], [0x61, 0xC3], [0xED, 0xA0, 0x80], [0x61, 0, 0x62]] {
                var entry = ZipBytes.Entry("x", "content")
                entry.name = name
                entry.flags = flags
                try await expect(.path, from: ZipBytes(entry).archive, .zip)
            }
        }
    }

    @Test(arguments: [0o120777, 0o020644, 0o060644, 0o140644])
    func refusesLinksAndDevices(_ mode: Int) async throws {
        try await expect(.notAFile, from: ZipBytes(.init("a") { $0.mode = mode }).archive, .zip)
    }

    @Test func refusesDuplicates() async throws {
        try await expect(.duplicate, from: ZipBytes(.init("a", "one"), .init("a", "two")).archive, .zip)
        try await expect(.duplicate, from: ZipBytes(.init("a", "one"), .init("./a", "two")).archive, .zip)
        let overlapping = ZipBytes(.init("a", "one"), .init("b") { $0.offset = 0 })
        try await expect(.damaged, from: overlapping.archive, .zip)
    }

    @Test func refusesNamesThatDifferFromTheDirectory() async throws {
        let zip = ZipBytes(.init("a") { $0.localName = Array("b".utf8) })
        try await expect(.damaged, from: zip.archive, .zip)
        let swapped = ZipBytes(.init("a", "one"), .init("b") { $0.offset = 1_000_000 })
        try await expect(.damaged, from: swapped.archive, .zip)
    }

    /// U+212A (KELVIN SIGN) is K to Unicode, as U+00C5 is U+212B; of the last two pairs both names have one length.
    @Test(arguments: [
        ("K", "\u{212A}"), ("caf\u{E9}", "cafe\u{301}"), ("\u{C5}", "\u{212B}"),
        ("\u{3008}", "\u{2329}"), ("\u{4E0D}", "\u{F967}"),
    ])
    func refusesNamesThatDifferFromTheDirectoryInTheirBytes(_ one: String, _ other: String) async throws {
        for (own, directory) in [(one, other), (other, one)] {
            let zip = ZipBytes(.init(directory) { $0.localName = Array(own.utf8) })
            try await expect(.damaged, from: zip.archive, .zip)
        }
        // Both, each called the same in both places, are two files.
        let both = ZipBytes(.init(one, "x"), .init(other, "y")).archive
        #expect(try await read(both, .zip) == [ArchivedFile(one, "x"), ArchivedFile(other, "y")])
    }

    @Test func refusesWrongChecksumsAndSizes() async throws {
        try await expect(.damaged, from: ZipBytes(.init("a") { $0.crc = 12345 }).archive, .zip)
        for size in [0, 6, 8, 0xFFFF_FFFE, 0xFFFF_FFFF] {
            try await expect(.damaged, from: ZipBytes(.init("a") { $0.size = size }).archive, .zip, "\(size)")
        }
    }

    @Test func refusesWhatItDoesNotDecode() async throws {
        try await expect(.unsupported, from: ZipBytes(.init("a") { $0.flags = 0x801 }).archive, .zip)
        for method in [1, 6, 9, 12, 14, 93, 95, 98, 99] {
            try await expect(.unsupported, from: ZipBytes(.init("a") { $0.method = method }).archive, .zip)
        }
    }

    @Test func refusesWhatFollowsTheEnd() async throws {
        let bytes = ZipBytes(.init("a", "one")).archive
        let other = ZipBytes(.init("a", "two")).archive
        for tail in [[0], [1, 2, 3], [UInt8](repeating: 0, count: 1000), Array(other.suffix(22))] {
            try await expect(.damaged, from: bytes + tail, .zip)
        }
        // A comment that looks like an end: which of the two is meant depends on who reads.
        let comment = Array(other.suffix(22)) + [0]
        try await expect(.damaged, from: bytes.dropLast(2) + le(comment.count, 2) + comment, .zip)
    }

    /// To libarchive the files' own headers count, to others the directory.
    @Test func refusesFilesThatTheDirectoryTellsOtherThingsOf() async throws {
        let good = ZipBytes(.init("a", "one")).archive
        let directory = good.count - 22 - 46 - 1
        func changed(_ offset: Int, _ value: Int) -> [UInt8] {
            var bytes = good
            bytes.replaceSubrange(directory + offset..<directory + offset + 2, with: le(value, 2))
            return bytes
        }
        #expect(try await read(changed(6, 45), .zip) == [ArchivedFile("a", "one")])
        try await expect(.unsupported, from: changed(6, 51), .zip)
        for flag in [0x20, 0x40, 0x2000] {
            try await expect(.unsupported, from: changed(8, 0x800 | flag), .zip)
        }
        for method in [1, 8, 9, 12, 14, 93, 0x8000] {
            try await expect(.damaged, from: changed(10, method), .zip)
        }
        for flags in [0, 0x808] { try await expect(.damaged, from: changed(8, flags), .zip) }
        try await expect(.unsupported, from: changed(34, 1), .zip)
        for offset in [4, 6, 8] {
            var bytes = good
            bytes[good.count - 22 + offset] ^= 1
            try await expect(.unsupported, from: bytes, .zip)
        }
    }

    @Test func refusesDirectoriesThatLie() async throws {
        for count in [0, 2, 65535] {
            var zip = ZipBytes(.init("a", "one"))
            zip.count = count
            try await expect(.damaged, from: zip.archive, .zip)
        }
        for size in [0, 1, 46, 48, 1000, 0x7FFF_FFFF, 0xFFFF_FFFF] {
            var zip = ZipBytes(.init("a", "one"))
            zip.directorySize = size
            await #expect(throws: ArchiveError.self) { try await read(zip.archive, .zip) }
        }
    }

    @Test func refusesZip64RecordsThatLie() async throws {
        let zip = ZipBytes(.init("a", "one"))
        let end = 22
        let body = Array(zip.archive.dropLast(end))
        let directory = 46 + 1
        func archive(count: Int = 1, size: Int? = nil, offset: Int? = nil, locator: Int? = nil) -> [UInt8] {
            let record =
                le(0x0606_4B50, 4) + le(44, 8) + le(45, 2) + le(45, 2) + le(0, 8) + le(count, 8)
                + le(count, 8)
                + le(size ?? directory, 8) + le(offset ?? body.count - directory, 8)
            return body + record + le(0x0706_4B50, 4) + le(0, 4) + le(locator ?? body.count, 8) + le(1, 4)
                + zip.archive.suffix(end)
        }
        #expect(try await read(archive(), .zip) == [ArchivedFile("a", "one")])
        for bytes in [
            archive(count: 2), archive(count: -1), archive(size: Int.max), archive(size: -1),
            archive(size: 46),
            archive(offset: Int.max), archive(offset: -1), archive(offset: 0), archive(locator: Int.max),
            archive(locator: -1), archive(locator: 0),
        ] {
            await #expect(throws: ArchiveError.self) { try await read(bytes, .zip) }
        }
    }

    @Test func refusesArchivesThatAreCutOffAnywhere() async throws {
        let bytes = ZipBytes(.init("a", "one"), .init("b", "two")).archive
        for count in 0..<bytes.count {
            await #expect(throws: ArchiveError.self) { try await read(Array(bytes.prefix(count)), .zip) }
        }
    }

    @Test func refusesAnArchiveOfNothing() async throws {
        try await expect(.damaged, from: ZipBytes().archive, .zip)
        var tar = TarBytes()
        tar.add("a", content: "one")
        try await expect(.damaged, from: tar.archive, .zip)
        try await expect(.damaged, from: ZipBytes(.init("a", "one")).archive, .tar)
    }

    /// A deflated file of 64 MiB in 64 KiB whose header states that it has ten bytes.
    @Test func contentNeverGrowsBeyondItsSize() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/x.zip"
            var writer = try ArchiveWriter(creating: path, format: .zip)
            let block = [UInt8](repeating: 0, count: 1 << 20)
            try writer.begin(path: "bomb", size: 64 << 20, compress: true)
            for _ in 0..<64 { try writer.write(block.span) }
            try writer.end()
            try writer.finish()
            var bytes = try contents(path)
            #expect(bytes.count < 100_000)
            for start in bytes.indices.dropLast(46) {
                if Array(bytes[start..<start + 4]) == le(0x0403_4B50, 4) {
                    bytes.replaceSubrange(start + 22..<start + 26, with: le(10, 4))
                } else if Array(bytes[start..<start + 4]) == le(0x0201_4B50, 4) {
                    bytes.replaceSubrange(start + 24..<start + 28, with: le(10, 4))
                }
            }
            try writeFile(path, bytes)
            var reader = try ArchiveReader(path: path, format: .zip)
            #expect(try reader.next()?.size == 10)
            var given = 0
            expectArchiveError(.damaged) { try reader.read { given += $0.count } }
            #expect(given <= 10)
        }
    }
}
