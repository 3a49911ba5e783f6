import TestSupport
import Testing

@testable import Storage

@Suite struct OpenDirectoryTests {
    @Test func opensNoLinkAndNoWayOut() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/outside/file", "text")
            try Directory.make(directory + "/root")
            try makeLink(directory + "/root/link", to: "../outside")
            try makeLink(directory + "/root/file", to: "../outside/file")
            let root = try OpenDirectory.opening(directory + "/root")
            #expect(throws: FileError.self) { try root.directory("link") }
            #expect(throws: FileError.self) { try root.reading("file").status() }
            for name in ["..", ".", "", "link/file", "/etc", "a\0b"] {
                #expect(throws: FileError.self) { try root.directory(name) }
                #expect(throws: FileError.self) { try root.status(of: name) }
                #expect(throws: FileError.self) { try root.makeDirectory(name) }
                #expect(throws: FileError.self) { try root.removeFile(name) }
            }
            #expect(try root.status(of: "link")?.kind == .link)
            #expect(try root.linkText("link") == "../outside")
            #expect(try root.status(of: "nothing") == nil)
        }
    }

    @Test func staysInTheDirectoryThatWasOpened() async throws {
        try await withTemporaryDirectory { directory in
            try Directory.make(directory + "/root/sub")
            try Directory.make(directory + "/outside")
            let sub = try OpenDirectory.opening(directory + "/root").directory("sub")
            try AtomicFile.rename(directory + "/root/sub", to: directory + "/root/moved")
            try makeLink(directory + "/root/sub", to: "../outside")
            try sub.creating("file").write(Array("text".utf8).span)
            #expect(try contents(directory + "/root/moved/file") == Array("text".utf8))
            #expect(try Directory.names(in: directory + "/outside").isEmpty)
        }
    }

    @Test func replacesNothing() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/new", "new")
            try writeFile(directory + "/old", "old")
            let root = try OpenDirectory.opening(directory)
            for make in [
                { try root.rename("new", into: root, as: "old") },
                { try root.makeLink("old", to: "new") },
                { try root.creating("old").synchronize() },
            ] as [() throws -> Void] {
                #expect {
                    try make()
                } throws: { ($0 as? FileError)?.isExisting == true }
            }
            #expect(try contents(directory + "/old") == Array("old".utf8))
            #expect(try root.makeDirectory("sub"))
            #expect(try root.makeDirectory("sub") == false)
            try root.rename("new", into: root.directory("sub"), as: "new")
            #expect(try contents(directory + "/sub/new") == Array("new".utf8))
            #expect(try root.removeEmptyDirectory("sub") == false)
        }
    }

    @Test func readsNoMoreThanItWasAskedFor() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/file", "0123456789")
            let file = try OpenDirectory.opening(directory).reading("file")
            var buffer = Buffer(count: 6)
            for (offset, count, expected) in [(2, 3, 3), (8, 5, 2), (0, 100, 6), (10, 1, 0), (0, -1, 0)] {
                #expect(try file.read(into: &buffer, at: offset, atMost: count) == expected)
            }
        }
    }
}
