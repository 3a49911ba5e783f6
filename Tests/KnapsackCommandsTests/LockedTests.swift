import TestSupport
import Testing

@testable import Caches
@testable import Formats
@testable import Manifests
@testable import Storage

/// A lock of directories whose files change behind its back.
@Suite struct LockedTests {
    private func project(_ directory: String, _ more: String = "") throws -> String {
        let manifest = directory + "/m.toml"
        try writeFile(
            manifest,
            "schema = 1\n[bundle]\nname = \"sample-bundle\"\n[[files]]\nname = \"data\"\nsource = \"path:data\"\n"
                + "license = \"mit\"\n" + more)
        try writeFile(directory + "/data/a.txt", "one")
        try writeFile(directory + "/data/b.txt", "two")
        return manifest
    }

    /// Every file below a directory, with its content.
    private func tree(_ directory: String) throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for name in try Directory.names(in: directory) {
            let path = directory + "/" + name
            if try FileStatus.status(of: path).kind == .directory {
                for (inner, bytes) in try tree(path) { found["\(name)/\(inner)"] = bytes }
            } else {
                found[name] = try contents(path)
            }
        }
        return found
    }

    @Test func lockedHoldsOnlyWhileLockingWouldChangeNothing() async throws {
        try await withTemporaryDirectory { directory in
            let manifest = try project(directory)
            #expect(try await knapsack("lock", manifest, "--locked").status == 1)
            #expect(try await knapsack("lock", manifest).status == 0)
            #expect(try await knapsack("lock", manifest, "--locked").status == 0)
            let before = try tree(directory)
            try writeFile(directory + "/data/a.txt", "another")
            try writeFile(directory + "/data/c.txt", "new")
            for command in [
                ["lock", manifest, "--locked"], ["pack", manifest, "--locked", "-o", directory + "/b"],
            ] {
                let run = try await knapsack(command)
                #expect(run.status == 1)
                #expect(run.error.contains("data is not what was locked"))
                #expect(run.error.contains("1 file changed: a.txt"))
                #expect(run.error.contains("1 file added: c.txt"))
            }
            #expect(try contents(directory + "/m.lock") == before["m.lock"])
            #expect(try FileStatus.existing(directory + "/b") == nil)
        }
    }

    @Test func anEmptyNameMovesNoPin() async throws {
        try await withTemporaryDirectory { directory in
            let manifest = try project(directory)
            #expect(try await knapsack("lock", manifest).status == 0)
            #expect(try await knapsack("lock", manifest, "--update").status == 0)
            let run = try await knapsack("lock", manifest, "--update", "")
            #expect(run.status == 2)
            #expect(run.error.contains("the manifest has no entry \"\""))
        }
    }

    @Test func aLockInOtherBytesIsNotTheOneThatIsWritten() async throws {
        try await withTemporaryDirectory { directory in
            let manifest = try project(directory)
            #expect(try await knapsack("lock", manifest).status == 0)
            try writeFile(directory + "/m.lock", contents(directory + "/m.lock") + Array("\n".utf8))
            #expect(try await knapsack("lock", manifest, "--locked").status == 1)
        }
    }

    @Test func aPinThatMovesIsTold() async throws {
        try await withTemporaryDirectory { directory in
            let manifest = try project(directory)
            #expect(try await knapsack("lock", manifest).status == 0)
            try Directory.removeFile(directory + "/data/b.txt")
            let packed = try await knapsack("pack", manifest, "-o", directory + "/b")
            #expect(packed.status == 0)
            #expect(packed.error.contains("warning"))
            #expect(packed.error.contains("data is not what was locked, and is locked again"))
            #expect(packed.error.contains("1 file removed: b.txt"))
            let again = try await knapsack("pack", manifest, "-o", directory + "/b")
            #expect(again.status == 0 && !again.error.contains("is locked again"))
            // What was asked for is no warning.
            try writeFile(directory + "/data/b.txt", "three")
            let updated = try await knapsack("lock", manifest, "--update")
            #expect(!updated.error.contains("warning") && updated.error.contains("data: changed"))
        }
    }

    @Test func aDryRunWritesNothing() async throws {
        try await withTemporaryDirectory { directory in
            let manifest = try project(directory)
            let index = directory + "/index"
            for _ in 0..<2 {
                let before = try tree(directory)
                let run = try await knapsack(
                    ["pack", manifest, "--dry-run", "-o", directory + "/b"], index: index)
                #expect(run.status == 0, "\(run.error)")
                #expect(run.error.contains("files/data/a.txt"))
                #expect(try tree(directory) == before)
                _ = try await knapsack(["lock", manifest], index: index)
                try writeFile(directory + "/data/a.txt", "changed")
            }
        }
    }

    @Test func aDryRunSaysWhatStandsInTheWay() async throws {
        try await withTemporaryDirectory { directory in
            let manifest = try project(directory)
            try writeFile(directory + "/b/mine", "mine")
            let run = try await knapsack("pack", manifest, "--dry-run", "-o", directory + "/b")
            #expect(run.status == 0 && run.error.contains("is not a bundle"))
            #expect(try await knapsack("pack", manifest, "-o", directory + "/b").status == 2)
            #expect(try tree(directory + "/b") == ["mine": Array("mine".utf8)])
        }
    }

    @Test(arguments: ["x.tar.gz", "x.tgz", "x.7z", "x.ZIP"])
    func anotherArchiveIsNoDirectory(_ name: String) async throws {
        try await withTemporaryDirectory { directory in
            let manifest = try project(directory)
            await #expect(throws: (any Error).self) {
                _ = try await knapsack("pack", manifest, "-o", directory + "/" + name)
            }
            #expect(try tree(directory).keys.sorted() == ["data/a.txt", "data/b.txt", "m.toml"])
        }
    }

    @Test func aCacheThatIsNotThereIsNotEmpty() async throws {
        try await withTemporaryDirectory { directory in
            try Directory.make(directory + "/hub")
            for arguments in [
                ["--hf-cache", directory + "/nope"], ["--kagglehub-cache", directory + "/nope"],
                ["--hf-cache", directory + "/hub", "--kagglehub-cache", directory + "/nope"], [],
            ] {
                #expect(try await knapsack(["list"] + arguments).status == 2)
            }
            let run = try await knapsack("list", "--hf-cache", directory + "/hub")
            #expect(run.status == 0 && run.error.contains("nothing found"))
        }
    }
}
