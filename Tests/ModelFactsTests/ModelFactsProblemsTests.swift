import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Storage
@testable import Tensors

/// Files that are not what they should be: told, never an error or a trap.
struct ModelFactsProblemsTests {
    private static let weights = safetensors([("w", .f32, [2, 3])])

    @Test(
        arguments: [
            ("model.safetensors", [UInt8]("not a header at all".utf8), "safetensors-broken"),
            ("model.safetensors", Array(weights.dropLast()), "safetensors-broken"),
            ("model.safetensors", [], "safetensors-broken"),
            ("model.safetensors.index.json", text("{}"), "index-broken"),
            ("model.safetensors.index.json", text(#"{"weight_map":{"a":"../../x"}}"#), "index-broken"),
            ("model.safetensors.index.json", text(#"{"weight_map":{"a":"/etc/passwd"}}"#), "index-broken"),
            ("pytorch_model.bin.index.json", text(#"{"weight_map":{"a":""}}"#), "index-broken"),
            ("config.json", text("{"), "json-broken"), ("config.json", text("3"), "json-broken"),
            ("model_index.json", [0xFF], "json-broken"),
            ("README.md", text("---\na: [\n---\n"), "card-broken"),
            (
                "model.safetensors",
                text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"), "lfs-pointer"
            ),
            (
                "x/pytorch_model.bin",
                text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"), "lfs-pointer"
            ),
        ] as [(String, [UInt8], String)])
    func areTold(_ path: String, _ bytes: [UInt8], _ code: String) async throws {
        let facts = try await facts([(path, bytes)])
        #expect(facts.problems.map(\.code.rawValue) == [code])
        let problem = try #require(facts.problems.first)
        #expect(problem.message.hasPrefix("m: "))
        #expect(problem.fix != nil)
        #expect(problem.severity == (code == "card-broken" ? .warning : .error))
        #expect(facts.parameters == nil)
    }

    @Test func doNotSpoilTheRest() async throws {
        let facts = try await facts([
            ("README.md", text("---\nlicense: mit\n---\n")), ("config.json", text("{")),
            ("a.safetensors", Self.weights),
            ("b.safetensors", text("x")),
        ])
        #expect(facts.license == "mit")
        #expect(facts.formats == [.safetensors])
        #expect(facts.problems.map(\.code.rawValue) == ["json-broken", "safetensors-broken"])
        #expect(
            facts.problems.last?.message.contains("b.safetensors is broken: a safetensors file has") == true)
    }

    @Test func tellWhatCannotBeRead() async throws {
        try await withTemporaryDirectory { directory in
            try makeLink(directory + "/config.json", to: "/etc/passwd")
            let files = ["config.json", "README.md", "m.safetensors", "m.gguf"].map {
                ModelFile(path: RelativePath(checked: $0), location: "\(directory)/\($0)", size: 100)
            }
            let facts = ModelFacts.read(files)
            #expect(facts.problems.map(\.code.rawValue) == Array(repeating: "unreadable", count: 4))
            #expect(facts.problems.allSatisfy { $0.verdict == .undecided })
            #expect(facts.problems.first?.message == "README.md could not be read")
        }
    }

    @Test func refuseFilesPastTheirLimit() async throws {
        let facts = try await facts([("config.json", [UInt8](repeating: 0x20, count: 1 << 23))])
        #expect(facts.problems.map(\.code.rawValue) == ["unreadable"])
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func neverTrap(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            let files: [(String, [UInt8])] = [
                ("model.safetensors", Self.weights),
                ("config.json", text(#"{"vocab_size":9,"auto_map":{"a":["b"]}}"#)),
                ("model_index.json", text(#"{"unet":["diffusers","UNet"],"tokenizer":["a","BTokenizer"]}"#)),
                ("model.safetensors.index.json", text(#"{"weight_map":{"a":"model.safetensors"}}"#)),
                ("README.md", text("---\nlicense: [mit]\n---\n")),
                ("tokenizer_config.json", text(#"{"auto_map":{}}"#)),
            ]
            let damaged = files.map {
                ($0.0, Bool.random(using: &random) ? mutated($0.1, with: &random) : $0.1)
            }
            let facts = try await facts(damaged)
            _ = Completeness.findings(
                entry: "m", needs: facts.needs, paths: Set(files.map { RelativePath(checked: $0.0) }),
                shards: facts.shards)
        }
    }
}
