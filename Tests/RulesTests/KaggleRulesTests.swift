import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Rules
@testable import Storage

@Suite struct KaggleRulesTests {
    private func codes(bundle: String, _ files: [(path: RelativePath, size: Int)] = [("a.safetensors", 1)])
        throws
        -> [String]
    {
        try RuleSample(model(), bundle: bundle, ["m": RuleSample.Content(files: files)]).codes()
    }

    @Test(
        arguments: [
            ("name = \"abcdef\"", []),
            ("name = \"abcde\"\ntitle = \"A title\"", ["error kaggle-name-length"]),
            ("name = \"abcdef\"\ntitle = \"Short\"", ["error kaggle-title-length"]),
            ("name = \"abcdef\"\nsubtitle = \"Short\"", ["error kaggle-subtitle-length"]),
            ("name = \"abcdef\"\ntitle = \"My_models\"", ["warning kaggle-title-underscore"]),
            ("name = \"abcdef\"\nlicense = \"unknown\"", ["warning kaggle-license-unknown"]),
            ("name = \"abcdef\"\nkeywords = [\"nlp\", \"computer vision\"]", []),
            (
                "name = \"abcdef\"\nkeywords = [\"nlp\", \"nlp\", \"a,b\", \"LLM\"]",
                ["warning kaggle-keywords", "warning kaggle-keywords", "warning kaggle-keywords"]
            ),
            (
                "name = \"abcdef\"\ntitle = \"INSERT_TITLE_HERE\"",
                ["warning kaggle-title-underscore", "error kaggle-placeholder"]
            ),
        ] as [(String, [String])])
    func checksWhatTheKaggleCommandChecks(_ bundle: String, _ expected: [String]) throws {
        #expect(try codes(bundle: bundle) == expected)
    }

    @Test func pointsAtTheKey() throws {
        let found = try RuleSample(model(), bundle: "name = \"abcdef\"\ntitle = \"Short\"").findings()
        #expect(found.map(\.location) == [Diagnostic.Location(file: "pack.toml", line: 4, column: 1)])
    }

    @Test(arguments: [(180_000_000_000, ""), (180_000_000_001, "warning"), (200_000_000_001, "error")])
    func knowsTheSizeOfADataset(_ size: Int, _ level: String) throws {
        let found = try codes(bundle: "name = \"abcdef\"", [("a.safetensors", size)])
        #expect(found == (level.isEmpty ? [] : ["\(level) kaggle-size"]))
    }

    @Test func holdsModelsOnlyToWhatIsKnownOfModels() throws {
        let bundle = """
            kind = "model"
            name = "abc"
            license = "Apache 2.0"
            framework = "transformers"
            variation = "0.5b-it"
            """
        #expect(try codes(bundle: bundle) == [])
        #expect(try codes(bundle: bundle, [("a.safetensors", 200_000_000_001)]) == ["warning kaggle-size"])
    }

    @Test func tellsWhatLiesInTheStore() throws {
        let sample = try RuleSample(
            model(),
            ["m": RuleSample.Content(files: [("a.safetensors", 1), ("b.tar.gz", 2), ("c@d.json", 3)])])
        let finding = try #require(try sample.findings().first)
        #expect(finding.severity == .note)
        #expect(finding.code.rawValue == "kaggle-renamed")
        #expect(finding.notes.first == "b.tar.gz: Kaggle unpacks archives after the upload")
        #expect(try sample.findings().count == 1)
    }

    @Test(arguments: ["zip", "tar", "gz", "tgz", "7z", "bz2", "xz", "zst", "rar"])
    func knowsArchives(_ suffix: String) throws {
        #expect(BundlePath.problem(RelativePath(checked: "models/m/a.\(suffix)")) != nil)
        #expect(BundlePath.problem(RelativePath(checked: "models/m/a.\(suffix.uppercased())")) != nil)
    }

    @Test func refusesPathsThatUploadsDoNotTake() throws {
        let long = Array(repeating: String(repeating: "a", count: 200), count: 6).joined(separator: "/")
        #expect(
            try codes(bundle: "name = \"abcdef\"", [(RelativePath(checked: long), 1)]) == [
                "error kaggle-path-length"
            ])
    }

    @Test func writesWhatTheKaggleCommandReadsOfAModel() throws {
        let bundle = """
            kind = "model"
            name = "abc"
            owner = "me"
            title = "A & B"
            license = "MIT"
            framework = "gguf"
            variation = "q4"
            base-model = "https://huggingface.co/org/name"
            """
        let settings = try RuleSample(model(), bundle: bundle).lock.bundle
        let files = UploadMetadata(settings).files
        #expect(files.map(\.name) == ["model-instance-metadata.json", "model-metadata.json"])
        #expect(files[0].text.contains("\"modelInstanceType\": \"ExternalVariant\""))
        #expect(files[0].text.contains("\"externalBaseModelUrl\": \"https://huggingface.co/org/name\""))
        #expect(files[1].text.contains("\"isPrivate\": true"))
    }

    // MARK: Scratch

    private func scratch(_ sizes: [Int], _ more: String = "") throws -> [String] {
        let manifest = try Manifest.parse(
            Array(
                ("schema = 1\n[bundle]\nname = \"abcdef\"\n"
                    + sizes.indices.map { model("m\($0)", more) }.joined()).utf8), path: "pack.toml")
        let entries = try sizes.indices.map { index in
            Samples.entry(
                "m\(index)",
                files: [
                    try Samples.file(
                        "a.safetensors", content: "\(index)", size: sizes[index],
                        placement: .segments([Segment(at: "models/base/a", offset: 0, length: sizes[index])]))
                ])
        }
        let lock = Lock(bundle: manifest.bundle, entries: entries)
        return ScratchRule.findings(manifest, lock).map { "\($0.severity.rawValue) \($0.code)" }
    }

    @Test func countsWhatTheLoaderPutsTogether() throws {
        #expect(try scratch([9_000_000_000, 9_000_000_000]) == [])
        #expect(try scratch([15_000_000_000, 15_000_000_000]) == ["warning scratch-size"])
        #expect(try scratch([40_000_000_000, 40_000_000_000]) == ["warning scratch-size"])
        #expect(try scratch([70_000_000_000, 1]) == ["error scratch-size"])
        #expect(try scratch([70_000_000_000], "allow = [\"scratch-size\"]") == ["note scratch-size"])
    }
}
