import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite(.tags(.kill), .series) struct UnpackKillTests {
    /// Whatever a killed run leaves: no file under a final name is wrong, and nothing states that all is there.
    @Test(arguments: UnpackTarget.Form.allCases)
    func killedAtAnyReadLeavesNothingWrongAndTheNextRunGoesOn(_ form: UnpackTarget.Form) async throws {
        try await withTemporaryDirectory { directory in
            let whole = try UnpackSample(in: directory + "/whole")
            try await whole.unpack(form)
            let expected = try whole.tree()
            for reads in 1..<12 {
                let sample = try UnpackSample(in: directory + "/\(reads)")
                // The first reading is of the lock.
                let content = try FailingContent(sample.bundle, after: reads)
                do {
                    _ = try await sample.unpacker(form, content: content).unpack { _ in }
                } catch is FailingContent.Killed {
                    for (path, text) in try sample.tree() {
                        #expect(expected[path] == text, "\(path) after \(reads)")
                        #expect(!path.contains("/refs/") && !path.hasSuffix(".complete"))
                    }
                }
                // What a kill, other than an error, leaves besides.
                let staging = form == .hub ? "models--org--bert/blobs" : ".knapsack-unpack"
                try writeFile("\(sample.target)/\(staging)/0.knapsack.incomplete", "half of")
                try writeFile("\(sample.target)/\(staging)/text.knapsack.incomplete", "")
                let receipt = try await sample.unpack(form)
                #expect(receipt.findings.isEmpty)
                #expect(try sample.tree() == expected)
            }
        }
    }

    @Test func foreignFileWhereUnfinishedOnesGoStays() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try writeFile(sample.target + "/.knapsack-unpack/mine", "mine")
            try await sample.unpack(.directories)
            #expect(try sample.tree()[".knapsack-unpack/mine"] == "mine")
        }
    }

    @Test func linkWhereUnfinishedFilesGoIsRefused() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try UnpackSample(in: directory)
            try Directory.make(directory + "/outside")
            try makeLink(sample.target + "/.knapsack-unpack", to: directory + "/outside")
            #expect(try await sample.problems(.directories).map(\.code.rawValue) == ["target-conflict"])
            #expect(try Directory.names(in: directory + "/outside").isEmpty)
        }
    }

    /// Any lock that can be read at all: it ends in an error or in files below the target, never elsewhere.
    @Test func mutatedLockWritesNothingOutsideTheTarget() async throws {
        try await withTemporaryDirectory { directory in
            let seed: UInt64 = 0x756E_7061
            print("seed \(seed)")
            var generator = SeededGenerator(seed: seed)
            let sample = try UnpackSample(in: directory)
            let lock = try contents(sample.bundle + "/knapsack.lock")
            let names = ["bundle", "target"]
            for _ in 0..<300 {
                try writeFile(sample.bundle + "/knapsack.lock", mutated(lock, with: &generator))
                let bundle = try sample.tree(sample.bundle)
                for form in UnpackTarget.Form.allCases {
                    do {
                        try await sample.unpack(form)
                    } catch {
                        // An error is as good as a result here.
                    }
                    try Directory.removeTree(sample.target)
                }
                #expect(try sample.tree(sample.bundle) == bundle)
                #expect(Set(names).isSuperset(of: try Directory.names(in: directory)))
            }
        }
    }
}
