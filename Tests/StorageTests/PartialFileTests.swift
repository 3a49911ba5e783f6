import TestSupport
import Testing

@testable import Storage

/// What a directory holds after a file was written but not published.
private func leftovers(in directory: String, _ body: (PartialFile) throws -> Void) throws -> [String] {
    let file = try PartialFile(target: directory + "/model.gguf")
    try body(file)
    return try Directory.names(in: directory)
}

@Suite struct PartialFileTests {
    @Test func givesTheNameWhenItIsWhole() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/model.gguf", "old")
            let file = try PartialFile(target: directory + "/model.gguf")
            try file.handle.resize(8)
            try file.handle.write([1, 2].span, at: 4)
            #expect(try contents(directory + "/model.gguf") == Array("old".utf8))
            try file.publish()
            #expect(try contents(directory + "/model.gguf") == [0, 0, 0, 0, 1, 2, 0, 0])
            #expect(try Directory.names(in: directory) == ["model.gguf"])
        }
    }

    @Test func leavesNothingWithoutItsOwner() async throws {
        try await withTemporaryDirectory { directory in
            let during = try leftovers(in: directory) { try $0.handle.write([1].span, at: 0) }
            #expect(during == [".model.gguf.partial"])
            #expect(try Directory.names(in: directory).isEmpty)
        }
    }

    @Test func takesOverWhatAKilledProcessLeft() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/.model.gguf.partial", "older and longer")
            let file = try PartialFile(target: directory + "/model.gguf")
            try file.handle.write([7].span, at: 0)
            try file.publish()
            #expect(try contents(directory + "/model.gguf") == [7])
        }
    }

    @Test func refusesAFileThatIsBeingWritten() async throws {
        try await withTemporaryDirectory { directory in
            let file = try PartialFile(target: directory + "/model.gguf")
            #expect(throws: FileError.self) { try PartialFile(target: directory + "/model.gguf") }
            try file.publish()
            #expect(try Directory.names(in: directory) == ["model.gguf"])
        }
    }

    @Test func refusesLinks() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/other", "other")
            try makeLink(directory + "/.model.gguf.partial", to: "other")
            #expect(throws: FileError.self) { try PartialFile(target: directory + "/model.gguf") }
            #expect(try contents(directory + "/other") == Array("other".utf8))
        }
    }

    @Test func removesAllWhenTheProcessIsInterrupted() async throws {
        try await withTemporaryDirectory { directory in
            let files = try ["a", "b"].map { try PartialFile(target: directory + "/" + $0) }
            PartialFile.remove { $0.hasPrefix(directory) }
            #expect(try Directory.names(in: directory).isEmpty)
            #expect(throws: FileError.self) { try files[0].publish() }
        }
    }

    @Test func readsAndWritesAtPlaces() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/x", [0, 1, 2, 3, 4])
            let file = try FileHandle.reading(directory + "/x")
            var bytes: [UInt8] = [9, 9, 9]
            var span = bytes.mutableSpan
            #expect(try file.read(into: &span, at: 3) == 2)
            #expect(bytes == [3, 4, 9])
        }
    }
}
