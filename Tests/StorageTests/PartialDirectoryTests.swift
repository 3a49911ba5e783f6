import Storage
import TestSupport
import Testing

@Suite struct PartialDirectoryTests {
    private func write(_ text: String, to path: String) throws {
        try Directory.make(Path.parent(path))
        try FileHandle.creating(path).write(Array(text.utf8).span)
    }

    @Test func directoryHasItsNameOnlyWhenItIsPublished() throws {
        let directory = try TemporaryDirectory()
        let target = directory.path + "/new/model"
        let partial = try PartialDirectory(target: target)
        try write("x", to: partial.path + "/sub/file")
        #expect(try FileStatus.existing(target) == nil)
        try partial.publish()
        #expect(try FileReader.contents(of: target + "/sub/file", limit: 10) == Array("x".utf8))
        #expect(try Directory.names(in: directory.path + "/new") == ["model"])
    }

    @Test func unpublishedDirectoriesAreRemovedWithTheirOwner() throws {
        let directory = try TemporaryDirectory()
        do {
            let partial = try PartialDirectory(target: directory.path + "/model")
            try write("x", to: partial.path + "/sub/file")
        }
        #expect(try Directory.names(in: directory.path) == [])
    }

    @Test func leftoversAreEmptiedAndTakenOver() throws {
        let directory = try TemporaryDirectory()
        try write("old", to: directory.path + "/.model.partial/old")
        let partial = try PartialDirectory(target: directory.path + "/model")
        try partial.publish()
        #expect(try Directory.names(in: directory.path + "/model") == [])
    }

    @Test func emptyDirectoryIsReplacedAndAFullOneIsNot() throws {
        let directory = try TemporaryDirectory()
        try Directory.make(directory.path + "/empty")
        let first = try PartialDirectory(target: directory.path + "/empty")
        try write("x", to: first.path + "/file")
        try first.publish()
        #expect(throws: FileError.self) {
            try PartialDirectory(target: directory.path + "/empty").publish()
        }
        #expect(try Directory.names(in: directory.path) == ["empty"])
        #expect(try Directory.names(in: directory.path + "/empty") == ["file"])
    }

    @Test func secondWriterIsTurnedAwayAndLeftoversInUseStay() throws {
        let directory = try TemporaryDirectory()
        let partial = try PartialDirectory(target: directory.path + "/model")
        let error = #expect(throws: FileError.self) {
            _ = try PartialDirectory(target: directory.path + "/model")
        }
        #expect(error?.isBusy == true)
        #expect(try !PartialDirectory.removeLeftover(partial.path))
        #expect(try FileStatus.existing(partial.path) != nil)
        try Directory.make(directory.path + "/.other.partial/sub")
        #expect(try PartialDirectory.removeLeftover(directory.path + "/.other.partial"))
        #expect(try Directory.names(in: directory.path) == [".model.partial"])
    }
}
