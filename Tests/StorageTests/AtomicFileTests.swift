import TestSupport
import Testing

@testable import Storage

@Suite struct AtomicFileTests {
    @Test func writesOnlyWhatDiffers() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/file"
            let written = try ["one", "one", "two"].map { try AtomicFile.write(Array($0.utf8), to: path) }
            #expect(written == [true, false, true])
            #expect(try contents(path) == Array("two".utf8))
            #expect(try Directory.names(in: directory) == ["file"])
        }
    }

    @Test func renameNewNeverReplaces() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/a", "a")
            try writeFile(directory + "/b", "b")
            #expect(throws: FileError.self) {
                try AtomicFile.renameNew(directory + "/a", to: directory + "/b")
            }
            #expect(try contents(directory + "/b") == Array("b".utf8))
        }
    }

    @Test func removesTreesWithoutFollowingLinks() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/outside/file", "keep")
            try writeFile(directory + "/tree/sub/file", "go")
            try makeLink(directory + "/tree/link", to: "../outside")
            try Directory.removeTree(directory + "/tree")
            #expect(try Directory.names(in: directory) == ["outside"])
            #expect(try contents(directory + "/outside/file") == Array("keep".utf8))
            try Directory.removeTree(directory + "/tree")
        }
    }

    @Test func aLockIsHeldByOneHandle() async throws {
        try await withTemporaryDirectory { directory in
            let first = try FileHandle.directory(directory)
            let second = try FileHandle.directory(directory)
            let taken = (try first.lockExclusively(), try second.lockExclusively())
            #expect(taken == (true, false))
        }
    }

    @Test func parallelWorkKeepsTheOrderOfItsItems() async throws {
        let results = try await Parallel.map(Array(0..<1000), largestFirst: \.self) { item, _ in item * 2 }
        #expect(results == (0..<1000).map { $0 * 2 })
    }

    @Test func parallelWorkThrowsTheError() async throws {
        await #expect(throws: FileError.self) {
            _ = try await Parallel.map(Array(0..<100), largestFirst: \.self) { item, _ in
                if item == 50 { throw FileError("read", "x", code: 5) }
                return item
            }
        }
    }
}
