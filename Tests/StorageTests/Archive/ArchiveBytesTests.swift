import Formats
import TestSupport
import Testing

@testable import Storage

/// What an archive's bytes depend on: nothing but its files.
@Suite struct ArchiveBytesTests {
    @Test(arguments: ArchiveFormat.allCases)
    func twoWritersGiveTheSameBytes(format: ArchiveFormat) async throws {
        try await withTemporaryDirectory { directory in
            try writeArchive(directory + "/first", format, awkwardFiles)
            try writeArchive(directory + "/second", format, awkwardFiles)
            #expect(try contents(directory + "/first") == contents(directory + "/second"))
        }
    }

    @Test(arguments: ArchiveFormat.allCases)
    func theSizeOfTheBlocksWrittenDoesNotCount(format: ArchiveFormat) async throws {
        try await withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: 5)
            let content = (0..<1_500_000).map { _ in UInt8.random(in: 0...15, using: &random) }
            for (name, block) in [("whole", content.count), ("pieces", 70_001)] {
                var writer = try ArchiveWriter(creating: directory + "/" + name, format: format)
                try writer.begin(path: "a", size: content.count, compress: true)
                for start in stride(from: 0, to: content.count, by: block) {
                    try writer.write(content.span.extracting(start..<min(start + block, content.count)))
                }
                try writer.end()
                try writer.finish()
            }
            #expect(try contents(directory + "/whole") == contents(directory + "/pieces"))
        }
    }

    /// Every field that could hold a time, an owner or a mode holds the same for every entry.
    @Test(arguments: [
        ("x.tar.gz", ".tar.gz"), ("a/x.tgz", ".tgz"), ("x.7z", ".7z"), ("x.TAR.GZ", ".TAR.GZ"),
        ("x.ZIP", ".ZIP"),
        ("x.zst", ".zst"), ("x.tar.xz", ".tar.xz"), ("x.Tar", ".Tar"), ("x.rar", ".rar"), ("x.gz", ".gz"),
    ]) func otherArchivesAreToldFromDirectories(_ path: String, _ suffix: String) {
        #expect(ArchiveFormat(path: path) == nil)
        #expect(ArchiveFormat.unknownSuffix(of: path) == suffix)
    }

    @Test(arguments: ["x.tar", "x.tar.zst", "a.b/x.zip", "x", ".gz", "models-1.5", "a.tgz/x", "x.tar.gz.d"])
    func otherPathsPromiseNoOtherArchive(_ path: String) {
        #expect(ArchiveFormat.unknownSuffix(of: path) == nil)
    }

    @Test func tarHeadersNameNoTimeAndNoOwner() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/x.tar"
            try writeArchive(path, .tar, awkwardFiles)
            let bytes = try contents(path)
            var start = 0
            var types = ""
            while start + 1024 < bytes.count, bytes[start] != 0 {
                let header = bytes[start..<start + 512]
                func field(_ offset: Int, _ count: Int) -> String {
                    String(decoding: header.dropFirst(offset).prefix(count), as: UTF8.self)
                }
                #expect(field(100, 24) == "000644 \u{0}000000 \u{0}000000 \u{0}")
                // 315532800 in octal: 1980-01-01 00:00:00 UTC.
                #expect(field(136, 12) == "02263523000 ")
                #expect(field(257, 8) == "ustar\u{0}00")
                #expect(field(265, 80).utf8.allSatisfy { $0 == 0 || $0 == UInt8(ascii: "0") || $0 == 0x20 })
                types += field(156, 1)
                let size = try #require(Int(field(124, 11), radix: 8))
                if field(156, 1) == "x" {
                    let record = String(decoding: bytes[start + 512..<start + 512 + size], as: UTF8.self)
                    #expect(record.split(separator: "\n", omittingEmptySubsequences: true).count == 1)
                    #expect(record.drop { $0 != " " }.hasPrefix(" path="))
                }
                start += 512 + (size + 511) / 512 * 512
            }
            #expect(types.filter { $0 == "0" }.count == awkwardFiles.count)
            #expect(types.filter { $0 == "x" }.count == 6)
            #expect(bytes.count == start + 1024 && bytes[start...].allSatisfy { $0 == 0 })
        }
    }

    /// The time of a zip entry is a local time, so only a constant is the same in every time zone.
    @Test func zipHeadersNameTheEarliestTime() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/x.zip"
            try writeArchive(path, .zip, awkwardFiles)
            let bytes = try contents(path)
            var headers = 0
            for start in 0..<bytes.count - 46 where bytes[start] == 0x50 && bytes[start + 1] == 0x4B {
                let isLocal = bytes[start + 2] == 3 && bytes[start + 3] == 4
                guard isLocal || (bytes[start + 2] == 1 && bytes[start + 3] == 2) else { continue }
                headers += 1
                // 1980-01-01 00:00:00: month and day are one, everything else is zero.
                let time = start + (isLocal ? 10 : 12)
                #expect(Array(bytes[time..<time + 4]) == [0, 0, 0x21, 0])
                let nameSize = Int(bytes[start + (isLocal ? 26 : 28)])
                let extra = start + (isLocal ? 30 : 46) + nameSize
                // A time field without a time, and the owner and group 0.
                let expected =
                    Array("UT".utf8) + [1, 0, 0] + Array("ux".utf8) + [11, 0, 1, 4, 0, 0, 0, 0, 4]
                #expect(Array(bytes[extra..<extra + expected.count]) == expected)
                let name = String(
                    decoding: bytes[start + (isLocal ? 30 : 46)..<extra], as: UTF8.self)
                let isASCII = name.utf8.allSatisfy { $0 < 0x80 }
                let flags = bytes[start + (isLocal ? 7 : 9)]
                #expect(flags & 8 == (isASCII ? 0 : 8), "\(name) is marked as UTF-8")
                if !isLocal {
                    #expect(Array(bytes[start + 38..<start + 42]) == [0, 0, 0xA4, 0x81])
                }
            }
            #expect(headers == 2 * awkwardFiles.count)
        }
    }

    @Test func zipDeflatesWhatItIsToldTo() async throws {
        try await withTemporaryDirectory { directory in
            let content = [UInt8](repeating: 1, count: 1 << 20)
            for compress in [false, true] {
                let path = directory + "/\(compress)"
                let file = ArchivedFile(path: "a", content: content, compress: compress)
                try writeArchive(path, .zip, [file])
                #expect(try compress == (FileStatus.status(of: path).size < 10_000))
                #expect(try readArchive(path, .zip) == [file])
            }
        }
    }
}
