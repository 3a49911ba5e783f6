import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite struct BundleWriterTests {
    @Test func writesEveryContentOnceWithSumsAndLock() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            let receipt = try await sample.pack()
            let files = try sample.bundleContents()
            #expect(
                Set(files.keys)
                    == Set(
                        [
                            "models/first/config.json", "models/first/sub/weights.bin",
                            "models/second/empty", try Samples.store("a name for the store"),
                        ] + BundlePath.generated(sample.plan.lock.bundle)))
            #expect(files["knapsack.lock"] == Array(sample.plan.lock.text.utf8))
            #expect(receipt.files == files.count)
            #expect(receipt.size == files.values.reduce(0) { $0 + $1.count })
            #expect(try FileStatus.existing(sample.staging) == nil)
            #expect(try await sample.verify().findings.isEmpty)
        }
    }

    @Test func packingTwiceGivesTheSameBytes() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            let first = try sample.bundleContents()
            _ = try await sample.pack()
            #expect(try sample.bundleContents() == first)
            try Directory.removeTree(sample.target)
            _ = try await sample.pack()
            #expect(try sample.bundleContents() == first)
        }
    }

    @Test func publishesNothingWhereASourceHasChanged() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            try writeFile(directory + "/source/first/config.json", "{\"model_type\":\"evil\"}")
            await #expect(throws: Diagnostics.self) { try await sample.pack() }
            #expect(try FileStatus.existing(sample.target) == nil)
            #expect(try FileStatus.existing(sample.staging + "/knapsack.lock") == nil)
            #expect(try FileStatus.existing(sample.staging + "/models/first/config.json") == nil)
        }
    }

    @Test func keepsTheOldBundleWhereANewOneFails() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            let before = try sample.bundleContents()
            try Directory.removeFile(directory + "/source/second/empty")
            await #expect(throws: Diagnostics.self) { try await sample.pack() }
            #expect(try sample.bundleContents() == before)
        }
    }

    @Test func goesOnWithWhatAnInterruptedRunLeft() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            let path = "models/first/sub/weights.bin"
            let text = PackedSample.contents[1].text
            try writeFile("\(sample.staging)/\(path)", text)
            try writeFile("\(sample.staging)/models/first/config.json", "{\"model_type\":\"BERT\"}")
            try writeFile("\(sample.staging)/.incoming/3", "half of")
            try writeFile("\(sample.staging)/models/old/left-over", "of an older lock")
            let receipt = try await sample.pack()
            #expect(receipt.resumed == text.utf8.count)
            #expect(try await sample.verify().findings.isEmpty)
            #expect(try FileStatus.existing(sample.target + "/models/old") == nil)
        }
    }

    @Test func neverReplacesADirectoryThatIsNoBundle() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            try writeFile(sample.target + "/thesis.tex", "years of work")
            await #expect(throws: Diagnostics.self) { try await sample.pack() }
            #expect(try Directory.names(in: sample.target) == ["thesis.tex"])
        }
    }

    @Test func refusesASecondPackOfTheSameBundle() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            try Directory.make(sample.staging)
            let other = try FileHandle.directory(sample.staging)
            let taken = try other.lockExclusively()
            #expect(taken)
            await #expect(throws: Diagnostics.self) { try await sample.pack() }
            #expect(try other.status().kind == .directory)
        }
    }

    @Test func tellsProgressOfEveryByte() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            let meter = Counter()
            _ = try await sample.writer.write { event in
                if case .advanced(let bytes) = event { meter.add(bytes) }
            }
            #expect(meter.total == sample.plan.size)
        }
    }
}
