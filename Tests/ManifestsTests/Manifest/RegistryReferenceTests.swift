import Formats
import Storage
import Testing

@testable import Manifests

@Suite struct RegistryReferenceTests {
    private static let digest = String(repeating: "0a", count: 32)

    @Test func findsParts() throws {
        let text = "oci://harbor.example.org:5000/team/sub-set/models_v1:V1.2-x@sha256:\(Self.digest)"
        let name = try #require(RegistryReference(text))
        #expect(name.authority == "harbor.example.org:5000")
        #expect(name.repository == "team/sub-set/models_v1")
        #expect(name.tag == "V1.2-x")
        #expect(name.digest?.hex == Self.digest)
        #expect(name.wanted == "sha256:\(Self.digest)")
        #expect(name.description == text)
    }

    @Test func meansLatest() throws {
        let name = try #require(RegistryReference("oci://GHCR.io/a"))
        #expect(name.authority == "ghcr.io")
        #expect(name.wanted == "latest")
        #expect(name.description == "oci://ghcr.io/a")
    }

    @Test(
        arguments: [
            "a", "a.b", "a_b", "a__b", "a-b", "a---b", "0/1/2", "a/b.c/d__e",
        ])
    func takesSeparators(repository: String) {
        #expect(RegistryReference.isRepository(repository))
    }

    @Test(
        arguments: [
            "", "/", "a/", "/a", "a//b", ".a", "a.", "a..b", "a___b", "a_.b", "A", "a b", "a%2fb", "ä", "a:b",
            "-a", "a-",
        ])
    func refusesRepositories(repository: String) {
        #expect(!RegistryReference.isRepository(repository))
    }

    @Test(
        arguments: [
            "", "oci://", "oci:ghcr.io/a", "OCI://ghcr.io/a", "docker://ghcr.io/a", "oci:///a", "oci://h:0/a",
            "oci://h:99999/a",
            "oci://h/a:", "oci://h/a:.x", "oci://h/a:b:c", "oci://h/a@", "oci://h/a@sha512:00",
            "oci://u:p@h/a", "oci://h/a?x=1",
        ])
    func refusesTexts(text: String) {
        #expect(RegistryReference(text) == nil)
    }

    @Test func refusesCapitals() {
        #expect(RegistryReference("oci://h/a@sha256:\(Self.digest.uppercased())") == nil)
    }
}
