import Testing

@testable import Conversion
@testable import Formats
@testable import Manifests
@testable import Storage

/// What a manifest that is right gives.
@Suite struct ManifestParseTests {
    @Test func givesEveryKeyItsValue() throws {
        let manifest = try parse(
            """
            schema = 1
            [bundle]
            name = "aimo3-models"
            owner = "my-team"
            title = "AIMO 3: models"
            subtitle = 'All of them'
            license = "apache-2.0"
            keywords = ["llm", "gguf"]
            dedup = "file"
            [policy]
            licenses = ["Apache-2.0", "mit"]
            max-size = "1.5 GiB"
            proof = "required"
            [[model]]
            name = "qwen"
            source = "hf:Qwen/Qwen3-8B@refs/pr/1"
            include = ["*.safetensors", "onnx/"]
            exclude = ["*.bin"]
            license = "Apache-2.0"
            allow = ["shard-missing"]
            """)
        #expect(
            manifest.bundle
                == BundleSettings(
                    name: "aimo3-models", owner: "my-team", title: "AIMO 3: models", subtitle: "All of them",
                    license: "apache-2.0", keywords: ["llm", "gguf"], deduplication: .file))
        let policy = manifest.policy
        #expect(policy.licenses == ["apache-2.0", "mit"])
        #expect(policy.maximumSize == 1_610_612_736)
        #expect(policy.proof == .required)
        #expect(policy.location == Diagnostic.Location(file: "pack.toml", line: 10, column: 1))
        #expect(
            policy.location(of: "max-size") == Diagnostic.Location(file: "pack.toml", line: 12, column: 1))
        #expect(
            manifest.entries == [
                Entry(
                    name: "qwen", kind: .model,
                    content: .source(
                        .hub(HubRepository(kind: .model, id: "Qwen/Qwen3-8B"), revision: "refs/pr/1")),
                    include: ["*.safetensors", "onnx/"], exclude: ["*.bin"], license: "apache-2.0",
                    allow: [.shardMissing],
                    location: Diagnostic.Location(file: "pack.toml", line: 14, column: 1))
            ])
        #expect(manifest.entries.first?.filter.accepts("onnx/model.onnx") == true)
    }

    @Test func fillsInWhatIsLeftOut() throws {
        let manifest = try parse(
            "schema = 1\nbundle.name = \"abc\"\nfiles = [{name = \"f\", source = \"path:x\"}]\n")
        #expect(
            manifest.bundle
                == BundleSettings(
                    name: "abc", owner: nil, title: "abc", subtitle: nil, license: "other", keywords: [],
                    deduplication: .tensor))
        #expect(manifest.policy == .none)
        #expect(manifest.entries.first?.include == nil)
        #expect(
            manifest.entries.first?.location == Diagnostic.Location(file: "pack.toml", line: 3, column: 10))
    }

    @Test func entriesKeepTheOrderOfTheTextOverAllKinds() throws {
        let kinds = ["wheels", "model", "files", "model", "dataset", "wheels", "model"]
        var text = "schema = 1\n[bundle]\nname = \"abc\"\n"
        for (index, kind) in kinds.enumerated() {
            text += "[[\(kind)]]\nname = \"n\(index)\"\nsource = \"path:x\"\n"
        }
        let entries = try parse(text).entries
        #expect(entries.map(\.kind.rawValue) == kinds)
        #expect(entries.map(\.name) == (0..<7).map { "n\($0)" })
        #expect(entries.map(\.location.line) == (0..<7).map { 4 + 3 * $0 })
    }

    @Test func takesWindowsLineEndsAndAByteOrderMark() throws {
        let text =
            "\u{FEFF}schema = 1\r\n[bundle]\r\nname = \"abc\" # é\r\n[[files]]\r\nname = 'f'\r\nsource = 'path:é'\r\n"
        let manifest = try parse(text)
        #expect(manifest.entries.first?.source == .path("é"))
        #expect(manifest.entries.first?.location.line == 4)
    }

    @Test func placesOfQuotedDottedAndInlineKeysAreExact() throws {
        let text = #"""
            "quoted \u00e9" . 'b'  = [ 1, "two", [ {x = 3, "y z".w = 4} ] ]
            s = """
            four
            """ # after
            [t."é é".'u']
              v = '''x''''' # quotes at the end
            [[l]]
            [[l]]
            w = { }
            """#
        let (root, source) = try TOMLDocument.read(Array(text.utf8), path: "t")
        var places: [String] = []
        func walk(_ value: LocatedValue, _ name: String) {
            let at = source.location(value.place)
            places.append("\(name) \(at.line ?? 0):\(at.column ?? 0)")
            for member in value.members ?? [] {
                let key = source.location(member.place)
                walk(member.value, "\(name)/\(member.key)@\(key.line ?? 0):\(key.column ?? 0)")
            }
            for (index, element) in (value.elements ?? []).enumerated() { walk(element, "\(name)/\(index)") }
        }
        for member in root.members ?? [] { walk(member.value, member.key) }
        let list = "quoted é/b@1:19"
        let table = "\(list)/2/0"
        #expect(
            places == [
                "quoted é 1:1", "\(list) 1:26", "\(list)/0 1:28", "\(list)/1 1:31", "\(list)/2 1:38",
                "\(table) 1:40", "\(table)/x@1:41 1:45", "\(table)/y z@1:48 1:48",
                "\(table)/y z@1:48/w@1:54 1:58", "s 2:5", "t 5:2", "t/é é@5:4 5:4", "t/é é@5:4/u@5:10 5:1",
                "t/é é@5:4/u@5:10/v@6:3 6:7", "l 7:1", "l/0 7:1", "l/1 8:1", "l/1/w@9:1 9:5",
            ])
        #expect(root["t"]?.value.members?.first?.value["u"]?.value["v"]?.value.string == "x''")
    }

    @Test func keepsAnEscapedNULInAStringAndAKey() throws {
        let (root, _) = try TOMLDocument.read(Array(#""k\u0000x" = "a\u0000b""#.utf8), path: "t")
        #expect(root.members?.first?.key == "k\u{0}x")
        #expect(root.members?.first?.value.string == "a\u{0}b")
    }

    @Test func columnsInAVeryLongLineAreExact() throws {
        let text = "a = [" + String(repeating: "'é', ", count: 10_000) + "7]"
        let (root, source) = try TOMLDocument.read(Array(text.utf8), path: "t")
        let last = try #require(root["a"]?.value.elements?.last)
        #expect(source.location(last.place).column == 5 + 50_000 + 1)
    }

    @Test(arguments: [
        ("200 GB", 200_000_000_000), ("200GB", 200_000_000_000), ("1 B", 1), ("1.5 kB", 1500),
        ("1.5 KB", 1500),
        ("0.1 KiB", 102), ("1.000000001 GB", 1_000_000_001), ("0.999999999 TiB", 1_099_511_626_676),
        ("8388607 TiB", 9_223_370_937_343_148_032),
    ]) func readsSizes(text: String, bytes: Int) {
        #expect(ByteSize.parse(text) == bytes)
    }

    @Test(arguments: [
        "", "GB", "1", "1.5 B", "0 GB", "0.0 GB", "1. GB", ".5 GB", "1  GB", " 1 GB", "1 GB ", "1 gb",
        "-1 GB",
        "1e3 GB", "1_0 GB", "8388608 TiB", "99999999999999999999 B", "1.0000000001 GB", "٣ GB", "1\u{A0}GB",
    ]) func refusesWhatIsNoSize(text: String) {
        #expect(ByteSize.parse(text) == nil)
    }

    private func parse(_ text: String) throws -> Manifest {
        try Manifest.parse(Array(text.utf8), path: "pack.toml")
    }
}
