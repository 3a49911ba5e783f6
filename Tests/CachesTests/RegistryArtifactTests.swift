import Formats
import Storage
import TestSupport
import Testing

@testable import Caches

@Suite struct RegistryArtifactTests {
    private static let raw = "application/vnd.cncf.model.weight.v1.raw"
    private static let manifest = "application/vnd.oci.image.manifest.v1+json"

    private static func layer(_ path: String?, _ size: Int = 1, type: String = raw) -> JSON {
        var members: [JSON.Member] = [
            JSON.Member("mediaType", .string(type)),
            JSON.Member("digest", .string("sha256:" + String(repeating: "ab", count: 32))),
            JSON.Member("size", .integer(size)),
        ]
        if let path { members.append(JSON.Member("annotations", ["org.cncf.model.filepath": .string(path)])) }
        return .object(members)
    }

    private static func read(
        _ layers: [JSON], type: String = manifest, archive: [UInt8] = []
    ) throws -> RegistryArtifact {
        let document: JSON = ["schemaVersion": 2, "mediaType": .string(manifest), "layers": .array(layers)]
        let bytes = Array(document.compactText.utf8)
        return try RegistryArtifact(bytes, type: type, digest: try ContentHasher.sha256(bytes.span)) { _ in
            archive
        }
    }

    @Test func readsFiles() throws {
        let artifact = try Self.read([Self.layer("b", 2), Self.layer("a/c", 3), Self.layer("a.b", 0)])
        #expect(artifact.files.map(\.path.text) == ["a.b", "a/c", "b"])
        #expect(artifact.size == 5)
        #expect(!artifact.isBundle)
    }

    @Test func filesOfDockerGetDockersNames() throws {
        let gguf = "application/vnd.docker.ai.gguf.v3"
        func paths(_ types: String...) throws -> [String] {
            try Self.read(types.map { Self.layer(nil, type: $0) }).files.map(\.path.text)
        }
        #expect(try paths(gguf) == ["model.gguf"])
        #expect(
            try paths(gguf, "application/vnd.docker.ai.mmproj", gguf) == [
                "mmproj.gguf", "model-00001-of-00002.gguf", "model-00002-of-00002.gguf",
            ])
        #expect(
            try paths("application/vnd.docker.ai.license", "application/vnd.docker.ai.license")
                == ["LICENSE-1", "LICENSE-2"])
        #expect(throws: RegistryArtifact.Refused.self) { try paths("application/vnd.docker.ai.model.file") }
    }

    @Test func knowsBundles() throws {
        #expect(try Self.read([Self.layer("knapsack.lock")]).isBundle)
    }

    @Test(
        arguments: [
            [layer("../a")], [layer("/a")], [layer(nil)], [layer("a"), layer("a")],
            [layer("a"), layer("a.b"), layer("a/b")],
            [layer("a", Int.max), layer("b", 1)], [layer("a", -1)],
            [layer("a", type: "application/vnd.cncf.model.weight.v1.tar")], [],
        ] as [[JSON]])
    func refusesLayers(layers: [JSON]) {
        #expect(throws: RegistryArtifact.Refused.self) { try Self.read(layers) }
    }

    @Test func refusesTwoTypes() {
        #expect(throws: RegistryArtifact.Refused.self) {
            try Self.read([Self.layer("a")], type: "application/vnd.oci.image.index.v1+json")
        }
    }

    @Test func survivesMutations() throws {
        let document: JSON = [
            "schemaVersion": 2, "mediaType": .string(Self.manifest),
            "layers": [Self.layer("models/a/model.safetensors", 10), Self.layer("knapsack.lock", 5)],
        ]
        let original = Array(document.compactText.utf8)
        var generator = SeededGenerator(seed: 15)
        let digest = try ContentHasher.sha256(original.span)
        var read = 0
        for _ in 0..<2_000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            do {
                let artifact = try RegistryArtifact(bytes, type: Self.manifest, digest: digest) { _ in [] }
                #expect(artifact.files.allSatisfy { !$0.path.text.contains("..") })
                read += 1
            } catch {
                // Every error is a refusal.
            }
        }
        #expect(read > 0)
    }
}
