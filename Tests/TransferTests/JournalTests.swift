import TestSupport
import Testing

@testable import Formats
@testable import Storage
@testable import Transfer

/// What a killed download leaves, and what the next one takes of it.
@Suite struct JournalTests {
    private static let size = 3 * PartialBlob.block + 1000

    private static func content() -> [UInt8] {
        var random = SeededGenerator(seed: 3)
        return (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    private static func identity(_ content: [UInt8]) throws -> BlobIdentity {
        BlobIdentity(proof: .sha256(try ContentHasher.sha256(content.span)), size: content.count)
    }

    /// Writes blocks of a blob, as a download does that is killed then.
    private static func begin(_ content: [UInt8], _ blocks: [Int], at path: String) throws {
        let partial = try PartialBlob(try identity(content), at: path)
        for block in blocks {
            let start = block * PartialBlob.block
            let end = min(start + PartialBlob.block, content.count)
            try partial.write(content.span.extracting(start..<end), at: start)
        }
    }

    @Test func aLineIsReadAsItIsWritten() throws {
        let identity = BlobIdentity(
            proof: .gitBlob(try #require(GitBlobDigest(hex: String(repeating: "a", count: 40)))), size: 1000)
        let blocks = [
            Journal.Block(range: 0..<10, checksum: 0), Journal.Block(range: 990..<1000, checksum: .max),
        ]
        let text = Journal.header(identity) + blocks.map(\.line).joined()
        let journal = try #require(Journal(Array(text.utf8)))
        #expect(journal.name == identity.name && journal.size == 1000 && journal.blocks == blocks)
    }

    @Test func aLastLineWithoutItsEndDoesNotCount() throws {
        let identity = BlobIdentity(
            proof: .gitBlob(try #require(GitBlobDigest(hex: String(repeating: "a", count: 40)))), size: 1000)
        let whole = Journal.header(identity) + "0 10 1\n"
        for cut in 1..<"10 100 ff\n".utf8.count {
            let text = whole + String("10 100 ff\n".prefix(cut))
            #expect(Journal(Array(text.utf8))?.blocks.count == 1)
        }
        #expect(Journal(Array((whole + "10 100 ff\n").utf8))?.blocks.count == 2)
    }

    @Test(arguments: [
        "", "\n", "{}\n", #"{"journal":2,"blob":"a","size":1}"# + "\n", #"{"journal":1,"blob":"a"}"# + "\n",
        #"{"journal":1,"blob":"a","size":-1}"# + "\n",
    ])
    func whatIsNoJournalIsNone(_ text: String) {
        #expect(Journal(Array(text.utf8)) == nil)
    }

    @Test(arguments: [
        "0 0 1", "0 101 1", "-1 5 1", "101 1 1", "1 9223372036854775807 1", "0 5", "0 5 x", "0 5 1 2",
    ])
    func aLineThatCannotBeEndsIt(_ line: String) {
        let text = #"{"journal":1,"blob":"a","size":100}"# + "\n0 10 1\n\(line)\n10 10 1\n"
        #expect(Journal(Array(text.utf8))?.blocks.count == 1)
    }

    @Test func whatAnEarlierRunLeftIsTaken() async throws {
        try await withTemporaryDirectory { directory in
            let content = Self.content()
            let path = "\(directory)/blob"
            try Self.begin(content, [0, 2], at: path)
            let identity = try Self.identity(content)
            #expect(PartialBlob.bytesThere(identity, at: path) == 2 * PartialBlob.block)
            let next = try PartialBlob(identity, at: path)
            #expect(next.count == 2 * PartialBlob.block)
            #expect(next.claim(piece: 8 << 20) == PartialBlob.block..<2 * PartialBlob.block)
            #expect(next.claim(piece: 8 << 20) == 3 * PartialBlob.block..<Self.size)
            #expect(next.claim(piece: 8 << 20) == nil)
        }
    }

    @Test func bytesThatDidNotReachTheDiskAreLoadedAgain() async throws {
        try await withTemporaryDirectory { directory in
            let content = Self.content()
            let path = "\(directory)/blob"
            try Self.begin(content, [0, 1, 2, 3], at: path)
            let file = try FileHandle.updating(PartialBlob.partialPath(of: path))
            let zeros = [UInt8](repeating: 0, count: 100)
            try file.write(zeros.span, at: PartialBlob.block + 5)
            let next = try PartialBlob(try Self.identity(content), at: path)
            #expect(next.count == Self.size - PartialBlob.block)
            #expect(next.claim(piece: 8 << 20) == PartialBlob.block..<2 * PartialBlob.block)
        }
    }

    @Test func aJournalOfOtherContentIsThrownAway() async throws {
        try await withTemporaryDirectory { directory in
            let content = Self.content()
            let path = "\(directory)/blob"
            try Self.begin(content, [0, 1], at: path)
            let other = try Self.identity([1] + content.dropFirst())
            let next = try PartialBlob(other, at: path)
            #expect(next.count == 0)
            #expect(try FileStatus.status(of: PartialBlob.partialPath(of: path)).size == 0)
        }
    }

    @Test func anyChangeOfTheJournalCostsBytesAndNothingElse() async throws {
        try await withTemporaryDirectory { directory in
            let content = Array(Self.content().prefix(PartialBlob.block + 77))
            let identity = try Self.identity(content)
            var random = SeededGenerator(seed: 41)
            for number in 0..<60 {
                let path = "\(directory)/blob\(number)"
                try Self.begin(content, [0, 1], at: path)
                let journal = PartialBlob.journalPath(of: path)
                try writeFile(journal, mutated(try contents(journal), with: &random))
                let next = try PartialBlob(identity, at: path)
                while let range = next.claim(piece: PartialBlob.block) {
                    var start = range.lowerBound
                    while start < range.upperBound {
                        let end = min(range.upperBound, start + PartialBlob.block)
                        try next.write(content.span.extracting(start..<end), at: start)
                        start = end
                    }
                }
                #expect(next.isFull)
                var buffer = Buffer(count: 1 << 16)
                #expect(identity.matches(try next.digests(&buffer)), "\(number)")
            }
        }
    }

    @Test func theDigestIsTheSameInWhateverOrderBlocksCome() async throws {
        try await withTemporaryDirectory { directory in
            let content = Self.content()
            let identity = try Self.identity(content)
            for (number, order) in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2]].enumerated() {
                let path = "\(directory)/\(number)"
                let partial = try PartialBlob(identity, at: path)
                var buffer = Buffer(count: 1 << 16)
                for block in order {
                    let start = block * PartialBlob.block
                    let end = min(start + PartialBlob.block, content.count)
                    try partial.write(content.span.extracting(start..<end), at: start)
                    try partial.hashAhead(limit: 1 << 20, &buffer)
                }
                #expect(partial.isFull)
                #expect(identity.matches(try partial.digests(&buffer)))
                try partial.publish()
                #expect(try contents(path) == content)
                #expect(try FileStatus.existing(PartialBlob.journalPath(of: path)) == nil)
            }
        }
    }

    @Test func bytesThatComeOtherwiseTheSecondTimeAreNamed() async throws {
        try await withTemporaryDirectory { directory in
            let content = Self.content()
            var wrong = content
            wrong[PartialBlob.block + 9] ^= 1
            let path = "\(directory)/blob"
            let partial = try PartialBlob(try Self.identity(content), at: path)
            for (bytes, isSecond) in [(wrong, false), (content, true)] {
                if isSecond { try partial.beginSecondPass() }
                for start in stride(from: 0, to: bytes.count, by: PartialBlob.block) {
                    let end = min(start + PartialBlob.block, bytes.count)
                    try partial.write(bytes.span.extracting(start..<end), at: start)
                }
                var buffer = Buffer(count: 1 << 16)
                #expect(try Self.identity(content).matches(try partial.digests(&buffer)) == isSecond)
            }
            #expect(partial.changed?.ranges == [PartialBlob.block + 9..<PartialBlob.block + 10])
        }
    }
}
