import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite struct UnpackHubTests {
    private static let bert = "models--org--bert"
    private static let copied = "models--org--copied"
    private static var snapshot: String { "\(bert)/snapshots/\(UnpackSample.commit)" }

    @Test func restoresBlobsLinksAndRefsAsTheClientLeavesThem() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            let receipt = try await sample.unpack(.hub)
            let config = try UnpackSample.gitBlob("{\"a\":1}")
            let weights = try UnpackSample.sha256(UnpackSample.weights)
            let tree = try sample.tree().filter { $0.key.hasPrefix(UnpackHubTests.bert) }
            let snapshot = UnpackHubTests.snapshot
            #expect(
                tree == [
                    "\(UnpackHubTests.bert)/blobs/\(config)": "{\"a\":1}",
                    "\(UnpackHubTests.bert)/blobs/\(weights)": UnpackSample.weights,
                    "\(UnpackHubTests.bert)/refs/main": UnpackSample.commit,
                    "\(snapshot)/config.json": "-> ../../blobs/\(config)",
                    "\(snapshot)/model.safetensors": "-> ../../blobs/\(weights)",
                    "\(snapshot)/notes.txt": "nobody proved this",
                    "\(snapshot)/sub/deep/config.json": "-> ../../../../blobs/\(config)",
                ])
            #expect(
                try sample.tree()["CACHEDIR.TAG"]?.hasPrefix(
                    "Signature: 8a477f597d28d172789f06886806bc55\n") == true)
            #expect(receipt.parts.first?.entries == ["bert", "copied"])
            #expect(receipt.left == ["plain", "set", "tuned"])
            #expect(receipt.findings.isEmpty)
        }
    }

    @Test func listingOfTheTreeIsRestoredWhereItProvedTheFiles() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try await sample.unpack(.hub)
            let tree = try sample.tree().filter { $0.key.hasPrefix(UnpackHubTests.copied) }
            let listing = "\(UnpackHubTests.copied)/trees/\(UnpackSample.treeCommit).json"
            let snapshot = "\(UnpackHubTests.copied)/snapshots/\(UnpackSample.treeCommit)"
            #expect(
                Set(tree.keys) == [
                    "\(snapshot)/README.md", "\(snapshot)/model.safetensors", listing,
                    "\(UnpackHubTests.copied)/refs/refs/pr/1",
                ])
            let parsed = try TreeListing(Array(try #require(tree[listing]).utf8))
            #expect(parsed.files["README.md"]?.gitBlob?.hex == (try UnpackSample.gitBlob("# A card\n")))
            let weights = UnpackSample.weights + "!"
            #expect(parsed.files["model.safetensors"]?.sha256?.hex == (try UnpackSample.sha256(weights)))
            // The blob's name is that of the pointer that git has.
            let json = try JSON.parse(Array(try #require(tree[listing]).utf8))
            let pointer = """
                version https://git-lfs.github.com/spec/v1
                oid sha256:\(try UnpackSample.sha256(weights))
                size \(weights.utf8.count)

                """
            #expect(
                json["files"]?["model.safetensors"]?["blob_id"]?.string
                    == (try UnpackSample.gitBlob(pointer)))
        }
    }

    @Test func noListingWhereTheManifestLeftFilesOut() async throws {
        try await withTemporaryDirectory { directory in
            var items = UnpackSample.items
            items[1].exclude = ["onnx/*"]
            let sample = try UnpackSample(in: directory, items)
            try await sample.unpack(.hub)
            let tree = try sample.tree().filter { $0.key.hasPrefix(UnpackHubTests.copied) }
            #expect(!tree.keys.contains { $0.contains("/trees/") })
            // The digests that the listing gave are the blobs' names then, so that they still prove something.
            #expect(
                tree["\(UnpackHubTests.copied)/snapshots/\(UnpackSample.treeCommit)/README.md"]
                    == "-> ../../blobs/\(try UnpackSample.gitBlob("# A card\n"))")
        }
    }

    @Test func refThatPointsElsewhereStaysAndIsTold() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            let other = String(repeating: "0", count: 40)
            try writeFile("\(sample.target)/\(UnpackHubTests.bert)/refs/main", other)
            let receipt = try await sample.unpack(.hub)
            #expect(receipt.findings.map(\.code.rawValue) == ["ref-kept"])
            #expect(receipt.findings.map(\.severity) == [.warning])
            #expect(try sample.tree()["\(UnpackHubTests.bert)/refs/main"] == other)
            #expect(try sample.tree()["\(UnpackHubTests.snapshot)/config.json"] != nil)
        }
    }

    @Test func fullCommitNeedsNoRef() async throws {
        try await withTemporaryDirectory { directory in
            var items = UnpackSample.items
            items[0].resolved = UnpackSample.hub("org/bert", UnpackSample.commit, UnpackSample.commit)
            let sample = try UnpackSample(in: directory, [items[0]])
            try await sample.unpack(.hub)
            #expect(!(try sample.tree()).keys.contains { $0.contains("/refs/") })
        }
    }

    @Test(arguments: ["../../../../outside", "/etc/x", "a//b", ".hidden", "a\nb", "main.lock/../x", ""])
    func refusesRefsThatAreNoNamesOfGit(_ ref: String) async throws {
        try await withTemporaryDirectory { directory in
            var items = UnpackSample.items
            items[0].resolved = UnpackSample.hub("org/bert", ref, UnpackSample.commit)
            let sample = try UnpackSample(in: directory, items)
            #expect(throws: Diagnostics.self) { try sample.unpacker(.hub) }
        }
    }

    @Test func damagedFileLeavesNoRefAndNoLink() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try writeFile(sample.bundle + "/models/bert/config.json", "{\"a\":2}")
            let receipt = try await sample.unpack(.hub)
            #expect(receipt.findings.map(\.code.rawValue) == ["changed"])
            let tree = try sample.tree()
            #expect(tree["\(UnpackHubTests.bert)/refs/main"] == nil)
            #expect(!tree.contains { $0.key.hasPrefix(UnpackHubTests.bert) && $0.value.hasPrefix("->") })
            #expect(tree["\(UnpackHubTests.copied)/refs/refs/pr/1"] == UnpackSample.treeCommit)
        }
    }

    @Test func twoCommitsOfARepositoryShareTheirBlobs() async throws {
        try await withTemporaryDirectory { directory in
            var items = UnpackSample.items
            var second = items[0]
            let other = String(repeating: "c3", count: 20)
            second = UnpackSample.Item(
                name: "bert-old", source: "hf:org/bert@v1",
                resolved: UnpackSample.hub("org/bert", "v1", other), files: items[0].files)
            items.insert(second, at: 1)
            let sample = try UnpackSample(in: directory, items)
            try await sample.unpack(.hub)
            let tree = try sample.tree().filter { $0.key.hasPrefix(UnpackHubTests.bert) }
            #expect(tree.keys.count { $0.contains("/blobs/") } == 2)
            #expect(tree["\(UnpackHubTests.bert)/refs/v1"] == other)
            #expect(
                tree["\(UnpackHubTests.bert)/snapshots/\(other)/model.safetensors"]
                    == tree["\(UnpackHubTests.snapshot)/model.safetensors"])
        }
    }

    @Test func oneBranchAtTwoCommitsIsRefused() async throws {
        try await withTemporaryDirectory { directory in
            var items = UnpackSample.items
            items.insert(
                UnpackSample.Item(
                    name: "bert-old", source: "hf:org/bert@main",
                    resolved: UnpackSample.hub("org/bert", "main", String(repeating: "c3", count: 20)),
                    files: items[0].files), at: 1)
            let sample = try UnpackSample(in: directory, items)
            #expect(throws: Diagnostics.self) { try sample.unpacker(.hub) }
            _ = try sample.unpacker(.hub, entries: ["bert-old"])
        }
    }
}

/// What the client or an earlier run left in the cache.
@Suite struct UnpackIntoUsedHubTests {
    private static let folder = "models--org--bert"
    private static var link: String { "\(folder)/snapshots/\(UnpackSample.commit)/model.safetensors" }

    private func weights() throws -> String { try UnpackSample.sha256(UnpackSample.weights) }

    @Test func plainCopyOfTheClientIsEnough() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try writeFile("\(sample.target)/\(UnpackIntoUsedHubTests.link)", UnpackSample.weights)
            try await sample.unpack(.hub)
            let tree = try sample.tree()
            #expect(tree[UnpackIntoUsedHubTests.link] == UnpackSample.weights)
            #expect(tree["\(UnpackIntoUsedHubTests.folder)/blobs/\(try weights())"] == nil)
        }
    }

    @Test func blobInTheSharedStoreIsEnough() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            let hash = "ab" + String(repeating: "0", count: 62)
            let blob = "\(sample.target)/\(UnpackIntoUsedHubTests.folder)/blobs/\(try weights())"
            try writeFile("\(sample.target)/blobs/ab/\(hash)", UnpackSample.weights)
            try makeLink(blob, to: "../../blobs/ab/\(hash)")
            try await sample.unpack(.hub)
            #expect(try Directory.linkText(blob) == "../../blobs/ab/\(hash)")
            #expect(
                try sample.tree()[UnpackIntoUsedHubTests.link] == "-> ../../blobs/\(try weights())")
        }
    }

    @Test func danglingLinkGetsItsBlobBack() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try await sample.unpack(.hub)
            let expected = try sample.tree()
            for path in expected.keys where path.hasPrefix("\(UnpackIntoUsedHubTests.folder)/blobs/") {
                try Directory.removeFile("\(sample.target)/\(path)")
            }
            try await sample.unpack(.hub)
            #expect(try sample.tree() == expected)
        }
    }

    @Test func wrongBlobsAndLinksAreToldAndStay() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            let folder = "\(sample.target)/\(UnpackIntoUsedHubTests.folder)"
            try writeFile("\(folder)/blobs/\(try weights())", UnpackSample.weights.uppercased())
            try makeLink("\(folder)/snapshots/\(UnpackSample.commit)/config.json", to: "/etc/passwd")
            let before = try sample.tree()
            let problems = try await sample.problems(.hub)
            #expect(problems.map(\.code.rawValue) == ["target-conflict", "target-conflict"])
            #expect(problems.contains { $0.message.contains("has other content") })
            #expect(problems.contains { $0.message.contains("link to something else") })
            #expect(try sample.tree() == before)
        }
    }

    @Test func blobOfAGitNameWithOtherContentIsToldAndStays() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            let name = try UnpackSample.gitBlob("{\"a\":1}")
            let blob = "\(UnpackIntoUsedHubTests.folder)/blobs/\(name)"
            try writeFile("\(sample.target)/\(blob)", "{\"a\":9}")
            let problems = try await sample.problems(.hub)
            #expect(problems.map(\.code.rawValue) == ["target-conflict"])
            let tree = try sample.tree()
            #expect(tree[blob] == "{\"a\":9}")
            #expect(tree["\(UnpackIntoUsedHubTests.folder)/refs/main"] == nil)
        }
    }

    @Test(arguments: ["models--org--bert", "models--org--bert/blobs", "models--org--bert/refs"])
    func followsNoLinkInTheCache(_ link: String) async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try Directory.make(directory + "/outside")
            try makeLink("\(sample.target)/\(link)", to: directory + "/outside")
            let problems = try await sample.problems(.hub)
            #expect(!problems.isEmpty)
            #expect(problems.allSatisfy { $0.code.rawValue == "target-conflict" })
            #expect(try Directory.names(in: directory + "/outside").isEmpty)
        }
    }
}
