import TestSupport
import Testing

@testable import Storage

/// Makes a partial directory with a file, and lets it go without publishing it.
private func abandon(_ target: String) throws {
    let partial = try PartialDirectory(target: target)
    try writeFile(partial.path + "/sub/file", "x")
}

private func publish(_ target: String) throws {
    let partial = try PartialDirectory(target: target)
    try writeFile(partial.path + "/sub/file", "x")
    try partial.publish()
}

@Suite struct PartialDirectoryTests {
    @Test func directoryHasItsNameOnlyWhenItIsPublished() async throws {
        try await withTemporaryDirectory { directory in
            let target = directory + "/new/model"
            let partial = try PartialDirectory(target: target)
            try writeFile(partial.path + "/sub/file", "x")
            let early = try FileStatus.existing(target)
            #expect(early == nil)
            try partial.publish()
            #expect(try Directory.names(in: target + "/sub") == ["file"])
            #expect(try Directory.names(in: directory + "/new") == ["model"])
        }
    }

    @Test func unpublishedDirectoriesAreRemovedWithTheirOwner() async throws {
        try await withTemporaryDirectory { directory in
            try abandon(directory + "/model")
            #expect(try Directory.names(in: directory) == [])
        }
    }

    @Test func leftoversAreEmptiedAndTakenOver() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/.model.partial/old", "old")
            try publish(directory + "/model")
            #expect(try Directory.names(in: directory + "/model") == ["sub"])
        }
    }

    @Test func emptyDirectoryIsReplacedAndAFullOneIsNot() async throws {
        try await withTemporaryDirectory { directory in
            try Directory.make(directory + "/model")
            try publish(directory + "/model")
            #expect(throws: FileError.self) { try publish(directory + "/model") }
            #expect(try Directory.names(in: directory) == ["model"])
        }
    }

    @Test func secondWriterIsTurnedAwayAndLeftoversInUseStay() async throws {
        try await withTemporaryDirectory { directory in
            let partial = try PartialDirectory(target: directory + "/model")
            let error = #expect(throws: FileError.self) {
                _ = try PartialDirectory(target: directory + "/model")
            }
            #expect(error?.isBusy == true)
            let removed = try PartialDirectory.removeLeftover(partial.path)
            #expect(!removed)
            try Directory.make(directory + "/.other.partial/sub")
            let other = try PartialDirectory.removeLeftover(directory + "/.other.partial")
            #expect(other)
            #expect(try Directory.names(in: directory) == [".model.partial"])
        }
    }
}
