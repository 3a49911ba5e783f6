import Storage
import TestSupport
import Testing

@Suite struct ClaimTests {
    @Test func leftoverIsReplacedAndAFileInUseIsNot() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/.x.partial"
            try writeFile(path, "left by a killed process")
            do {
                let file = try #require(try FileHandle.claiming(path))
                #expect(try file.status().size == 0)
                let other = try FileHandle.claiming(path)
                #expect(other == nil)
                // The lock is the file's, whichever of its handles ends.
                do { _ = try file.duplicate() }
                let another = try FileHandle.claiming(path, patience: 0)
                #expect(another == nil)
            }
            let next = try FileHandle.claiming(path)
            #expect(next != nil)
        }
    }

    @Test func renamedFileFreesTheName() async throws {
        try await withTemporaryDirectory { directory in
            let path = AtomicFile.unfinished(directory + "/x")
            #expect(path == directory + "/.x.partial")
            let file = try #require(try FileHandle.claiming(path))
            try AtomicFile.rename(path, to: directory + "/x")
            let next = try FileHandle.claiming(path)
            #expect(next != nil)
            #expect(try file.status().kind == .file)
        }
    }

    @Test func linkInTheNamesPlaceIsAnError() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/mine", "mine")
            try makeLink(directory + "/.x.partial", to: directory + "/mine")
            #expect(throws: FileError.self) { _ = try FileHandle.claiming(directory + "/.x.partial") }
            #expect(try contents(directory + "/mine") == Array("mine".utf8))
        }
    }

    @Test func writtenFileLeavesNothingBesides() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/.x.lock.partial", "left by a killed process")
            try AtomicFile.write(Array("new".utf8), to: directory + "/x.lock")
            #expect(try Directory.names(in: directory) == ["x.lock"])
        }
    }
}
