import Formats
import TestSupport
import Testing

@testable import Storage

/// What is written is read back the same, in every format.
@Suite struct ArchiveRoundTripTests {
    private static let noise: [UInt8] = {
        var random = SeededGenerator(seed: 3)
        let words = (0..<3_000_008 / 8).map { _ in random.next() & 0x3F_7F3F_7F3F }
        return unsafe words.withUnsafeBytes { unsafe Array($0) }
    }()

    @Test(arguments: ArchiveFormat.allCases)
    func keepsPathsAndContent(format: ArchiveFormat) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/x" + format.suffix
            try writeArchive(path, format, awkwardFiles)
            #expect(try readArchive(path, format) == awkwardFiles)
        }
    }

    /// Paths at the edges of tar's fields: 100 bytes of name, 155 of prefix, 256 for both.
    @Test(arguments: ArchiveFormat.allCases)
    func keepsPathsOfEveryLength(format: ArchiveFormat) async throws {
        try await withTemporaryDirectory { directory in
            var files: [ArchivedFile] = []
            for length in [1, 99, 100, 101, 154, 155, 156, 157, 254, 255, 256, 257, 300, 512, 1000, 4095] {
                files.append(ArchivedFile(String(repeating: "n", count: length), "\(length)"))
                guard length > 8 else { continue }
                let deep = "\(length)/" + String(repeating: "d/", count: length / 2 - 4) + "end"
                files.append(ArchivedFile(deep, "deep \(length)"))
                files.append(
                    ArchivedFile(
                        "\(length)" + String(repeating: "ü", count: length / 2 - 4), "umlauts \(length)"))
            }
            let path = directory + "/x" + format.suffix
            try writeArchive(path, format, files)
            #expect(try readArchive(path, format) == files)
        }
    }

    @Test(arguments: ArchiveFormat.allCases)
    func keepsContentWhateverItsBlocks(format: ArchiveFormat) async throws {
        try await withTemporaryDirectory { directory in
            let sizes = [0, 1, 511, 512, 513, 65535, 65536, 65537, 1 << 20, (1 << 20) + 1, 3_000_001]
            let files = sizes.map { size in
                ArchivedFile(
                    path: "f\(size)", content: Array(ArchiveRoundTripTests.noise.prefix(size)),
                    compress: size % 2 == 1)
            }
            let path = directory + "/x" + format.suffix
            try writeArchive(path, format, files)
            #expect(try readArchive(path, format) == files)
        }
    }

    @Test func formatComesFromTheSuffix() {
        #expect(ArchiveFormat(path: "a/b.tar") == .tar)
        #expect(ArchiveFormat(path: "b.tar.zst") == .tarZstd)
        #expect(ArchiveFormat(path: "/b.zip") == .zip)
        for path in ["b", "b.tar.gz", "b.TAR", "a.tar/b", ".tar", "a/.zip", "tar", "b.zst", "b.tgz", ""] {
            #expect(ArchiveFormat(path: path) == nil)
        }
    }

    @Test(arguments: ArchiveFormat.allCases)
    func refusesWhatTheCallerGotWrong(format: ArchiveFormat) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/x" + format.suffix
            var writer = try ArchiveWriter(creating: path, format: format)
            let long = RelativePath(checked: String(repeating: "n", count: 4096))
            expectArchiveError(.path) { try writer.begin(path: long, size: 1) }
            expectArchiveError(.usage) { try writer.write([1].span) }
            expectArchiveError(.usage) { try writer.end() }
            expectArchiveError(.usage) { try writer.begin(path: "a", size: -1) }
            try writer.begin(path: "a", size: 3)
            expectArchiveError(.usage) { try writer.begin(path: "b", size: 1) }
            expectArchiveError(.usage) { try writer.write([1, 2, 3, 4].span) }
            try writer.write([1, 2].span)
            expectArchiveError(.usage) { try writer.end() }
            do throws(ArchiveError) {
                try writer.finish()
                Issue.record("an archive with an open file was finished")
            } catch {
                #expect(error.code == .usage)
            }
            do throws(ArchiveError) {
                _ = try ArchiveWriter(creating: path, format: format)
                Issue.record("an existing file was written over")
            } catch {
                #expect(error.code == .file && error.cause?.code == 17 && !error.isFullDisk)
            }
        }
    }

    /// An archive that was given up must not pass for one with fewer files.
    @Test(arguments: ArchiveFormat.allCases)
    func unfinishedArchivesDoNotLookFinished(format: ArchiveFormat) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/x" + format.suffix
            do {
                var writer = try ArchiveWriter(creating: path, format: format)
                try writer.add(path: "a", [UInt8](repeating: 7, count: 1 << 18).span)
                try writer.begin(path: "b", size: 1 << 20)
                try writer.write([UInt8](repeating: 8, count: 1 << 18).span)
            }
            #expect(throws: ArchiveError.self) { try readArchive(path, format) }
        }
    }
}
