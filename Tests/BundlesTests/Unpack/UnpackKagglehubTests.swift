import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite struct UnpackKagglehubTests {
    @Test func restoresVersionsAndTheirMarkers() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            let receipt = try await sample.unpack(.kagglehub)
            #expect(
                try sample.tree() == [
                    "datasets/owner/set/versions/3/data/train.csv": "id\n1\n",
                    "datasets/owner/set/3.complete": "",
                    "models/owner/model/pyTorch/tuned/2/config.json": "{\"b\":2}",
                    "models/owner/model/pyTorch/tuned/2/sub/weights.bin": UnpackSample.weights + "2",
                    "models/owner/model/pyTorch/tuned/2.complete": "",
                ])
            #expect(receipt.findings.isEmpty)
            #expect(receipt.left == ["bert", "copied", "plain"])
            #expect(receipt.leftByForm.map(\.form) == [.directories, .hub])
            #expect(receipt.leftByForm.map(\.names) == [["plain"], ["bert", "copied"]])
        }
    }

    @Test func versionWithADamagedFileGetsNoMarker() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try writeFile(sample.bundle + "/models/tuned/config.json", "{\"b\":3}")
            let receipt = try await sample.unpack(.kagglehub)
            #expect(receipt.findings.map(\.code.rawValue) == ["changed"])
            // The damaged file is not counted as restored, and neither are its bytes.
            #expect(receipt.parts.map(\.files) == [2] && receipt.parts.map(\.lost) == [1])
            #expect(receipt.parts.first?.written == UnpackSample.weights.utf8.count + 1 + 5)
            let tree = try sample.tree()
            #expect(tree["models/owner/model/pyTorch/tuned/2.complete"] == nil)
            #expect(tree["datasets/owner/set/3.complete"] == "")
        }
    }

    @Test func interruptedDownloadOfTheClientIsFinished() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            let version = sample.target + "/models/owner/model/pyTorch/tuned/2"
            try writeFile(version + "/config.json", "{\"b\":2}")
            try writeFile(version + "/more.txt", "of the client")
            let receipt = try await sample.unpack(.kagglehub)
            #expect(receipt.parts.first?.present == 7)
            #expect(try FileStatus.existing(version + ".complete") != nil)
            #expect(try sample.tree()["models/owner/model/pyTorch/tuned/2/more.txt"] == "of the client")
        }
    }

    @Test func versionOfWhichFilesWereLeftOutIsTold() async throws {
        try await withTemporaryDirectory { directory in
            var items = UnpackSample.items
            items[4].exclude = ["*.onnx"]
            let sample = try UnpackSample(in: directory, items)
            let receipt = try await sample.unpack(.kagglehub)
            #expect(receipt.findings.map(\.code.rawValue) == ["version-partial"])
            #expect(receipt.findings.map(\.severity) == [.warning])
            #expect(
                try FileStatus.existing(sample.target + "/models/owner/model/pyTorch/tuned/2.complete") != nil
            )
        }
    }
}

@Suite struct UnpackPlanTests {
    @Test(arguments: ["config.json/below", "config.json/below/that"])
    func refusesAFileBelowAFile(_ path: String) async throws {
        try await withTemporaryDirectory { directory in
            let files: [UnpackSample.File] = [
                .init(path: "config.json", text: "{}"), .init(path: path, text: "x"),
            ]
            let content = try UnpackSample(in: directory, [])
            let other = try UnpackSample(
                in: directory + "/other", [.init(name: "a", files: [files[0]])])
            let lock = String(decoding: try contents(other.bundle + "/knapsack.lock"), as: UTF8.self)
            let record =
                "{\"path\":\"\(path)\",\"proof\":\"none\",\"sha256\":\"\(try UnpackSample.sha256("x"))\",\"size\":1}"
            try writeFile(content.bundle + "/knapsack.lock", lock.replacing("}]}]}", with: "},\(record)]}]}"))
            #expect(throws: Diagnostics.self) { try content.unpacker(.directories) }
        }
    }

    @Test func refusesTwoContentsForOnePathOfARepository() async throws {
        try await withTemporaryDirectory { directory in
            var items = UnpackSample.items
            items.insert(
                .init(
                    name: "bert-again", source: "hf:org/bert@main", resolved: items[0].resolved,
                    files: [.init(path: "config.json", text: "{\"a\":7}", proof: .blobGit)]), at: 1)
            let sample = try UnpackSample(in: directory, items)
            #expect(throws: Diagnostics.self) { try sample.unpacker(.hub) }
            // As directories the two have names of their own.
            _ = try sample.unpacker(.directories)
        }
    }

    @Test func refusesAnEntryOfTheNameThatUnfinishedFilesHave() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(
                in: directory, [.init(name: ".knapsack-unpack", files: [.init(path: "x", text: "x")])])
            #expect(throws: Diagnostics.self) { try sample.unpacker(.directories) }
        }
    }

    @Test func entriesWithoutACacheAreAnErrorOnlyWhereTheyAreNamed() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            #expect(throws: Diagnostics.self) { try sample.unpacker(.hub, entries: ["plain"]) }
            let alone = try UnpackSample(in: directory + "/alone", [UnpackSample.items[2]])
            #expect(throws: Diagnostics.self) { try alone.unpacker(.hub) }
        }
    }
}
