import TestSupport
import Testing

@testable import Storage

private func isFree(_ path: String) throws -> Bool {
    if try FileHandle.claiming(path) != nil { return true }
    return false
}

private func isFree(directory path: String) throws -> Bool {
    if try FileHandle.claimingDirectory(path) != nil { return true }
    return false
}

private func claimed(_ path: String) throws -> FileHandle {
    guard let file = try FileHandle.claiming(path) else { throw FileError("claim", path, code: 11) }
    return file
}

@Suite struct ClaimTests {
    @Test func leftoverIsReplacedAndAFileInUseIsNot() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/.x.partial"
            try writeFile(path, "left by a killed process")
            do {
                let file = try claimed(path)
                #expect(try file.status().size == 0)
                #expect(try !isFree(path))
                // The lock is the file's, whichever of its handles ends.
                do { _ = try file.duplicate() }
                #expect(try !isFree(path))
            }
            #expect(try isFree(path))
        }
    }

    @Test func renamedFileFreesTheName() async throws {
        try await withTemporaryDirectory { directory in
            let path = AtomicFile.unfinished(directory + "/x")
            #expect(path == directory + "/.x.partial")
            let file = try claimed(path)
            try AtomicFile.rename(path, to: directory + "/x")
            #expect(try isFree(path))
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

    /// Also a link that leads nowhere: each of them once made the claim try for ever.
    @Test(arguments: ["mine", "nothing", ".x.partial"])
    func whatStandsInTheWayIsNamed(_ target: String) async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/mine/file", "mine")
            let path = directory + "/.x.partial"
            try makeLink(path, to: directory + "/" + target)
            let file = #expect(throws: FileError.self) { _ = try FileHandle.claiming(path) }
            let folder = #expect(throws: FileError.self) { _ = try FileHandle.claimingDirectory(path) }
            for error in [file, folder] {
                #expect(error?.description == "cannot use \(path): a link is in the way; remove it")
            }
            #expect(try FileStatus.existing(path)?.kind == .link)
            #expect(try Directory.names(in: directory + "/mine") == ["file"])
        }
    }

    @Test func aDirectoryInAFilesPlaceStays() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/.x.partial"
            try writeFile(path + "/mine", "mine")
            let error = #expect(throws: FileError.self) { _ = try FileHandle.claiming(path) }
            #expect(error?.description.contains("a directory is in the way") == true)
            try writeFile(directory + "/.y.partial", "x")
            let other = #expect(throws: FileError.self) {
                _ = try FileHandle.claimingDirectory(directory + "/.y.partial")
            }
            #expect(other?.description.contains("a file is in the way") == true)
        }
    }

    @Test func aDirectoryIsMadeLockedAndTakenOver() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/new/.x.partial"
            do {
                guard let held = try FileHandle.claimingDirectory(path) else {
                    Issue.record("nobody else has it")
                    return
                }
                #expect(try !isFree(directory: path))
                #expect(try held.status().kind == .directory)
            }
            #expect(try isFree(directory: path))
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
