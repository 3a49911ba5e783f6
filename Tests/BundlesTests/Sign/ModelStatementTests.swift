import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

/// What a statement may say.
@Suite struct ModelStatementTests {
    private static let digest = String(repeating: "0a", count: 32)

    private func resource(_ name: String, _ digest: String = digest, _ algorithm: String = "sha256") -> String
    {
        "{\"name\":\"\(name)\",\"digest\":\"\(digest)\",\"algorithm\":\"\(algorithm)\"}"
    }

    /// A statement whose subject fits its resources.
    private func text(
        _ resources: [String],
        serialization: String = "\"method\":\"files\",\"hash_type\":\"sha256\",\"allow_symlinks\":false",
        digests: [UInt8]? = nil
    ) throws -> String {
        let bytes = digests ?? Array(repeating: 10, count: 32 * resources.count)
        let root = try ContentHasher.sha256(bytes.span)
        return """
            {"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"m","digest":{"sha256":"\(root)"}}],\
            "predicateType":"https://model_signing/signature/v1.0","predicate":{"resources":\
            [\(resources.joined(separator: ","))],"serialization":{\(serialization)}}}
            """
    }

    private func problem(_ text: String) -> SignatureProblem? {
        do throws(SignatureProblem) {
            _ = try ModelStatement(payload: Array(text.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test func textIsOneLineThatFollowsFromTheFiles() throws {
        let statement = try SignSample.statement(["b": "2", "a/c": "1", "a-c": "0"], ignored: ["x", ".git"])
        let text = try statement.text()
        #expect(
            text
                == (try SignSample.statement(["a-c": "0", "b": "2", "a/c": "1"], ignored: [".git", "x"])
                    .text()))
        #expect(statement.files.map(\.path) == ["a-c", "a/c", "b"])
        #expect(try ModelStatement(payload: Array(text.utf8)) == statement)
        #expect(
            text.hasSuffix(
                "\"allow_symlinks\":false,\"ignore_paths\":[\".git\",\"x\"]}}}"))
    }

    @Test func ignoredPathsAreWholePartsFromTheTop() throws {
        let statement = try SignSample.statement(["a": ""], ignored: ["cache", "x/y"])
        for path in ["cache", "cache/a/b", "x/y", "x/y/z", ".git", ".git/HEAD", ".gitignore", ".github/a"]
            as [RelativePath]
        {
            #expect(statement.ignores(path), "\(path)")
        }
        for path in ["cached", "a/cache", "x", "x/yz", "a/.git", ".gitmodules", "Cache"] as [RelativePath] {
            #expect(!statement.ignores(path), "\(path)")
        }
    }

    @Test(arguments: [
        "/etc/passwd", "../a", "a/../b", "a/./b", "a//b", "a/", "", "a\\u0000b", "a\\nb", "..", "a/..",
    ])
    func refusesNamesThatLeadElsewhere(_ name: String) throws {
        #expect(try problem(text([resource(name)]))?.reason.contains("names a file that") == true)
    }

    @Test func refusesWhatDoesNotAddUp() throws {
        let digest = ModelStatementTests.digest
        #expect(try problem(text([resource("a")])) == nil)
        #expect(try problem(text([resource("a")], digests: [1]))?.reason.contains("does not follow") == true)
        #expect(try problem(text([resource("a"), resource("a")]))?.reason == "names a twice")
        #expect(try problem(text([]))?.reason == "names no file")
        #expect(try problem(text([resource("."), resource("a")])) != nil)
        #expect(try problem(text([resource("a", String(digest.dropLast(2)))])) != nil)
        #expect(try problem(text([resource("a", digest.uppercased())])) != nil)
        #expect(try problem(text([resource("a", digest + "0")])) != nil)
        #expect(try problem(text([resource("a", digest, "blake2b")])) != nil)
        #expect(try problem(text([resource("a", digest, "sha256-sharded-5")])) != nil)
        #expect(try problem(text([resource("a")]).replacing("v1\",", with: "v2\",")) != nil)
        #expect(try problem(text([resource("a")]).replacing("}],\"pred", with: "},{}],\"pred")) != nil)
        #expect(
            try problem(text([resource("a")]).replacing("\"subject\"", with: "\"x\":1,\"x\":2,\"subject\""))
                != nil)
        #expect(problem("[]") != nil)
        #expect(problem("") != nil)
    }

    @Test func whatIsNotKnownIsUndecided() throws {
        let files = "\"method\":\"files\",\"allow_symlinks\":false,\"hash_type\":"
        #expect(
            try problem(text([resource("a")], serialization: files + "\"blake3\""))?.verdict == .undecided)
        let method = "\"method\":\"tree\",\"allow_symlinks\":false,\"hash_type\":\"sha256\""
        #expect(try problem(text([resource("a")], serialization: method))?.verdict == .undecided)
        // What changes the meaning of a serialization must be understood.
        let more = files + "\"sha256\",\"salt\":1"
        #expect(try problem(text([resource("a")], serialization: more))?.verdict == .finding)
        // Everything else may grow.
        let grown = try text([resource("a").replacing("}", with: ",\"uri\":\"x\"}")])
        #expect(problem(grown.replacing("\"predicate\":{", with: "\"predicate\":{\"note\":1,")) == nil)
        let size = files + "\"sha256\",\"shard_size\":1"
        #expect(try problem(text([resource("a")], serialization: size)) != nil)
    }

    private func shards(_ names: [String], size: String = "10") throws -> SignatureProblem? {
        let serialization =
            "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,\"shard_size\":\(size)"
        return try problem(text(names.map { resource($0) }, serialization: serialization))
    }

    @Test func shardsCoverTheirFile() throws {
        #expect(try shards(["a:0:10", "a:10:20", "a:20:23", "b:c:0:1"]) == nil)
        #expect(try shards(["a:0:10"], size: "10.0") == nil)
        for names in [
            ["a"], ["a:0"], ["a:0:0"], ["a:5:2"], ["a:-1:2"], ["a:00:2"], ["a:0:2x"], ["a:0:11"], ["a:1:10"],
            ["a:0:9", "a:9:10"], ["a:0:10", "a:11:12"], ["a:0:10", "a:0:10"], ["a:0:99999999999999999999"],
        ] {
            #expect(try shards(names) != nil, "\(names)")
        }
        for size in ["0", "-1", "1.5", "\"10\"", "1e300"] {
            #expect(try shards(["a:0:1"], size: size) != nil, "\(size)")
        }
    }

    @Test func bothOrdersOfNamesArePlain() throws {
        func isInOrder(_ names: [String]) throws -> Bool {
            try ModelStatement(payload: Array(text(names.map { resource($0) }).utf8)).isInOrder
        }
        #expect(try isInOrder(["a-b", "a/b", "a0"]))
        // model_signing compares paths part by part.
        #expect(try isInOrder(["a/b", "a-b", "a0"]))
        #expect(try !isInOrder(["b", "a"]))
    }

    @Test func damagedStatementsAreReadOrRefused() throws {
        let seed: UInt64 = 0x7369_676E
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let names = ["a:0:10", "a:10:20", "b/c:0:1"]
        let serialization =
            "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,\"shard_size\":10"
        let right = Array(try text(names.map { resource($0) }, serialization: serialization).utf8)
        for _ in 0..<2000 {
            var bytes = right
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let position = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes.remove(at: position)
                case 1: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &generator)], at: position)
                case 2: bytes[position] = UInt8(ascii: "9")
                default: bytes[position] = UInt8.random(in: 0...255, using: &generator)
                }
            }
            guard let statement = try? ModelStatement(payload: bytes) else { continue }
            for file in statement.files where statement.files.count > 1 { #expect(file.path != nil) }
        }
    }
}
