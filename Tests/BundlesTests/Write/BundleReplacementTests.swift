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
            try writeFile(sample.target + "/model.sig", "")
            #expect(problem(sample.plan.lock, sample.target) == nil)
            _ = try await sample.pack()
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
