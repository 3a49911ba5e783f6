import TestSupport
import Testing

@testable import Bundles
@testable import Formats
@testable import Manifests
@testable import Storage

@Suite struct TwinSignTests {
    private func withSigned(
        _ files: [(name: String, text: String)],
        _ body: (TwinBundle, ModelSignature) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let bundle = try TwinBundle(in: directory, files, isNatural: true)
            try await bundle.pack()
            let report = try await BundleVerifier(directory: bundle.target, level: .full).verify { _ in }
            let signer = try BundleSigner(verified: report, of: bundle.target)
            #expect(try signer.text() == BundleSigner(lock: bundle.plan.lock).text())
            let bytes = Array(try signer.signature(SignSample.privateKey()).utf8)
            try writeFile(bundle.target + "/model.sig", bytes)
            try await body(bundle, ModelSignature(bytes, path: "model.sig", key: SignSample.publicKey()))
        }
    }

    /// What the signature states of the bundle's own verification, and of the files as those of any model.
    private func codes(_ bundle: TwinBundle, _ signature: ModelSignature) async throws -> [[String]] {
        let report = try await BundleVerifier(directory: bundle.target, level: .full).verify { _ in }
        let files = SignedFiles(bundle.target, signature: bundle.target + "/model.sig")
        let both = [
            try #require(signature.findings(of: report)), try await files.verify(signature) { _ in }.findings,
        ]
        return both.map { $0.map(\.code.rawValue).sorted() }
    }

    @Test(arguments: Twins.ordered)
    func aTwinIsNotSigned(_ twins: Twins) async throws {
        try await withSigned([(twins.first, "real")]) { bundle, signature in
            #expect(try await codes(bundle, signature) == [[], []])
            try writeFile("\(bundle.target)/files/f/\(twins.second)", "real")
            #expect(try await codes(bundle, signature) == [["unsigned"], ["unsigned"]])
            try Directory.removeFile("\(bundle.target)/files/f/\(twins.first)")
            let replaced = ["signed-missing", "unsigned"]
            #expect(try await codes(bundle, signature) == [replaced, replaced])
        }
    }

    @Test(arguments: Twins.all)
    func bothTwinsAreSigned(_ twins: Twins) async throws {
        try await withSigned([(twins.first, "one"), (twins.second, "two")]) { bundle, signature in
            #expect(signature.statement?.files.count { $0.name.utf8.starts(with: "files/f/".utf8) } == 2)
            #expect(try await codes(bundle, signature) == [[], []])
            try writeFile("\(bundle.target)/files/f/\(twins.second)", "one")
            #expect(try await codes(bundle, signature) == [["signed-changed"], ["signed-changed"]])
        }
    }

    @Test(arguments: Twins.all)
    func whatIsLeftOutIsThatVeryPath(_ twins: Twins) async throws {
        try await withTemporaryDirectory { directory in
            try writeFile("\(directory)/m/x", "x")
            try writeFile("\(directory)/m/\(twins.second)", "text")
            let ignored = RelativePath(checked: twins.first)
            let statement = try SignSample.statement(["x": "x"], ignored: [ignored])
            let found = try await SignSample.findings("\(directory)/m", statement.text())
            #expect(found.map(\.code.rawValue) == ["unsigned"])
        }
    }

    @Test func aMemberThatLooksAlikeIsUnknown() async throws {
        let bytes = try SignSample.signature(of: "{}", SignSample.privateKey())
        let text = String(decoding: bytes, as: UTF8.self)
        let twin = text.replacing("\"keyid\"", with: "\"\u{212A}eyid\"")
        #expect(throws: SignatureProblem.self) { try SignatureFile(Array(twin.utf8)) }
    }
}
