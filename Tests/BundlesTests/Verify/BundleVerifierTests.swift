import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite struct BundleVerifierTests {
    private func codes(after change: (PackedSample) throws -> Void) async throws -> [String] {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            try change(sample)
            return try await sample.verify().findings.map(\.code.rawValue)
        }
    }

    @Test func findsEveryKindOfDamage() async throws {
        let weights = "/models/first/sub/weights.bin"
        #expect(try await codes { _ in } == [])
        #expect(try await codes { try Directory.removeFile($0.target + weights) } == ["missing"])
        #expect(try await codes { try writeFile($0.target + weights, "short") } == ["changed"])
        #expect(try await codes { try writeFile($0.target + weights, "") } == ["changed"])
        #expect(try await codes { try writeFile($0.target + "/models/first/more", "x") } == ["extra"])
        #expect(try await codes { try Directory.removeFile($0.target + "/README.md") } == ["missing"])
        #expect(
            try await codes {
                try Directory.removeFile($0.target + weights)
                try makeLink($0.target + weights, to: "/etc/passwd")
            }.sorted() == ["missing", "not-a-file"])
    }

    /// Kaggle keeps the metadata for itself, of a model as of a data set.
    @Test func metadataThatKaggleKeptIsANoteAndSigningGoesOn() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            try Directory.removeFile(sample.target + "/dataset-metadata.json")
            for level in [VerifyReport.Level.full, .quick] {
                let report = try await sample.verify(level)
                #expect(report.findings.map(\.code.rawValue) == ["metadata-missing"])
                #expect(report.findings.map(\.severity) == [.note])
            }
            _ = try await BundleSigner(verified: sample.verify(), of: sample.target)
            _ = try await BundleSigner(lockOf: sample.target, sample.verify(.quick))
            let inspection = try #require(try await BundleInspection.read(path: sample.target))
            #expect(inspection.findings.map(\.severity) == [.note])
            // Another's is no such thing.
            try writeFile(sample.target + "/dataset-metadata.json", "{}")
            #expect(try await sample.verify().findings.map(\.code.rawValue) == ["changed"])
        }
    }

    /// A file of holes, as long as no disk is, takes no longer than any other.
    @Test func filesOfAnotherSizeAreNotRead() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            let paths = ["models/first/config.json", "models/first/more.bin", "README.md"]
            for path in paths {
                let full = "\(sample.target)/\(path)"
                try Directory.removeFile(full)
                try FileHandle.creating(full).resize(1 << 42)
            }
            let report = try await sample.verify()
            #expect(Set(report.findings.map(\.code.rawValue)) == ["changed", "extra"])
            for path in paths { #expect(report.findings.contains { $0.message.contains(path) }) }
        }
    }

    @Test func saysWhoseContentASwappedFileHas() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            let config = sample.target + "/models/first/config.json"
            let text = try contents(config)
            // Of the same length, so that only the content reports.
            try writeFile(directory + "/x", String(repeating: "z", count: text.count))
            try writeFile(config, contents(directory + "/x"))
            let finding = try #require(try await sample.verify().findings.first)
            #expect(finding.message == "models/first/config.json has other content")
            #expect(finding.notes.first?.contains("expected sha256") == true)
        }
    }

    @Test func findsAFlippedBitAnywhere() async throws {
        let seed: UInt64 = 0x666C_6970
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            let files = try sample.bundleContents().filter { !$0.value.isEmpty }
                .sorted { $0.key < $1.key }
            for round in 0..<200 {
                let (path, bytes) = files[round % files.count]
                var damaged = bytes
                let position = Int.random(in: 0..<bytes.count, using: &generator)
                damaged[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                try writeFile(path.joined(to: sample.target), damaged)
                let findings = try await sample.verify().findings
                #expect(
                    findings.contains { $0.message.contains(path.text) },
                    "\(path) at byte \(position): \(findings)")
                try writeFile(path.joined(to: sample.target), bytes)
            }
            #expect(try await sample.verify().findings.isEmpty)
        }
    }

    @Test func quickLooksAtSizesOnly() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            let config = sample.target + "/models/first/config.json"
            try writeFile(config, contents(config).map { $0 ^ 1 })
            #expect(try await sample.verify(.quick).findings.isEmpty)
            try writeFile(config, "{}")
            #expect(try await sample.verify(.quick).findings.map(\.code.rawValue) == ["changed"])
        }
    }

    /// Python compiles the loader before a line of it has run, so the loader cannot forbid it.
    @Test func whatPythonCompiledOfTheLoaderIsAWarningAndNothingElseThere() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            try writeFile(sample.target + "/__pycache__/knapsack.cpython-311.pyc", "compiled")
            for level in [VerifyReport.Level.full, .quick] {
                let findings = try await sample.verify(level).findings
                #expect(findings.map(\.code.rawValue) == ["python-cache"])
                #expect(findings.map(\.severity) == [.warning])
            }
            try writeFile(sample.target + "/__pycache__/other.cpython-311.pyc", "")
            try writeFile(sample.target + "/__pycache__/knapsack.py", "")
            try writeFile(sample.target + "/models/__pycache__/knapsack.cpython-311.pyc", "")
            let codes = try await sample.verify().findings.map(\.code.rawValue)
            #expect(codes.filter { $0 == "extra" }.count == 3)
            // What Python made of the loader goes with the bundle; the rest is nobody's but its owner's.
            await #expect(throws: Diagnostics.self) { try await sample.pack() }
            try Directory.removeFile(sample.target + "/__pycache__/other.cpython-311.pyc")
            try Directory.removeFile(sample.target + "/__pycache__/knapsack.py")
            try Directory.removeTree(sample.target + "/models/__pycache__")
            _ = try await sample.pack()
            #expect(try await sample.verify().findings.isEmpty)
        }
    }

    /// There is nothing to hold the files against.
    @Test func withADamagedLockNothingIsRead() async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            let lock = try contents(sample.target + "/knapsack.lock")
            for damaged in [Array(lock.dropLast(2)), Array("{}".utf8), []] {
                try writeFile(sample.target + "/knapsack.lock", damaged)
                let read = Counter()
                let report = try await BundleVerifier(directory: sample.target, level: .full).verify {
                    if case .advanced(let bytes) = $0 { read.add(bytes) }
                }
                #expect(report.findings.map(\.message) == ["knapsack.lock is damaged"])
                #expect(report.lock == nil)
                #expect(report.files > 5)
                #expect(read.total == 0)
            }
        }
    }

    @Test func aDirectoryWithoutLockIsNotDecided() async throws {
        try await withTemporaryDirectory { directory in
            await #expect(throws: Diagnostics.self) {
                try await BundleVerifier(directory: directory, level: .full).verify { _ in }
            }
            await #expect(throws: Diagnostics.self) {
                try await BundleVerifier(directory: directory + "/none", level: .full).verify { _ in }
            }
        }
    }
}
