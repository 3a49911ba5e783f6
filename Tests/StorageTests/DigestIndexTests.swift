import TestSupport
import Testing

@testable import Storage

@Suite struct DigestIndexTests {
    /// Far enough after a change that the index believes the times.
    private let later: Int64 = 10_000_000_000

    private func hashed(_ path: String) throws -> FileReader.Result {
        var buffer = Buffer(count: 1 << 16)
        return try FileReader.read(path, gitBlob: true, buffer: &buffer) { _ in }
    }

    private func indexed(_ path: String, in directory: String) throws -> FileReader.Result {
        let read = try hashed(path)
        let index = try #require(DigestIndex.open(inDirectory: directory))
        index.remember(read.digests, of: read.status, at: path, now: currentTime() + later)
        index.save()
        return read
    }

    @Test func remembersDigestsForTheNextProcess() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/file", "content")
            let read = try indexed(directory + "/file", in: directory + "/index")
            let again = try #require(DigestIndex.open(inDirectory: directory + "/index"))
            #expect(again.digests(for: read.status) == read.digests)
        }
    }

    @Test func remembersTheXetHashWhereItWasComputed() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/file", "content")
            let read = try hashed(directory + "/file")
            var digests = read.digests
            let xet: XetHash = try #require(XetHash(text: String(repeating: "0123456789abcdef", count: 4)))
            digests.xet = xet
            let index = try #require(DigestIndex.open(inDirectory: directory + "/index"))
            index.remember(digests, of: read.status, at: directory + "/file", now: .max)
            index.save()
            let again = try #require(DigestIndex.open(inDirectory: directory + "/index"))
            #expect(again.digests(for: read.status) == digests)
        }
    }

    @Test func forgetsFileWhoseContentWasRewrittenWithTheSameSize() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/file"
            try writeFile(path, "content")
            _ = try indexed(path, in: directory + "/index")
            try writeFile(path, "CONTENT")
            let index = try #require(DigestIndex.open(inDirectory: directory + "/index"))
            #expect(index.digests(for: try FileStatus.status(of: path)) == nil)
        }
    }

    @Test func doesNotBelieveFileThatChangedAMomentAgo() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/file", "content")
            let read = try hashed(directory + "/file")
            let index = try #require(DigestIndex.open(inDirectory: directory + "/index"))
            index.remember(
                read.digests, of: read.status, at: directory + "/file", now: read.status.changed + 1_000_000)
            index.save()
            #expect(index.digests(for: read.status) == nil)
        }
    }

    @Test(arguments: ["not a database", "", "SQLite format 3\0 and then nothing that makes sense"])
    func rebuildsIndexThatIsNoDatabase(_ garbage: String) async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/index/digests.sqlite", garbage)
            try writeFile(directory + "/file", "content")
            let read = try indexed(directory + "/file", in: directory + "/index")
            let index = try #require(DigestIndex.open(inDirectory: directory + "/index"))
            #expect(index.digests(for: read.status) == read.digests)
        }
    }

    @Test func rebuildsIndexOfANewerKnapsack() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/file", "content")
            let read = try indexed(directory + "/file", in: directory + "/index")
            let path = directory + "/index/digests.sqlite"
            var bytes = try contents(path)
            // The user version is a big-endian integer at offset 60 (sqlite.org/fileformat2.html).
            bytes[63] = 99
            try writeFile(path, bytes)
            let index = try #require(DigestIndex.open(inDirectory: directory + "/index"))
            #expect(index.digests(for: read.status) == nil)
        }
    }

    @Test func neverGivesAWrongDigestFromADamagedDatabase() async throws {
        try await withTemporaryDirectory { directory in
            let seed: UInt64 = 0x6B6E_6170
            print("seed \(seed)")
            var generator = SeededGenerator(seed: seed)
            var reads: [FileReader.Result] = []
            let index = try #require(DigestIndex.open(inDirectory: directory + "/index"))
            for number in 0..<20 {
                try writeFile(directory + "/\(number)", "content \(number)")
                let read = try hashed(directory + "/\(number)")
                index.remember(
                    read.digests, of: read.status, at: directory + "/\(number)", now: currentTime() + later)
                reads.append(read)
            }
            index.save()
            let whole = try contents(directory + "/index/digests.sqlite")
            for round in 0..<100 {
                let damaged = directory + "/damaged-\(round)"
                try writeFile(damaged + "/digests.sqlite", mutated(whole, with: &generator))
                let index = try #require(DigestIndex.open(inDirectory: damaged))
                for read in reads {
                    let found = index.digests(for: read.status)
                    #expect(found == nil || found == read.digests)
                }
            }
        }
    }

    @Test func doesWithoutIndexWhereTheDirectoryIsAFile() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/index", "a file")
            #expect(DigestIndex.open(inDirectory: directory + "/index") == nil)
        }
    }

    @Test func twoIndexesShareOneDatabase() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/file", "content")
            let read = try hashed(directory + "/file")
            let first = try #require(DigestIndex.open(inDirectory: directory + "/index"))
            let second = try #require(DigestIndex.open(inDirectory: directory + "/index"))
            first.remember(
                read.digests, of: read.status, at: directory + "/file", now: currentTime() + later)
            first.save()
            #expect(second.digests(for: read.status) == read.digests)
        }
    }
}
