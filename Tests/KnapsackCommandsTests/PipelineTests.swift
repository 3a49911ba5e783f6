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

@Suite struct PipelineTests {
    @Test func quickstartIsLockedCheckedPackedAndVerified() async throws {
        try await withTemporaryDirectory { directory in
            let (manifest, caches) = try copyQuickstart(to: directory)
            let bundle = directory + "/bundle"
            let packed = try await knapsack(["pack", manifest, "--output", bundle] + caches)
            #expect(packed.status == 0, "\(packed.error)")
            #expect(packed.error.contains("kaggle datasets create -p \(bundle) -r zip"))
            #expect(try await knapsack("check", manifest).status == 0)
            #expect(try await knapsack("verify", bundle).status == 0)
            #expect(
                try await knapsack(["verify", directory + "/manifests/quickstart.lock"] + caches).status == 0)
        }
    }

    @Test func committedLockIsTheOneThatTheFixturesGive() async throws {
        let committed = Fixtures.root + "/manifests/quickstart.lock"
        let manifest = Fixtures.root + "/manifests/quickstart.toml"
        #expect(try await knapsack("lock", manifest, "--locked").status == 0)
        try await withTemporaryDirectory { directory in
            let (manifest, caches) = try copyQuickstart(to: directory)
            #expect(try await knapsack(["lock", manifest] + caches).status == 0)
            #expect(try contents(directory + "/manifests/quickstart.lock") == contents(committed))
        }
    }

    @Test func factsOfAnEarlierLockAreReadAgain() async throws {
        try await withTemporaryDirectory { directory in
            let (manifest, caches) = try copyQuickstart(to: directory)
            let path = directory + "/manifests/quickstart.lock"
            let committed = try contents(Fixtures.root + "/manifests/quickstart.lock")
            let text = String(decoding: committed, as: UTF8.self)
            let older = text.split(separator: "\n", omittingEmptySubsequences: false)
                .filter { $0 != "\"facts\":\(Lock.factsVersion)," }.joined(separator: "\n")
            #expect(older != text)
            try writeFile(path, older)
            let checked = try await knapsack("check", manifest)
            #expect(checked.status == 2)
            #expect(checked.error.contains("made by an earlier Knapsack"))
            #expect(try await knapsack(["lock", manifest] + caches).status == 0)
            #expect(try contents(path) == committed)
        }
    }

    @Test func lockIsTheSameWithAndWithoutIndexAndAgain() async throws {
        try await withTemporaryDirectory { directory in
            let (manifest, caches) = try copyQuickstart(to: directory)
            let lock = directory + "/manifests/quickstart.lock"
            #expect(try await knapsack(["lock", manifest] + caches, index: directory + "/index").status == 0)
            let first = try contents(lock)
            let again = try await knapsack(["lock", manifest] + caches, index: directory + "/index")
            #expect(again.error.contains("up to date"))
            for arguments in [["--rehash"], ["--update"], ["--update", "tiny-bert"]] {
                try Directory.removeFile(lock)
                #expect(
                    try await knapsack(["lock", manifest] + arguments + caches, index: directory + "/index")
                        .status
                        == 0)
                #expect(try contents(lock) == first)
            }
        }
    }

    @Test func pinStaysUntilUpdate() async throws {
        try await withTemporaryDirectory { directory in
            let (manifest, caches) = try copyQuickstart(to: directory)
            let lock = directory + "/manifests/quickstart.lock"
            #expect(try await knapsack(["lock", manifest] + caches).status == 0)
            let repository =
                directory + "/fixtures/quickstart/hub/models--knapsack-examples--tiny-bert"
            let commit = try #require(try Directory.names(in: repository + "/snapshots").first)
            let newer = String(repeating: "ab", count: 20)
            try AtomicFile.rename(
                repository + "/snapshots/" + commit, to: repository + "/snapshots/" + newer)
            try writeFile(repository + "/refs/main", newer)
            let before = try contents(lock)
            #expect(try await knapsack(["lock", manifest] + caches).status == 0)
            #expect(try contents(lock) == before)
            #expect(try await knapsack(["lock", manifest, "--update", "tiny-bert"] + caches).status == 0)
            #expect(String(decoding: try contents(lock), as: UTF8.self).contains(newer))
        }
    }

    @Test func flippedBitInACacheIsFoundByLock() async throws {
        try await withTemporaryDirectory { directory in
            let (manifest, caches) = try copyQuickstart(to: directory)
            let blobs =
                directory + "/fixtures/quickstart/hub/models--knapsack-examples--tiny-bert/blobs"
            let blob = try #require(try Directory.names(in: blobs).first { $0.count == 64 })
            var bytes = try contents(blobs + "/" + blob)
            bytes[bytes.count / 2] ^= 4
            try writeFile(blobs + "/" + blob, bytes)
            let run = try await knapsack(["lock", manifest] + caches)
            #expect(run.status == 1)
            #expect(run.error.contains("tiny-bert: model.safetensors does not match its hash in the cache"))
            #expect(run.error.contains("expected sha256 \(blob)"))
            #expect(try FileStatus.existing(directory + "/manifests/quickstart.lock") == nil)
        }
    }

    @Test func staleLockIsNamedEntryByEntry() async throws {
        try await withTemporaryDirectory { directory in
            let (manifest, caches) = try copyQuickstart(to: directory)
            #expect(try await knapsack("lock", manifest, "--locked").status == 1)
            #expect(try await knapsack(["lock", manifest] + caches).status == 0)
            try edit(manifest, "tiny-bert@main", "tiny-bert@v1")
            let run = try await knapsack("check", manifest)
            #expect(run.status == 1)
            #expect(run.error.contains("quickstart.toml:11:1: error: tiny-bert asks for something other"))
            #expect(run.error.contains("source: locked hf:knapsack-examples/tiny-bert@main"))
            #expect(try await knapsack(["pack", manifest, "--locked"] + caches).status == 1)
        }
    }

    @Test func frozenPackReadsNoManifest() async throws {
        try await withTemporaryDirectory { directory in
            let (manifest, caches) = try copyQuickstart(to: directory)
            #expect(try await knapsack(["lock", manifest] + caches).status == 0)
            try Directory.removeFile(manifest)
            let run = try await knapsack(
                ["pack", manifest, "--frozen", "--output", directory + "/bundle"] + caches)
            #expect(run.status == 0, "\(run.error)")
            #expect(try await knapsack("verify", directory + "/bundle").status == 0)
        }
    }

    @Test func dryRunWritesNothing() async throws {
        try await withTemporaryDirectory { directory in
            let (manifest, caches) = try copyQuickstart(to: directory)
            let run = try await knapsack(
                ["pack", manifest, "--dry-run", "--output", directory + "/bundle", "--json"] + caches)
            #expect(run.status == 0)
            #expect(try FileStatus.existing(directory + "/bundle") == nil)
            let document = try JSON.parse(Array(run.output.utf8))
            #expect(document["plan"]?["files"]?.array?.count == 9)
        }
    }

    @Test func jsonIsOneDocumentAlsoWhereSomethingIsWrong() async throws {
        let run = try await knapsack("check", "/nonexistent.toml", "--json")
        #expect(run.status == 2)
        let document = try JSON.parse(Array(run.output.utf8))
        #expect(document["status"]?.string == "undecided")
        #expect(document["findings"]?.array?.first?["code"]?.string == "manifest-unreadable")
    }

    @Test func missingCacheIsUndecided() async throws {
        try await withTemporaryDirectory { directory in
            let (manifest, _) = try copyQuickstart(to: directory)
            let run = try await knapsack(
                "lock", manifest, "--hf-cache", directory + "/no", "--kagglehub-cache", directory + "/no")
            #expect(run.status == 2)
        }
    }

    @Test func starterManifestPacks() async throws {
        try await withTemporaryDirectory { directory in
            let (_, caches) = try copyQuickstart(to: directory)
            let manifest = directory + "/starter-models.toml"
            #expect(try await knapsack(["init", manifest] + caches).status == 0)
            #expect(try await knapsack(["init", manifest] + caches).status == 2)
            let run = try await knapsack(["pack", manifest, "--output", directory + "/bundle"] + caches)
            #expect(run.status == 0, "\(run.error)")
        }
    }

    @Test func listShowsBothCaches() async throws {
        let run = try await knapsack(["list", "--json"] + Fixtures.quickstart)
        let models = try #require(try JSON.parse(Array(run.output.utf8))["models"]?.array)
        #expect(models.count == 2)
        #expect(models.compactMap { $0["complete"]?.bool } == [true, true])
        #expect(models.compactMap { $0["parameters"]?.integer } == [22688, 22688])
        for (option, value, count) in [
            ("--license", "MIT", 1), ("--framework", "PyTorch", 2), ("--framework", "gguf", 0),
            ("--tag", "tiny", 2), ("--search", "TINY-B", 2), ("--search", "llama", 0),
        ] {
            let run = try await knapsack(["list", "--json", option, value] + Fixtures.quickstart)
            let models = try JSON.parse(Array(run.output.utf8))["models"]?.array
            #expect(models?.count == count, "\(option) \(value)")
        }
    }

    @Test(arguments: ["manifest", "lock"])
    func schemasAreJSONDocumentsOfTheirDraft(_ subject: String) throws {
        let command = try #require(try Knapsack.parseAsRoot(["schema", subject]) as? SchemaCommand)
        let document = try JSON.parse(Array(command.text.utf8))
        #expect(document["$schema"]?.string == "https://json-schema.org/draft/2020-12/schema")
        #expect(document["properties"]?.members?.isEmpty == false)
    }

    @Test(arguments: [".tar", ".tar.zst", ".zip"])
    func archivesAreWrittenVerifiedAndTheSameEachTime(_ suffix: String) async throws {
        try await withTemporaryDirectory { directory in
            let (manifest, caches) = try copyQuickstart(to: directory)
            var contents: [[UInt8]] = []
            for name in ["one", "two"] {
                let archive = directory + "/" + name + suffix
                let packed = try await knapsack(["pack", manifest, "--output", archive] + caches)
                #expect(packed.status == 0, "\(packed.error)")
                let verified = try await knapsack("verify", archive)
                #expect(verified.status == 0, "\(verified.error)")
                contents.append(try TestSupport.contents(archive))
            }
            #expect(contents[0] == contents[1])
            var damaged = contents[0]
            damaged[damaged.count / 2] ^= 1
            try writeFile(directory + "/damaged" + suffix, damaged)
            #expect(try await knapsack("verify", directory + "/damaged" + suffix).status == 1)
        }
    }

    @Test func diffSaysWhatChanged() async throws {
        try await withTemporaryDirectory { directory in
            let (manifest, caches) = try copyQuickstart(to: directory)
            let committed = Fixtures.root + "/manifests/quickstart.lock"
            let lock = directory + "/manifests/quickstart.lock"
            #expect(try await knapsack(["lock", manifest] + caches).status == 0)
            #expect(try await knapsack("diff", committed, lock).status == 0)
            try edit(manifest, "[[wheels]]", "[[files]]")
            try edit(manifest, "name   = \"tiny-bert\"\n", "name   = \"bert\"\n")
            #expect(try await knapsack(["lock", manifest] + caches).status == 0)
            let run = try await knapsack("diff", committed, lock)
            #expect(run.status == 1)
            #expect(run.output.contains("bert: added\n  hf:knapsack-examples/tiny-bert@main, 6 files"))
            #expect(run.output.contains("helpers: changed\n  kind: wheels → files\n"))
            #expect(run.output.contains("tiny-bert: removed"))
        }
    }
}
