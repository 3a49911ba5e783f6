import Formats
import Manifests
import TestSupport
import Testing

@testable import Storage
@testable import Transfer

/// What is written down of an archive that is unpacked while it arrives.
@Suite struct UnpackJournalTests {
    private static let identity = BlobIdentity(proof: .md5(Array(repeating: 7, count: 16)), size: 100_000)

    private static func wish(_ include: String? = nil) throws -> FetchWish {
        FetchWish(
            subject: "it", source: try Source.parse("kaggle-dataset:a/b"),
            filter: FileFilter(include: include.map { [Glob($0)] }, exclude: []))
    }

    private static func file(_ path: RelativePath, wanted: Bool = true) throws -> UnpackJournal.File {
        UnpackJournal.File(
            path: path, size: 5, sha256: wanted ? try ContentHasher.sha256(Array(path.text.utf8).span) : nil)
    }

    /// What is read of a journal.
    private struct Read {
        let files: [UnpackJournal.File]
        let end: Int
        let count: Int
        let format: FeedFormat?
        let isWhole: Bool

        init(_ path: String, _ identity: BlobIdentity, _ wish: FetchWish) {
            let journal = UnpackJournal(path, identity, wish)
            (files, end, count) = (journal.files, journal.end, journal.md5.count)
            (format, isWhole) = (journal.format, journal.isWhole)
        }
    }

    /// A journal of three files, of which two are written down.
    private static func write(_ path: String) throws -> [UnpackJournal.File] {
        var journal = UnpackJournal(path, identity, try wish())
        var md5 = ResumableMD5()
        md5.update(Array(repeating: 1, count: 600).span)
        try journal.add(file("a/one"))
        try journal.add(file("two", wanted: false))
        try journal.write(end: 512, md5, .tar)
        md5.update(Array(repeating: 2, count: 900).span)
        try journal.add(file("three"))
        try journal.write(end: 1024, md5, .tar)
        try journal.add(file("four"))
        return journal.files
    }

    @Test func whatIsWrittenDownIsRead() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/journal"
            let files = try Self.write(path)
            let journal = Read(path, Self.identity, try Self.wish())
            #expect(journal.files == Array(files.dropLast()))
            #expect(journal.end == 1024 && journal.count == 1500 && journal.format == .tar)
            #expect(!journal.isWhole)
        }
    }

    @Test func itGoesOnBehindWhatAKilledProcessWrote() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/journal"
            let files = try Self.write(path)
            var journal = UnpackJournal(path, Self.identity, try Self.wish())
            try journal.add(Self.file("five"))
            try journal.write(end: 1400, journal.md5, .tar, isWhole: true)
            let again = Read(path, Self.identity, try Self.wish())
            #expect(again.files == Array(files.dropLast()) + [try Self.file("five")])
            #expect(again.end == 1400 && again.isWhole)
        }
    }

    @Test func aLineThatIsNotWholeDoesNotCount() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/journal"
            let files = try Self.write(path)
            let bytes = try FileReader.contents(of: path, limit: 1 << 20)
            for cut in [1, 20, 60] {
                try AtomicFile.write(Array(bytes.dropLast(cut)), to: path)
                let journal = Read(path, Self.identity, try Self.wish())
                #expect(journal.end == 512 && journal.files == Array(files.prefix(2)))
            }
        }
    }

    @Test func anotherArchiveOrAnotherWishHasNoneOfIt() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/journal"
            _ = try Self.write(path)
            let other = BlobIdentity(proof: .md5(Array(repeating: 8, count: 16)), size: 100_000)
            #expect(Read(path, other, try Self.wish()).files.isEmpty)
            #expect(Read(path, Self.identity, try Self.wish("*.bin")).files.isEmpty)
        }
    }

    @Test(arguments: [
        (#""end":512"#, #""end":200000"#), (#""end":512"#, #""end":-1"#), (#""end":512"#, #""end":601"#),
        (#""path":"a/one""#, #""path":"../one""#), (#""format":"tar""#, #""format":"rar""#),
        (#""size":5"#, #""size":-5"#), (#""sha256":""#, #""sha256":"x"#),
    ])
    func whatCannotBeIsNotTaken(of: String, change: String) async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/journal"
            _ = try Self.write(path)
            let text = String(decoding: try FileReader.contents(of: path, limit: 1 << 20), as: UTF8.self)
            let parts = text.split(separator: of, maxSplits: 1, omittingEmptySubsequences: false)
            try #require(parts.count == 2)
            try AtomicFile.write(Array((parts[0] + change + parts[1]).utf8), to: path)
            let journal = Read(path, Self.identity, try Self.wish())
            #expect(journal.files.isEmpty && journal.end == 0)
        }
    }
}
