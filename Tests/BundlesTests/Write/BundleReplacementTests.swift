import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

/// What has the name of a bundle that is packed.
@Suite struct BundleReplacementTests {
    private func problem(
        _ lock: Lock, _ target: String, beside: Lock? = nil, isForced: Bool = false
    ) -> Diagnostic? {
        do {
            try BundleReplacement(lock, beside: beside, isForced: isForced).require(target)
            return nil
        } catch {
            return (error as? Diagnostics)?.all.first
        }
    }

    /// A lock of one entry with one file.
    private func lock(_ entry: String, _ content: String, name: String = "sample-bundle") throws -> Lock {
        try Samples.lock(
            Samples.settings(name: name),
            [Samples.entry(entry, kind: .files, files: [try Samples.file("a", content: content)])])
    }

    @Test func itsOwnBundleIsReplaced() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            #expect(problem(sample.plan.lock, sample.target) == nil)
            try Directory.make(sample.target)
            #expect(problem(sample.plan.lock, sample.target) == nil)
            _ = try await sample.pack()
            #expect(problem(sample.plan.lock, sample.target) == nil)
            // Kaggle's command or a test of the bundle leave these.
            try writeFile(sample.target + "/__pycache__/knapsack.cpython-312.pyc", "")
            try writeFile(sample.target + "/model.sig", try SignSample.vector("key"))
            #expect(problem(sample.plan.lock, sample.target) == nil)
            _ = try await sample.pack()
        }
    }

    @Test func aSignatureIsKeptAsLongAsTheBundleIsTheSame() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            let signature = try SignSample.vector("key")
            #expect(try await sample.pack().signature == .none)
            try writeFile(sample.target + "/model.sig", signature)
            #expect(try await sample.pack().signature == .kept(signature))
            #expect(try contents(sample.target + "/model.sig") == signature)
            #expect(try await sample.verify().findings.isEmpty)
            // Of another loader than this build's.
            try writeFile(sample.target + "/knapsack.py", "print()")
            let writer = BundleWriter(
                plan: sample.plan, locations: sample.locations, target: sample.target,
                replacement: BundleReplacement(sample.plan.lock, isForced: true))
            #expect(try await writer.write { _ in }.signature == .outdated)
            #expect(try FileStatus.existing(sample.target + "/model.sig") == nil)
        }
    }

    @Test func aFileNamedAsASignatureTakesReplace() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            try writeFile(sample.target + "/model.sig", "my own notes")
            #expect(problem(sample.plan.lock, sample.target)?.notes == ["model.sig"])
            #expect(problem(sample.plan.lock, sample.target, isForced: true) == nil)
        }
    }

    @Test(arguments: ["mine", ".git", "models/first/mine", "models/first/config.json", "store/x/y"])
    func emptyDirectoriesOfOthersStay(_ path: String) async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            try Directory.removeFile(sample.target + "/models/first/config.json")
            try Directory.make("\(sample.target)/\(path)")
            for isForced in [false, true] {
                let found = try #require(problem(sample.plan.lock, sample.target, isForced: isForced))
                #expect(found.code == .outputExists && found.notes == [path + "/"])
            }
        }
    }

    @Test func aDirectoryWhoseFilesWereRemovedIsStillTheBundles() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            try Directory.removeFile(sample.target + "/models/first/sub/weights.bin")
            try Directory.make(sample.target + "/__pycache__")
            #expect(problem(sample.plan.lock, sample.target) == nil)
        }
    }

    @Test func aLinkInTheBundlesPlaceTakesReplace() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            try Directory.removeFile(sample.target + "/README.md")
            try makeLink(sample.target + "/README.md", to: directory + "/mine.md")
            #expect(problem(sample.plan.lock, sample.target)?.notes == ["README.md"])
            #expect(problem(sample.plan.lock, sample.target, isForced: true) == nil)
        }
    }

    @Test(arguments: ["notes.txt", "models/first/mine.bin", "store/x", "models/first/config.json/x"])
    func filesThatNoBundleWroteStay(_ path: String) async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            if path.hasSuffix("json/x") {
                try Directory.removeFile(sample.target + "/models/first/config.json")
            }
            try writeFile("\(sample.target)/\(path)", "years of work")
            for isForced in [false, true] {
                let found = try #require(problem(sample.plan.lock, sample.target, isForced: isForced))
                #expect(found.code == .outputExists && found.notes == [path])
            }
            await #expect(throws: Diagnostics.self) { try await sample.pack() }
            #expect(try contents("\(sample.target)/\(path)") == Array("years of work".utf8))
        }
    }

    @Test func linksAreNotRemoved() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            try makeLink(sample.target + "/more", to: "/etc")
            #expect(problem(sample.plan.lock, sample.target)?.notes == ["more"])
        }
    }

    @Test func anotherManifestsBundleTakesReplace() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            let other = try lock("data", "x")
            let found = try #require(problem(other, sample.target))
            #expect(found.message.contains("another manifest") && found.fix?.contains("--replace") == true)
            #expect(problem(other, sample.target, isForced: true) == nil)
            // The lock that was beside the manifest is the bundle's: it is the same manifest, with other entries now.
            #expect(problem(other, sample.target, beside: sample.plan.lock) == nil)
        }
    }

    /// Directories are called the same in many places.
    @Test func entriesOfDirectoriesAreTheSameByTheirFiles() async throws {
        try await withTemporaryDirectory { directory in
            let target = directory + "/bundle"
            let old = try lock("data", "x")
            try writeFile(target + "/knapsack.lock", old.text)
            #expect(problem(try lock("data", "x"), target) == nil)
            #expect(problem(try lock("data", "y"), target) != nil)
            #expect(problem(try lock("other", "x"), target) != nil)
            #expect(problem(try lock("data", "x", name: "another"), target) != nil)
        }
    }

    @Test func whatIsNoBundleStays() async throws {
        try await withTemporaryDirectory { directory in
            let new = try lock("data", "x")
            try writeFile(directory + "/file", "mine")
            try writeFile(directory + "/folder/file", "mine")
            try writeFile(directory + "/broken/knapsack.lock", "mine")
            try writeFile(directory + "/x.tar", "mine")
            try writeFile(directory + "/x.zip/file", "mine")
            try makeLink(directory + "/link", to: directory + "/folder")
            for name in ["file", "folder", "broken", "x.tar", "x.zip", "link"] {
                for isForced in [false, true] {
                    #expect(problem(new, "\(directory)/\(name)", isForced: isForced) != nil, "\(name)")
                }
            }
        }
    }
}
