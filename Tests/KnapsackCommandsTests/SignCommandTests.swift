import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import KnapsackCommands
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite struct SignCommandTests {
    private static let keys = Fixtures.root + "/fixtures/signing/keys"

    private func withBundle(_ name: String, _ body: (String) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let (manifest, caches) = try copyQuickstart(to: directory)
            let run = try await knapsack(["pack", manifest, "--output", directory + name] + caches)
            #expect(run.status == 0, "\(run.error)")
            try await body(directory + name)
        }
    }

    @Test func signedBundleSaysWhoseItIs() async throws {
        try await withBundle("/bundle") { bundle in
            let signed = try await knapsack("sign", bundle, "--key", SignCommandTests.keys + "/p256.pem")
            #expect(signed.status == 0, "\(signed.error)")
            #expect(signed.error.contains("13 files, every byte read and right"))
            let right = try await knapsack(
                "verify", bundle, "--key", SignCommandTests.keys + "/p256.pub.pem", "--json")
            #expect(right.status == 0, "\(right.error)")
            let document = try JSON.parse(Array(right.output.utf8))
            #expect(
                document["signed_by"]?.string
                    == "5407a3dfb89fa5fe5b66a0303f889df7aa09a6bc4824ce5beb060e5c89220540")
            let wrong = try await knapsack("verify", bundle, "--key", SignCommandTests.keys + "/p384.pub.pem")
            #expect(wrong.status == 1)
            #expect(wrong.error.contains("has no valid signature by this key"))
            let unchecked = try await knapsack("verify", bundle, "--verbose")
            #expect(unchecked.status == 0)
            #expect(unchecked.error.contains("model.sig was not checked"))
        }
    }

    @Test func archiveIsSignedBesideItself() async throws {
        try await withBundle("/bundle.tar.zst") { archive in
            let key = SignCommandTests.keys + "/p521"
            #expect(try await knapsack("sign", archive, "--key", key + ".pem").status == 0)
            #expect(try FileStatus.existing(archive + ".sig")?.kind == .file)
            #expect(try await knapsack("verify", archive, "--key", key + ".pub.pem").status == 0)
            let refused = try await knapsack("sign", archive, "--key", key + ".pem", "--from-lock")
            #expect(refused.status == 2)
        }
    }

    @Test func aLinkToAFileIsSignedAsTheFile() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/sums", "text")
            try OpenDirectory.opening(directory).makeLink("link", to: "sums")
            let key = SignCommandTests.keys + "/p256"
            let signed = try await knapsack("sign", directory + "/link", "--key", key + ".pem")
            #expect(signed.status == 0, "\(signed.error)")
            let verified = try await knapsack("verify", directory + "/link", "--key", key + ".pub.pem")
            #expect(verified.status == 0, "\(verified.error)")
        }
    }

    @Test func signatureIsNotWrittenOverOtherFiles() async throws {
        try await withBundle("/bundle") { bundle in
            let other = bundle + "/../notes.txt"
            try writeFile(other, "notes")
            for path in [other, bundle + "/x.sig", bundle + "/models/model.sig", bundle + "/models"] {
                let run = try await knapsack(
                    "sign", bundle, "--key", SignCommandTests.keys + "/p256.pem", "--signature", path)
                #expect(run.status == 2, "\(path)")
            }
            #expect(try contents(other) == Array("notes".utf8))
            #expect(try await knapsack("verify", bundle).status == 0)
        }
    }

    @Test(arguments: [
        ("rsa", "another kind, RSA"), ("ed25519", "another kind, Ed25519"),
        ("secp256k1", "another kind, a curve named secp256k1"), ("certificate", "is a certificate"),
        ("p256.pub", "holds a PUBLIC KEY"), ("p256-encrypted", "is encrypted"),
    ])
    func keyThatDoesNotSignIsToldWhy(_ name: String, _ reason: String) async throws {
        let run = try await knapsack("sign", "/nonexistent", "--key", "\(SignCommandTests.keys)/\(name).pem")
        #expect(run.status == 2)
        #expect(run.error.contains(reason), "\(run.error)")
    }
}
