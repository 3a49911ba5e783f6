import Formats
import Storage
import TestSupport
import Testing

@testable import Transfer

@Suite struct UploadJournalTests {
    private let key: UploadJournal.Key
    private let other: UploadJournal.Key
    private let prefix: SHA256Digest

    init() throws {
        prefix = try ContentHasher.sha256([1].span)
        key = UploadJournal.Key(
            sha256: try ContentHasher.sha256([1, 2, 3].span), path: "files/model.safetensors", size: 3)
        other = UploadJournal.Key(sha256: key.sha256, path: "files/copy.safetensors", size: 3)
    }

    private func open(_ directory: String) throws -> UploadJournal {
        try #require(try UploadJournal.open(directory, place: "kaggle dataset a/b"))
    }

    @Test func whatWasNotedIsKnownToTheNextRun() async throws {
        try await withTemporaryDirectory { directory in
            do {
                let journal = try open(directory)
                _ = try journal.begin(key, token: "secret", address: "https://store/1?x=y")
                try journal.sending(key, upTo: 2, prefix: prefix)
                _ = try journal.begin(other, token: "other", address: "https://store/2")
                try journal.finish(other)
                try journal.note(.asked(content: key.sha256, after: 4))
            }
            let journal = try open(directory)
            let session = try #require(journal.session(key))
            #expect(session.token == "secret" && session.address == "https://store/1?x=y")
            #expect(session.sent == 2 && session.prefix == prefix && !session.isDone && session.isOld)
            #expect(journal.session(other)?.isDone == true)
            #expect(journal.version == .asked(content: key.sha256, after: 4))
        }
    }

    @Test func whatWasForgottenStaysForgottenAndTheLastVersionCounts() async throws {
        try await withTemporaryDirectory { directory in
            do {
                let journal = try open(directory)
                _ = try journal.begin(key, token: "a", address: "https://store/1")
                _ = try journal.begin(other, token: "b", address: "https://store/2")
                try journal.finish(other)
                try journal.forget(key)
                try journal.note(.asked(content: key.sha256, after: nil))
                try journal.note(.made(content: key.sha256, number: 1))
            }
            let journal = try open(directory)
            #expect(journal.session(key) == nil)
            #expect(journal.version == .made(content: key.sha256, number: 1))
            #expect(try journal.forgetOld() == 1)
            #expect(journal.session(other) == nil)
        }
    }

    @Test func aJournalCountsUpToItsLastWholeLine() async throws {
        try await withTemporaryDirectory { directory in
            do {
                let journal = try open(directory)
                _ = try journal.begin(key, token: "a", address: "https://store/1")
                try journal.sending(key, upTo: 2, prefix: prefix)
            }
            let folder = Path.join(directory, "uploads")
            let name = try #require(try Directory.names(in: folder).first { $0.hasSuffix(".journal") })
            let path = Path.join(folder, name)
            let bytes = try contents(path)
            for length in 0..<bytes.count {
                try writeFile(path, bytes.prefix(length))
                let journal = try open(directory)
                let session = journal.session(key)
                #expect(session == nil || session?.token == "a")
                #expect(session?.sent ?? 0 == 0)
            }
        }
    }

    @Test func whoeverComesSecondDoesNotGetTheJournalAndAnotherPlaceHasItsOwn() async throws {
        try await withTemporaryDirectory { directory in
            let journal = try open(directory)
            #expect(try UploadJournal.open(directory, place: "kaggle dataset a/b") == nil)
            #expect(try UploadJournal.open(directory, place: "kaggle dataset a/c") != nil)
            _ = try journal.begin(key, token: "a", address: "https://store/1")
        }
    }
}
