import Formats
import Glibc
import TestSupport
import Testing

@testable import Storage

/// Tar archives from strangers: an error that states what is wrong, or the files that are there.
@Suite struct HostileTarTests {
    @Test(arguments: [
        "/etc/passwd", "../x", "a/../../x", "a/..", "a//b", "./../x", "a/./b", "a\nb", ".", "a\u{7F}",
    ])
    func refusesPathsThatLeadElsewhere(_ name: String) async throws {
        var tar = TarBytes()
        tar.add("ok", content: "fine")
        tar.add(name, content: "x")
        try await expect(.path, from: tar.archive)
        var directory = TarBytes()
        directory.add(name, type: "5")
        if name != "." { try await expect(.path, from: directory.archive) }
    }

    @Test func refusesPathsThatAreNotText() async throws {
        for name: [UInt8] in [[0xFF], [0x61, 0xC3], [0xED, 0xA0, 0x80], [0xC0, 0xAF]] {
            var tar = TarBytes()
            tar.add(name)
            try await expect(.path, from: tar.archive)
            // What an earlier failure of the same thread left there does not count.
            errno = ENOMEM
            var pax = TarBytes()
            let record = Array("\(9 + name.count) path=".utf8) + name + [0x0A]
            pax.add(Array("x".utf8), type: "x", content: record)
            pax.add("short")
            try await expect(.path, from: pax.archive)
        }
    }

    @Test(arguments: ["1", "2", "3", "4", "6"] as [Character])
    func refusesLinksAndDevices(_ type: Character) async throws {
        var tar = TarBytes()
        tar.add("ok", content: "fine")
        tar.add("link", type: type, link: "ok")
        try await expect(.notAFile, from: tar.archive)
    }

    @Test func passesOverDirectoriesAndDotSlash() async throws {
        var tar = TarBytes()
        tar.add("./", type: "5")
        tar.add(".", type: "5")
        tar.add("./a/", type: "5")
        tar.add("./a/b", content: "one")
        tar.add("a/c", content: "two")
        tar.add("./\u{301}", content: "three")
        #expect(
            try await read(tar.archive) == [
                ArchivedFile("a/b", "one"), ArchivedFile("a/c", "two"), ArchivedFile("\u{301}", "three"),
            ])
    }

    /// Cutting them off one by one took a time that grows with the square of their number.
    @Test(.timeLimit(.minutes(1))) func passesOverVeryManyDotSlashes() async throws {
        let record = " path=" + String(repeating: "./", count: 400_000) + "a\n"
        var tar = TarBytes()
        tar.add("x", type: "x", content: "\(record.utf8.count + 6)" + record)
        tar.add("short", content: "one")
        #expect(try await read(tar.archive) == [ArchivedFile("a", "one")])
    }

    @Test(arguments: ["a", "./a", "././a"])
    func refusesDuplicates(_ name: String) async throws {
        var tar = TarBytes()
        tar.add("a", content: "one")
        tar.add(name, content: "two")
        try await expect(.duplicate, from: tar.archive)
    }

    @Test func oneNameInTwoFormsOfUnicodeIsTwoFiles() async throws {
        var tar = TarBytes()
        tar.add("e\u{301}", content: "one")
        tar.add("\u{E9}", content: "two")
        #expect(try await read(tar.archive).map { $0.path.utf8.count } == [3, 2])
    }

    @Test func refusesArchivesThatAreCutOffAnywhere() async throws {
        var tar = TarBytes()
        tar.add("a", content: String(repeating: "a", count: 700))
        tar.add("b", content: "b")
        for count in [0, 1, 511, 512, 513, 1211, 1212, 1535, 1536, 1700, 2048, 2049, 2559, 2560] {
            try await expect(
                .damaged, from: Array(tar.archive.prefix(count)), .tar, "cut off after \(count) bytes")
            try await expectWhenSkipped(.damaged, from: Array(tar.archive.prefix(count)))
        }
        #expect(try await read(Array(tar.archive.prefix(3072))).count == 2)
    }

    @Test(
        arguments: [
            Array("77777777777".utf8), [0x80, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x80, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x80, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE],
        ] as [[UInt8]])
    func refusesSizesThatLie(_ size: [UInt8]) async throws {
        var tar = TarBytes()
        tar.add(Array("a".utf8), content: [1, 2, 3], size: size)
        tar.add("b")
        try await expect(.damaged, from: tar.archive)
        try await expectWhenSkipped(.damaged, from: tar.archive)
    }

    @Test func refusesWhatFollowsTheEndMark() async throws {
        var tar = TarBytes()
        tar.add("a", content: "one")
        for count in [0, 1, 512, 10_240, 1 << 20] {
            let zeros = [UInt8](repeating: 0, count: count)
            #expect(try await read(tar.archive + zeros) == [ArchivedFile("a", "one")])
            try await expect(.damaged, from: tar.archive + zeros + [1])
            // A second archive: GNU tar reads it with --ignore-zeros, cpio and others without being asked.
            try await expect(.damaged, from: tar.archive + zeros + tar.archive)
        }
        try await expect(.damaged, from: tar.archive + [UInt8](repeating: 0, count: 40 << 20))
    }

    @Test func refusesHeadersWithAWrongChecksum() async throws {
        var tar = TarBytes()
        tar.add("a", content: "one")
        tar.add("b", content: "two")
        var bytes = tar.archive
        bytes[1024] = UInt8(ascii: "c")
        try await expect(.damaged, from: bytes)
    }

    @Test(arguments: ["9999999 path=x\n", "5 a=b", "path=x\n", "0 a=b\n", "6 path\n", "99 path=b\n"])
    func refusesMalformedPaxRecords(_ record: String) async throws {
        var tar = TarBytes()
        tar.add("x", type: "x", content: record)
        tar.add("a", content: "one")
        try await expect(.damaged, from: tar.archive)
    }

    @Test func refusesHeadersWithoutEnd() async throws {
        var tar = TarBytes()
        for _ in 0..<40 { tar.add("x", type: "x", content: "8 a=bcd\n") }
        tar.add("a")
        try await expect(.damaged, from: tar.archive)
        var long = TarBytes()
        long.add(Array("x".utf8), type: "L", content: [UInt8](repeating: 0x61, count: (1 << 20) + 1))
        long.add("a")
        try await expect(.damaged, from: long.archive)
    }

    /// GNU tar's sparse formats: 1.0, with a map in front of the data; 0.1, with a map in the extended header, which may
    /// have nothing but holes; 0.0, with a record for each piece. No bundle has one, and its holes may be of any length.
    @Test(
        arguments: [
            (["major=1", "minor=0", "name=holes", "realsize=200000"], "2\n100000\n3\n200000\n0\n"),
            (["major=1", "minor=0", "name=holes", "realsize=9000000000000000000"], "0\n"),
            (["size=9000000000000000000", "map=0,0,9000000000000000000,0"], nil),
            (["size=9000000000000000000", "map=0,3"], nil),
            (["size=9000000000000000000", "numblocks=1", "offset=8999999999999999997", "numbytes=3"], nil),
        ] as [([String], String?)]) func refusesHoles(_ records: [String], _ map: String?) async throws
    {
        var tar = TarBytes()
        tar.add("x", type: "x", content: paxRecords(records.map { "GNU.sparse.\($0)" }))
        let content = map.map { Array($0.utf8) + zeros(512 - $0.utf8.count) } ?? []
        tar.add(Array("GNUSparseFile.0/holes".utf8), content: content + Array("abc".utf8))
        try await withArchive(tar.archive, ".tar") { path in
            var count = 0
            #expect(throws: ArchiveError.self) {
                var reader = try ArchiveReader(path: path, format: .tar)
                while try reader.next() != nil { try reader.read { count += $0.count } }
            }
            #expect(count <= 3)
        }
    }

    @Test func refusesOldSparseHeaders() async throws {
        let piece = Array("00000000000\u{0}00000000003\u{0}".utf8)
        let sparse = zeros(41) + piece + zeros(73) + Array("77777777777\u{0}".utf8)
        var tar = TarBytes()
        tar.add(
            Array("a".utf8), type: "S", content: Array("abc".utf8), magic: "ustar  \u{0}", tail: sparse)
        try await expect(.unsupported, from: tar.archive)
    }

    /// Old GNU sparse headers continue as long as each block states it, and libarchive keeps all of them.
    @Test(arguments: [ArchiveFormat.tar, .tarZstd])
    func refusesTablesWithoutEnd(format: ArchiveFormat) async throws {
        var tar = TarBytes()
        let sparse =
            [UInt8](repeating: 0, count: 41) + Array("0\u{0}".utf8) + [UInt8](repeating: 0, count: 94) + [1]
        tar.add(
            Array("a".utf8), type: "S", size: Array("77777777777".utf8), magic: "ustar  \u{0}", tail: sparse)
        var bytes = tar.bytes + [UInt8](repeating: 0x31, count: 1 << 23)
        if format == .tarZstd {
            var zstd = ZstdBytes()
            zstd.add(tar.bytes)
            zstd.add(run: 0x31, count: 1 << 28)
            bytes = zstd.frame
        }
        try await withArchive(bytes, format.suffix) { path in
            expectArchiveError(.tooLarge) { _ = try readArchive(path, format) }
        }
    }

    @Test func readsZstandardInManyFrames() async throws {
        var tar = TarBytes()
        tar.add("a", content: "one")
        var bytes = le(0x184D_2A50, 4) + le(5, 4) + [1, 2, 3, 4, 5]
        for block in stride(from: 0, to: tar.archive.count, by: 700) {
            var frame = ZstdBytes()
            frame.add(Array(tar.archive[block..<min(block + 700, tar.archive.count)]))
            bytes += frame.frame
        }
        #expect(try await read(bytes, .tarZstd) == [ArchivedFile("a", "one")])
    }

    @Test func refusesDamagedZstandard() async throws {
        var tar = TarBytes()
        tar.add("a", content: "one")
        var frame = ZstdBytes()
        frame.add(tar.archive)
        var wide = ZstdBytes(windowLog: 31)
        wide.add(tar.archive)
        var nested = ZstdBytes()
        nested.add(frame.frame)
        var nothing = ZstdBytes()
        nothing.add([])
        let cases = [
            [], Array(frame.frame.dropLast(1)), Array(frame.frame.dropLast(1000)), tar.archive, wide.frame,
            nested.frame, nothing.frame, Array(repeating: 0x55, count: 4000),
        ]
        for (index, bytes) in cases.enumerated() {
            try await expect(.damaged, from: bytes, .tarZstd, "case \(index)")
        }
    }

    @Test func readsTarFromAPipeAndRefusesZip() async throws {
        var tar = TarBytes()
        tar.add("a", content: "one")
        let archive = tar.archive
        for format in [ArchiveFormat.tar, .zip] {
            var ends: [Int32] = [0, 0]
            #expect(unsafe pipe(&ends) == 0)
            #expect(unsafe write(ends[1], archive, archive.count) == archive.count)
            close(ends[1])
            let path = "/proc/self/fd/\(ends[0])"
            if format == .zip {
                expectArchiveError(.unsupported) { _ = try readArchive(path, .zip) }
            } else {
                #expect(try readArchive(path, .tar) == [ArchivedFile("a", "one")])
            }
            close(ends[0])
        }
    }

    private func paxRecords(_ records: [String]) -> String {
        records.map { record in
            let size = record.utf8.count + 2
            let digits = String(size).utf8.count
            return "\(size + String(size + digits).utf8.count) \(record)\n"
        }.joined()
    }
}

/// Puts bytes into a file.
func withArchive(
    _ bytes: [UInt8], _ suffix: String, _ body: (String) async throws -> Void
) async throws {
    try await withTemporaryDirectory { directory in
        try writeFile(directory + "/x" + suffix, bytes)
        try await body(directory + "/x" + suffix)
    }
}

func read(_ bytes: [UInt8], _ format: ArchiveFormat = .tar) async throws -> [ArchivedFile] {
    try await withTemporaryDirectory { directory in
        try writeFile(directory + "/x", bytes)
        return try readArchive(directory + "/x", format)
    }
}

/// Expects an error of a kind from reading everything.
func expect(
    _ code: ArchiveError.Code, from bytes: [UInt8], _ format: ArchiveFormat = .tar, _ comment: Comment? = nil,
    location: SourceLocation = #_sourceLocation
) async throws {
    do {
        let files = try await read(bytes, format)
        Issue.record("read \(files.map(\.path)) \(comment ?? "")", sourceLocation: location)
    } catch let error as ArchiveError {
        #expect(error.code == code, "\(error) \(comment ?? "")", sourceLocation: location)
    }
}

/// Expects an error of a kind from walking through the archive without reading content.
func expectWhenSkipped(
    _ code: ArchiveError.Code, from bytes: [UInt8], location: SourceLocation = #_sourceLocation
) async throws {
    try await withArchive(bytes, ".tar") { path in
        do {
            var reader = try ArchiveReader(path: path, format: .tar)
            while try reader.next() != nil {}
            Issue.record("no error", sourceLocation: location)
        } catch let error as ArchiveError {
            #expect(error.code == code, "\(error)", sourceLocation: location)
        }
    }
}
