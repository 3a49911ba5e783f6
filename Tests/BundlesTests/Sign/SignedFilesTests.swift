import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

/// A model in a directory against what was signed of it.
@Suite struct SignedFilesTests {
    private static let model: KeyValuePairs = [
        "config.json": "{}", "sub/weights.bin": "weights", "empty": "",
    ]

    /// The findings after a change, each as "code message".
    private func findings(
        of model: KeyValuePairs<String, String> = model, ignored: [RelativePath] = [],
        after change: (String) throws -> Void
    ) async throws -> [String] {
        try await withTemporaryDirectory { directory in
            let root = directory + "/model"
            for (path, text) in model { try writeFile(root + "/" + path, text) }
            let payload = try SignSample.statement(model, ignored: ignored).text()
            try change(root)
            return try await SignSample.findings(root, payload).map { "\($0.code) \($0.message)" }
        }
    }

    @Test func publishedSignatureHoldsForItsModel() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/signme-1", "signme-1\n")
            try writeFile(directory + "/signme-2", "signme-2")
            try writeFile(directory + "/ignore-me", "")
            func codes() async throws -> [String] {
                try await SignSample.findings(
                    directory, SignSample.vector("key"), SignSample.vectorKey()
                ).map(\.code.rawValue)
            }
            #expect(try await codes() == [])
            try writeFile(directory + "/signme-2", "signme-2\n")
            #expect(try await codes() == ["signed-changed"])
        }
    }

    @Test func everyKindOfDamageIsNamed() async throws {
        #expect(try await findings { _ in } == [])
        #expect(
            try await findings { try writeFile($0 + "/sub/weights.bin", "weightz") }
                == ["signed-changed sub/weights.bin is not what was signed"])
        #expect(
            try await findings { try Directory.removeFile($0 + "/empty") }
                == ["signed-missing empty was signed and is missing"])
        #expect(
            try await findings { try writeFile($0 + "/sub/extra", "") } == [
                "unsigned sub/extra is not signed"
            ])
        #expect(
            try await findings {
                try writeFile($0 + "/other/config.json", "x")
                try Directory.removeTree($0 + "/sub")
            } == [
                "unsigned other/config.json is not signed",
                "signed-missing sub/weights.bin was signed and is missing",
            ])
    }

    @Test func renamedFileIsToldByBothNames() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/b", "content")
            let payload = try SignSample.statement(["a": "content"]).text()
            let findings = try await SignSample.findings(directory, payload)
            #expect(findings.map(\.code.rawValue) == ["signed-missing", "unsigned"])
            #expect(findings.first?.notes == ["b has its content, and that name was not signed"])
        }
    }

    @Test func pathsOfGitAndIgnoredOnesMayChange() async throws {
        let found = try await findings(ignored: ["cache", "notes.txt"]) { root in
            for path in [".git/HEAD", ".gitattributes", "cache/a/b", "notes.txt", "sub/.git/HEAD"] {
                try writeFile(root + "/" + path, "x")
            }
        }
        #expect(found == ["unsigned sub/.git/HEAD is not signed"])
    }

    @Test func namesAreComparedByTheirBytes() async throws {
        let composed = "caf\u{E9}"
        let decomposed = "cafe\u{301}"
        #expect(try await findings(of: [composed: "x"]) { _ in } == [])
        let renamed = try await findings(of: [composed: "x"]) { root in
            try AtomicFile.rename("\(root)/\(composed)", to: "\(root)/\(decomposed)")
        }
        #expect(renamed.count == 2)
        #expect(try await findings(of: [composed: "x", decomposed: "y", "模型.bin": "z"]) { _ in } == [])
    }

    @Test func linksAreNoFiles() async throws {
        let found = try await findings { root in
            try AtomicFile.rename(root + "/config.json", to: root + "/../target")
            try makeLink(root + "/config.json", to: "../target")
        }
        #expect(found.contains { $0.hasPrefix("unsigned config.json is a link") })
        #expect(found.contains("signed-missing config.json was signed and is missing"))
    }

    private func payload(
        _ files: [String], links: Bool = false, serialization: String, _ digest: (String) throws -> [UInt8]
    )
        throws -> String
    {
        let digests = try files.map(digest)
        let root = try ContentHasher.sha256(Array(digests.joined()).span)
        let resources = zip(files, digests).map { name, digest in
            "{\"name\":\"\(name)\",\"digest\":\"\(Hex.text(digest))\",\"algorithm\":\"\(digest.count == 64 ? "blake2b" : "sha256")\"}"
        }
        return """
            {"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"m","digest":{"sha256":"\(root)"}}],\
            "predicateType":"https://model_signing/signature/v1.0","predicate":{"resources":\
            [\(resources.joined(separator: ","))],"serialization":{"allow_symlinks":\(links),\(serialization)}}}
            """
    }

    @Test func linksAreFollowedWhereTheyWereSigned() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/blobs/1", "content")
            try makeLink(directory + "/model/a", to: "../blobs/1")
            try makeLink(directory + "/model/folder", to: "../blobs")
            try makeLink(directory + "/model/loop", to: ".")
            func text(_ files: [String]) throws -> String {
                try payload(
                    files, links: true, serialization: "\"method\":\"files\",\"hash_type\":\"sha256\""
                ) { _ in
                    try ContentHasher.sha256(Array("content".utf8).span).bytes
                }
            }
            #expect(try await SignSample.findings(directory + "/model", text(["a"])) == [])
            #expect(try await SignSample.findings(directory + "/model", text(["a", "folder/1"])) == [])
            try makeLink(directory + "/model/broken", to: "nowhere")
            let codes = try await SignSample.findings(directory + "/model", text(["a"])).map(\.code.rawValue)
            #expect(codes == ["unreadable"])
        }
    }

    @Test func shardsAreHashedOneByOne() async throws {
        let content = Array("0123456789abcdefghijklmno".utf8)
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/a", content)
            try writeFile(directory + "/b:1:2", "xyz")
            try writeFile(directory + "/empty", "")
            let serialization = "\"method\":\"shards\",\"hash_type\":\"blake2b\",\"shard_size\":10"
            let names = ["a:0:10", "a:10:20", "a:20:25", "b:1:2:0:3"]
            let text = try payload(names, serialization: serialization) { name in
                var hasher = try ModelHasher(.blake2b)
                let range = name.split(separator: ":").suffix(2).compactMap { Int($0) }
                let bytes = name.hasPrefix("a") ? Array(content[range[0]..<range[1]]) : Array("xyz".utf8)
                try hasher.update(bytes.span)
                return try hasher.finish()
            }
            #expect(try await SignSample.findings(directory, text) == [])
            var changed = content
            changed[15] ^= 1
            try writeFile(directory + "/a", changed)
            let finding = try #require(try await SignSample.findings(directory, text).first)
            #expect(finding.message == "a is not what was signed")
            #expect(finding.notes == ["from byte 10 on"])
            try writeFile(directory + "/a", content + [0])
            #expect(
                try await SignSample.findings(directory, text).map(\.notes)
                    == [["expected 25 bytes", "found    26 bytes"]])
            try writeFile(directory + "/a", content)
            try AtomicFile.rename(directory + "/a", to: directory + "/c")
            #expect(
                try await SignSample.findings(directory, text).map(\.notes)
                    == [["c has its content, and that name was not signed"], []])
        }
    }

    @Test func oneFileIsSignedByItsNameOrAsADot() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/model.gguf", "content")
            func codes(_ name: String) async throws -> [String] {
                let text = try payload([name], serialization: "\"method\":\"files\",\"hash_type\":\"sha256\"")
                { _ in
                    try ContentHasher.sha256(Array("content".utf8).span).bytes
                }
                return try await SignSample.findings(directory + "/model.gguf", text).map(\.code.rawValue)
            }
            #expect(try await codes("model.gguf") == [])
            #expect(try await codes(".") == [])
            #expect(try await codes("other.gguf") == ["unsigned", "signed-missing"])
        }
    }

    @Test func missingModelIsUndecided() async throws {
        let payload = try SignSample.statement(["a": ""]).text()
        let findings = await #expect(throws: Diagnostics.self) {
            _ = try await SignSample.findings("/nonexistent/model", payload)
        }
        #expect(findings?.all.first?.verdict == .undecided)
    }
}
