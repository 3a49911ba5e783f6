import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite struct UnpackDirectoriesTests {
    private static var expected: [String: String] {
        var files: [String: String] = [:]
        for item in UnpackSample.items {
            for file in item.files { files["\(item.name)/\(file.path)"] = file.text }
        }
        return files
    }

    @Test func restoresEveryFileAlsoOutOfSegments() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            let receipt = try await sample.unpack(.directories)
            #expect(try sample.tree() == UnpackDirectoriesTests.expected)
            #expect(receipt.findings.isEmpty)
            #expect(receipt.left.isEmpty)
            #expect(receipt.parts.first?.files == UnpackDirectoriesTests.expected.count)
            #expect(receipt.parts.first?.present == 0)
        }
    }

    @Test func secondRunFindsEverythingAndWritesNothing() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            let first = try #require(try await sample.unpack(.directories).parts.first)
            let file = sample.target + "/bert/config.json"
            let before = try FileStatus.status(of: file)
            let second = try #require(try await sample.unpack(.directories).parts.first)
            #expect(second.written == 0)
            #expect(second.present == first.written)
            #expect(try FileStatus.status(of: file) == before)
        }
    }

    @Test func restoresOnlyNamedEntries() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try await sample.unpack(.directories, entries: ["set"])
            #expect(try sample.tree() == ["set/data/train.csv": "id\n1\n"])
            #expect(throws: Diagnostics.self) { try sample.unpacker(.directories, entries: ["sets"]) }
        }
    }

    @Test(arguments: ["id\n2\n", "id\n1\n2\n", ""])
    func writesNothingWhereOtherContentIsInTheWay(_ other: String) async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try writeFile(sample.target + "/set/data/train.csv", other)
            let problems = try await sample.problems(.directories)
            #expect(problems.map(\.code.rawValue) == ["target-conflict"])
            #expect(problems[0].message.contains("set/data/train.csv has other content"))
            #expect(try sample.tree() == ["set/data/train.csv": other])
        }
    }

    @Test(arguments: ["set", "set/data", "set/data/train.csv"])
    func followsNoLinkInTheTarget(_ link: String) async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try writeFile(directory + "/outside/data/train.csv", "mine")
            try writeFile(directory + "/outside/train.csv", "mine")
            let place = link.hasSuffix(".csv") ? "/outside/train.csv" : "/outside"
            try makeLink(sample.target + "/" + link, to: directory + place)
            let outside = try sample.tree(directory + "/outside")
            let problems = try await sample.problems(.directories)
            #expect(problems.map(\.code.rawValue) == ["target-conflict"])
            #expect(problems[0].message.contains("is a link"))
            #expect(try sample.tree(directory + "/outside") == outside)
            #expect(try sample.tree().count == 1)
        }
    }

    @Test func tellsFileInTheWayOfADirectoryAndTheOtherWayRound() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try writeFile(sample.target + "/set", "a file")
            try Directory.make(sample.target + "/bert/config.json")
            let problems = try await sample.problems(.directories)
            #expect(problems.count == 2)
            #expect(problems.contains { $0.message.hasSuffix("target/set is not a directory") })
            #expect(problems.contains { $0.message.hasSuffix("bert/config.json is a directory") })
            #expect(try sample.tree() == ["set": "a file"])
        }
    }

    @Test func targetItselfMayBeALink() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try Directory.make(directory + "/real")
            try makeLink(sample.target, to: "real")
            try await sample.unpack(.directories)
            #expect(try sample.tree(directory + "/real") == UnpackDirectoriesTests.expected)
        }
    }

    @Test func damagedContentGetsNoNameAndTheRestIsRestored() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            var bytes = try contents(sample.bundle + "/models/bert/model.safetensors")
            bytes[4] ^= 1
            try writeFile(sample.bundle + "/models/bert/model.safetensors", bytes)
            let receipt = try await sample.unpack(.directories)
            // The file itself, and the one that has a segment of it.
            #expect(receipt.findings.map(\.code.rawValue) == ["changed", "changed"])
            var expected = UnpackDirectoriesTests.expected
            expected["bert/model.safetensors"] = nil
            expected["plain/merged.bin"] = nil
            #expect(try sample.tree() == expected)
        }
    }

    @Test func writesNothingOfABundleThatLacksStoredFiles() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try writeFile(sample.bundle + "/models/bert/config.json", "{")
            try Directory.removeFile(sample.bundle + "/files/plain/sub/data.bin")
            try Directory.removeFile(sample.bundle + "/files/plain/empty")
            try makeLink(sample.bundle + "/files/plain/empty", to: "/dev/null")
            let problems = try await sample.problems(.directories)
            #expect(Set(problems.map(\.code.rawValue)) == ["changed", "missing", "unreadable"])
            #expect(try FileStatus.existing(sample.target) == nil)
        }
    }

    @Test func refusesTargetInTheBundle() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try makeLink(directory + "/alias", to: "bundle")
            for path in ["/bundle", "/bundle/new/er", "/alias/new"] {
                let content = try DirectoryContent(sample.bundle)
                let unpacker = try Unpacker(
                    content, to: [UnpackTarget(.directories, directory + path)], bundle: content.path)
                await #expect(throws: Diagnostics.self) { try await unpacker.unpack { _ in } }
            }
            #expect(try Directory.names(in: sample.bundle).contains("new") == false)
        }
    }

    @Test func refusesASecondRunInTheSameTarget() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try Directory.make(sample.target)
            let other = try OpenDirectory.opening(sample.target)
            #expect(try other.lockExclusively())
            #expect(try await sample.problems(.directories).map(\.code.rawValue) == ["unpack-running"])
            #expect(other.path == sample.target)
        }
    }

    @Test func tellsProgressOfEveryByte() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            let meter = Counter()
            let receipt = try await sample.unpacker(.directories).unpack { event in
                if case .advanced(let bytes) = event { meter.add(bytes) }
            }
            // Once for looking, once for writing.
            #expect(meter.total == 2 * (receipt.parts.first?.written ?? 0))
        }
    }
}
