import Formats
import TestSupport
import Testing

@testable import Caches
@testable import Manifests
@testable import Storage

@Suite struct LocalDirectoryTests {
    @Test func provesADownloadByItsMetadata() throws {
        let snapshot = try LocalDirectory("local-dir", relativeTo: CacheFixtures.directory).snapshot()
        #expect(snapshot.origin == .path)
        #expect(snapshot.paths == ["changed.txt", "config.json", "notes.txt", "sub/model.safetensors"])
        #expect(snapshot.file("config.json")?.proofs == ["tree-git-sha1", "local-dir-git-sha1"])
        #expect(
            snapshot.file("sub/model.safetensors")?.proofs
                == ["tree-sha256", "local-dir-sha256", "tree-xet"])
        #expect(snapshot.file("sub/model.safetensors")?.expectedSize == 10)
        #expect(snapshot.file("notes.txt")?.proofs == [])
        #expect(snapshot.listed?.keys.sorted() == ["config.json", "missing.txt", "sub/model.safetensors"])
        let interrupted = try #require(snapshot.problem("download-interrupted"))
        #expect(interrupted.notes.first?.hasPrefix("missing.txt: ") == true)
    }

    @Test func doesNotBelieveMetadataThatIsOlderThanTheFile() throws {
        let snapshot = try LocalDirectory("local-dir", relativeTo: CacheFixtures.directory).snapshot()
        #expect(snapshot.file("changed.txt")?.proofs == [])
        #expect(snapshot.problem("changed-since-download")?.notes.first == "changed.txt")
    }

    @Test func provesByMetadataAlone() async throws {
        try await withTemporaryDirectory { directory in
            let commit = String(repeating: "a", count: 40)
            let notes = "\(directory)/.cache/huggingface/download"
            try writeFile("\(directory)/m.bin", "content")
            try writeFile(
                "\(notes)/m.bin.metadata", " \(commit) \r\n\(CacheFixtures.weights)\n 9999999999.25 \n")
            for (name, text) in [
                ("nan", "\(commit)\n\(CacheFixtures.weights)\nnan\n"), ("short", commit),
                ("other", "\(commit)\n\"abc-7\"\n9999999999\n"), ("empty", ""),
            ] {
                try writeFile("\(directory)/\(name)", "")
                try writeFile("\(notes)/\(name).metadata", text)
            }
            let snapshot = try LocalDirectory(directory, relativeTo: "/nowhere").snapshot()
            #expect(snapshot.file("m.bin")?.proofs == ["local-dir-sha256"])
            #expect(snapshot.listed == nil)
            #expect(snapshot.files.filter { !$0.evidence.isEmpty }.count == 1)
            #expect(snapshot.problems.isEmpty)
        }
    }

    @Test func followsLinksToFilesInsideAndNoOthers() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile("\(directory)/secret", "x")
            let folder = "\(directory)/d"
            try writeFile("\(folder)/real/file", "content")
            try writeFile("\(folder)/.git/config", "[remote]")
            try writeFile("\(folder)/sub/.git", "gitdir: elsewhere")
            try makeLink("\(folder)/inside", to: "real/file")
            try makeLink("\(folder)/twice", to: "sub/../inside")
            try makeLink("\(folder)/directory", to: "real")
            try makeLink("\(folder)/out", to: "../secret")
            try makeLink("\(folder)/back", to: "../d/real/file")
            try makeLink("\(folder)/remote", to: ".git/config")
            try makeLink("\(folder)/through", to: "directory/file")
            let snapshot = try LocalDirectory("d", relativeTo: directory).snapshot()
            #expect(snapshot.paths == ["inside", "real/file", "through", "twice"])
            #expect(snapshot.files.allSatisfy { $0.location == "\(folder)/real/file" })
            #expect(snapshot.size == 7)
            #expect(
                snapshot.problems.map(\.code.rawValue)
                    == ["link-escapes", "link-to-directory", "link-escapes", "link-escapes"])
        }
    }

    @Test func doesNotTakeNamesForEqualThatAreDifferentFiles() async throws {
        try await withTemporaryDirectory { directory in
            // Two spellings of one letter: a directory and a link out of the tree.
            try writeFile("\(directory)/d/\u{E9}/f", "inside")
            try writeFile("\(directory)/out/f", "outside")
            try makeLink("\(directory)/d/e\u{301}", to: "../out")
            try makeLink("\(directory)/d/a", to: "\u{E9}/f")
            try makeLink("\(directory)/d/b", to: "e\u{301}/f")
            // A combining mark makes one character of the slash and itself.
            try makeLink("\(directory)/d/c", to: "../\u{338}/f")
            try writeFile("\(directory)/\u{338}/f", "outside")
            let snapshot = try LocalDirectory("d", relativeTo: directory).snapshot()
            #expect(snapshot.paths == ["a", "\u{E9}/f"])
            #expect(
                snapshot.problems.map(\.code.rawValue) == ["link-escapes", "link-escapes", "link-escapes"])
        }
    }

    @Test func saysThatAPartOfAHubCacheHasASourceOfItsOwn() throws {
        let directory = "hub/models--tiny--linked/snapshots/\(CacheFixtures.linkedNew)"
        let snapshot = try LocalDirectory(directory, relativeTo: CacheFixtures.directory).snapshot()
        #expect(snapshot.files.isEmpty)
        #expect(snapshot.problems.count == 3)
        let source = "hf:tiny/linked@\(CacheFixtures.linkedNew)"
        #expect(snapshot.problems.allSatisfy { $0.fix?.contains(source) == true })
    }

    @Test(arguments: ["none", "local-dir/config.json", "a\u{0}b"]) func saysThatThereIsNoDirectory(
        _ name: String
    ) {
        let directory = LocalDirectory(name, relativeTo: CacheFixtures.directory)
        let found = findings { () throws(Diagnostics) in try directory.snapshot() }
        #expect(found.map(\.code.rawValue) == ["directory-missing"])
    }

    @Test func walksDeepDirectories() async throws {
        try await withTemporaryDirectory { directory in
            let deep = (0..<200).map { "d\($0)" }.joined(separator: "/")
            try writeFile("\(directory)/\(deep)/file", "x")
            #expect(
                try LocalDirectory(directory, relativeTo: "/").snapshot().paths.map(\.text) == [
                    "\(deep)/file"
                ])
        }
    }
}
