import Formats
import Storage
import TestSupport
import Testing

@testable import Caches

@Suite struct ArchiveLayerTests {
    private static let type = "application/vnd.docker.ai.vllm.config.tar"

    /// A tar archive of files.
    private static func tar(_ files: [(String, [UInt8])]) async throws -> [UInt8] {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/x.tar"
            var writer = try ArchiveWriter(creating: path, format: .tar)
            for (name, content) in files {
                try writer.add(path: try #require(RelativePath(name)), content.span)
            }
            try writer.finish()
            return try FileReader.contents(of: path, limit: 1 << 20)
        }
    }

    /// An artifact of layers, type and name of each, that all have the same content.
    private static func artifact(_ layers: [(type: String, name: String?)], _ archive: [UInt8]) throws
        -> RegistryArtifact
    {
        let digest = "sha256:\(try ContentHasher.sha256(archive.span).hex)"
        let list: [JSON] = layers.map { layer in
            var members: [JSON.Member] = [
                JSON.Member("mediaType", .string(layer.type)), JSON.Member("digest", .string(digest)),
                JSON.Member("size", .integer(archive.count)),
            ]
            if let name = layer.name {
                members.append(JSON.Member("annotations", ["org.cncf.model.filepath": .string(name)]))
            }
            return .object(members)
        }
        let document: JSON = [
            "schemaVersion": 2, "mediaType": .string(RegistryType.manifest), "layers": .array(list),
        ]
        let bytes = Array(document.compactText.utf8)
        return try RegistryArtifact(bytes, type: "", digest: try ContentHasher.sha256(bytes.span)) { _ in
            archive
        }
    }

    @Test func filesOfAnArchiveAreFilesOfTheArtifact() async throws {
        let archive = try await Self.tar([("tokenizer.json", [1, 2, 3]), ("a/config.json", [4])])
        let made = try Self.artifact([(Self.type, "vllm-config-1.tar")], archive)
        #expect(made.files.map(\.path.text) == ["a/config.json", "tokenizer.json"])
        #expect(made.size == 4)
        #expect(made.archives == [archive])
        for (file, content) in zip(made.files, [[4], [1, 2, 3]] as [[UInt8]]) {
            #expect(file.sha256 == (try ContentHasher.sha256(content.span)))
            #expect(made.unpacked[file.sha256].map { Array($0) } == content)
        }
    }

    @Test func aLayerThatTheArchiveHasOtherwiseGetsAnotherName() async throws {
        let archive = try await Self.tar([("chat_template.jinja", [1]), ("LICENSE", [2])])
        let layers = ["application/vnd.docker.ai.chat.template.jinja", "application/vnd.docker.ai.license"]
        let made = try Self.artifact([(Self.type, nil)] + layers.map { ($0, nil) }, archive)
        #expect(
            made.files.map(\.path.text) == [
                "LICENSE", "LICENSE-1", "chat_template.jinja", "template.jinja",
            ])
        #expect(throws: RegistryArtifact.Refused.self) {
            try Self.artifact([(Self.type, nil), (layers[1], "LICENSE")], archive)
        }
    }

    @Test func aFileNamedAsALockMakesNoBundle() async throws {
        let archive = try await Self.tar([("knapsack.lock", [1])])
        let made = try Self.artifact([(Self.type, nil)], archive)
        #expect(made.files.count == 1 && !made.isBundle)
    }

    @Test func archivesThatAreTooLargeAreNotAskedFor() throws {
        let layer: JSON = [
            "mediaType": .string(Self.type), "size": .integer(ArchiveLayer.sizeLimit / 2 + 1),
            "digest": .string("sha256:" + String(repeating: "ab", count: 32)),
        ]
        let document: JSON = ["schemaVersion": 2, "layers": [layer, layer]]
        let bytes = Array(document.compactText.utf8)
        var asked = 0
        #expect(throws: RegistryArtifact.Refused.self) {
            try RegistryArtifact(bytes, type: "", digest: try ContentHasher.sha256(bytes.span)) { _ in
                asked += 1
                return []
            }
        }
        #expect(asked == 0)
    }

    @Test func survivesMutations() async throws {
        let original = try await Self.tar([("config.json", Array("{}".utf8)), ("a/b", [1, 2, 3]), ("c", [])])
        var generator = SeededGenerator(seed: 15)
        var read = 0
        for _ in 0..<150 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: 0..<600, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) {
                bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
            }
            do {
                let layer = try ArchiveLayer(bytes, type: Self.type)
                for file in layer.files {
                    let content = try #require(layer.contents[file.sha256])
                    #expect(content.count == file.size)
                    #expect(!file.path.text.contains(".."))
                }
                read += 1
            } catch is RegistryArtifact.Refused {
                // Every error is a refusal.
            }
        }
        #expect(read > 0)
    }
}
