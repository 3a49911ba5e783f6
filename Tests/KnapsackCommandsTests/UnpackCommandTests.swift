import ArgumentParser
import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import KnapsackCommands
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite struct UnpackCommandTests {
    /// Packs the quickstart in a directory.
    private func packed(in directory: String) async throws -> (manifest: String, bundle: String) {
        let (manifest, caches) = try copyQuickstart(to: directory)
        let run = try await knapsack(["pack", manifest, "--output", directory + "/bundle"] + caches)
        try #require(run.status == 0, "\(run.error)")
        return (manifest, directory + "/bundle")
    }

    private func tree(_ root: String, _ folder: String = "") throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for name in try Directory.names(in: Path.join(root, folder)) {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            if try FileStatus.status(of: Path.join(root, path)).kind == .directory {
                found.merge(try tree(root, path)) { first, _ in first }
            } else {
                found[path] = try contents(Path.join(root, path))
            }
        }
        return found
    }

    @Test func bundleOfRestoredCachesIsIdentical() async throws {
        try await withTemporaryDirectory { directory in
            let (manifest, bundle) = try await packed(in: directory)
            let caches = [
                "--hf-cache", directory + "/restored/hub", "--kagglehub-cache",
                directory + "/restored/kagglehub",
            ]
            let unpacked = try await knapsack(["unpack", bundle] + caches)
            #expect(unpacked.status == 0, "\(unpacked.error)")
            #expect(unpacked.error.contains("not restored: helpers, which --to DIR writes"))
            let lock = directory + "/manifests/quickstart.lock"
            let first = try contents(lock)
            try Directory.removeFile(lock)
            let again = try await knapsack(
                ["pack", manifest, "--output", directory + "/again"] + caches)
            #expect(again.status == 0, "\(again.error)")
            #expect(try contents(lock) == first)
            #expect(try tree(directory + "/again") == tree(bundle))
        }
    }

    @Test func jsonSaysWhatWasRestoredAndWhatWasLeft() async throws {
        try await withTemporaryDirectory { directory in
            let (_, bundle) = try await packed(in: directory)
            let run = try await knapsack(
                ["unpack", bundle, "--json", "--hf-cache", directory + "/hub", "--to", directory + "/plain"])
            #expect(run.status == 0)
            let document = try JSON.parse(Array(run.output.utf8))
            let targets = try #require(document["targets"]?.array)
            #expect(targets.compactMap { $0["form"]?.string } == ["to", "hf-cache"])
            #expect(targets.compactMap { $0["files"]?.integer } == [13, 6])
            #expect(document["left"]?.array == [])
        }
    }

    @Test func otherContentIsAFindingAndAnUnknownEntryIsUndecided() async throws {
        try await withTemporaryDirectory { directory in
            let (_, bundle) = try await packed(in: directory)
            try writeFile(directory + "/plain/tiny-bert/config.json", "mine")
            let taken = try await knapsack(["unpack", bundle, "--to", directory + "/plain"])
            #expect(taken.status == 1)
            #expect(taken.error.contains("plain/tiny-bert/config.json has other content"))
            #expect(try Directory.names(in: directory + "/plain") == ["tiny-bert"])
            for arguments in [
                [bundle, "--entry", "tiny", "--to", directory + "/x"],
                [bundle, "--entry", "helpers", "--hf-cache", directory + "/x"],
                [directory, "--to", directory + "/x"], [directory + "/no", "--to", directory + "/x"],
                [bundle, "--to", bundle + "/x"],
            ] {
                #expect(try await knapsack(["unpack"] + arguments).status == 2, "\(arguments)")
                #expect(try FileStatus.existing(directory + "/x") == nil)
            }
        }
    }

    @Test func unpackWithoutATargetIsAUsageError() {
        #expect(throws: (any Error).self) { try Knapsack.parseAsRoot(["unpack", "bundle"]) }
        #expect(throws: (any Error).self) { try Knapsack.parseAsRoot(["unpack", "bundle", "--to", ""]) }
    }
}

@Suite struct CacheCommandTests {
    @Test func showsAndForgetsWhatTheIndexKnows() async throws {
        try await withTemporaryDirectory { directory in
            let index = directory + "/index"
            let empty = try await knapsack("cache", "--json", index: index)
            #expect(empty.status == 0)
            #expect(try FileStatus.existing(index) == nil)
            let (manifest, caches) = try copyQuickstart(to: directory)
            try await Task.sleep(for: .milliseconds(100))
            #expect(try await knapsack(["lock", manifest] + caches, index: index).status == 0)

            func rows() async throws -> Int? {
                let run = try await knapsack("cache", "--json", index: index)
                return try JSON.parse(Array(run.output.utf8))["index"]?["rows"]?.integer
            }
            let all = try #require(try await rows())
            #expect(all > 6)
            #expect(try await knapsack("cache", "prune", index: index).status == 0)
            #expect(try await rows() == all)
            try Directory.removeTree(directory + "/fixtures/quickstart/wheelhouse")
            let run = try await knapsack("cache", "prune", "--json", index: index)
            #expect(try JSON.parse(Array(run.output.utf8))["forgotten"]?.integer == 1)
            #expect(try await rows() == all - 1)
            // What is left is still believed.
            #expect(try await knapsack("cache", index: index).output.contains("digest index"))
        }
    }

    @Test func pruneAllLeavesForeignFilesAlone() async throws {
        try await withTemporaryDirectory { directory in
            let index = directory + "/index"
            let (manifest, caches) = try copyQuickstart(to: directory)
            #expect(try await knapsack(["lock", manifest] + caches, index: index).status == 0)
            try writeFile(index + "/notes.txt", "mine")
            try makeLink(index + "/digests.sqlite-wal", to: directory + "/elsewhere")
            #expect(try await knapsack("cache", "prune", "--all", index: index).status == 0)
            #expect(try Directory.names(in: index) == ["digests.sqlite-wal", "notes.txt"])
            #expect(try await knapsack("cache", "prune", "--all", index: directory + "/no").status == 0)
        }
    }

    @Test func pruneOfADamagedIndexIsUndecidedAndTakesNothingAway() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/digests.sqlite", "not a database")
            #expect(try await knapsack("cache", index: directory).output.contains("unreadable"))
            #expect(try await knapsack("cache", "prune", index: directory).status == 2)
            #expect(try contents(directory + "/digests.sqlite") == Array("not a database".utf8))
            #expect(try await knapsack("cache", "prune", "--all", index: directory).status == 0)
            #expect(try Directory.names(in: directory).isEmpty)
        }
    }
}
