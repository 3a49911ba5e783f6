import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

/// What is signed of a bundle.
@Suite struct BundleSignerTests {
    private func withBundle(_ body: (PackedSample) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let sample = try PackedSample(in: directory)
            _ = try await sample.pack()
            try await body(sample)
        }
    }

    @Test func contentLockAndPlanGiveTheSameStatement() async throws {
        try await withBundle { sample in
            let read = try await BundleSigner(verified: sample.verify(), of: sample.target)
            let text = try read.text()
            let named = try await BundleSigner(lockOf: sample.target, sample.verify(.quick))
            #expect(try named.text() == text)
            #expect(try BundleSigner(lock: sample.plan.lock).text() == text)
            #expect(read.files == (try BundleTree(sample.target).files.count) - 1)
            #expect(!text.contains("\"name\":\"dataset-metadata.json\""))
        }
    }

    @Test func signatureHoldsForTheBundle() async throws {
        try await withBundle { sample in
            let signer = try await BundleSigner(verified: sample.verify(), of: sample.target)
            let bytes = Array(try signer.signature(SignSample.privateKey("p521")).utf8)
            try writeFile(sample.target + "/model.sig", bytes)
            let signature = try ModelSignature(bytes, path: "model.sig", key: SignSample.publicKey("p521"))
            func codes() async throws -> [String]? {
                let report = try await sample.verify()
                return signature.findings(of: report).map { report.findings + $0 }?.map(\.code.rawValue)
            }
            #expect(try await codes() == [])
            try Directory.removeFile(sample.target + "/dataset-metadata.json")
            #expect(try await codes() == ["missing"])
            try writeFile(sample.target + "/knapsack.py", "")
            #expect(try await codes()?.sorted() == ["changed", "missing", "signed-changed"])
        }
    }

    @Test func whatDoesNotHoldIsNotSigned() async throws {
        try await withBundle { sample in
            try writeFile(sample.target + "/models/first/config.json", "{}")
            for level in [VerifyReport.Level.full, .quick] {
                let report = try await sample.verify(level)
                let problems = #expect(throws: Diagnostics.self) {
                    _ =
                        level == .full
                        ? try BundleSigner(verified: report, of: "x")
                        : try BundleSigner(lockOf: sample.target, report)
                }
                #expect(problems?.all.map(\.code.rawValue) == ["changed", "not-signed"])
            }
        }
    }

    /// Nobody has proved it, and Python would run it.
    @Test func whatPythonCompiledIsNotSigned() async throws {
        try await withBundle { sample in
            try writeFile(sample.target + "/__pycache__/knapsack.cpython-312.pyc", "")
            let report = try await sample.verify()
            let problems = #expect(throws: Diagnostics.self) {
                _ = try BundleSigner(verified: report, of: "x")
            }
            #expect(problems?.all.last?.code.rawValue == "not-signed")
        }
    }

    @Test func whatWasOnlyLookedAtIsNotSignedAsRead() async throws {
        try await withBundle { sample in
            let report = try await sample.verify(.quick)
            #expect(throws: Diagnostics.self) { try BundleSigner(verified: report, of: "x") }
        }
    }
}
