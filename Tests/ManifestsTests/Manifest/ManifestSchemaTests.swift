import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import Storage

@Suite struct ManifestSchemaTests {
    @Test func schemaHasEveryKeyAndRefusesOthers() throws {
        let schema = ManifestSchema.jsonSchema()
        #expect(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema")
        #expect(schema["required"] == ["schema", "bundle"])
        #expect(schema["additionalProperties"] == false)
        #expect(
            schema["properties"]?.members?.map(\.key) == [
                "schema", "bundle", "policy", "model", "dataset", "wheels", "files",
            ])
        for table in ManifestSchema.tables {
            var json = try #require(schema["properties"]?[table.name])
            if table.kind != nil { json = try #require(json["items"]) }
            #expect(json["additionalProperties"] == false)
            #expect(json["properties"]?.members?.map(\.key) == table.keys.map(\.name))
            for member in json["properties"]?.members ?? [] {
                #expect(member.value["description"]?.string?.hasSuffix(".") == true, "\(member.key)")
            }
        }
    }

    @Test func schemaIsTheSameEveryTime() throws {
        let text = ManifestSchema.jsonSchema().prettyText
        #expect(ManifestSchema.jsonSchema().prettyText == text)
        #expect(try JSON.parse(Array(text.utf8)) == ManifestSchema.jsonSchema())
    }

    /// The patterns are for editors; what Knapsack takes must never be red there.
    @Test(arguments: [
        TextRule.line, .slug, .owner, .entryName, .license, .glob, .findingCode, .source(.model),
        .source(.dataset), .source(.wheels), .source(.files),
    ]) func patternsTakeWhatIsAccepted(rule: TextRule) throws {
        let pattern = try Regex(rule.pattern).matchingSemantics(.unicodeScalar)
        let texts = [
            "abc", "a-b", "a_b", "a.b", "A+b", "Apache-2.0", "é x", "*.json", "onnx/", "0", "x--y", "-a",
            "a-", "",
            "my-team_1", "hf:a/b", "hf:a", "hf:a/b@refs/pr/1", "hf-dataset:a/b@é", "hf-space:a/b",
            "path:é/x y",
            "kaggle:a/b/c/d", "kaggle:a/b/c/d/12", "kaggle-dataset:a/b", "kaggle-dataset:a/b/versions/3",
            "path:",
            "hf:a/b@", "kaggle:a/b", "x\n", "a\u{7F}", String(repeating: "a", count: 64),
        ]
        for text in texts where rule.accepts(text) {
            #expect(try pattern.wholeMatch(in: text) != nil, "\(text)")
        }
        #expect(try pattern.wholeMatch(in: "\n") == nil)
        #expect(!rule.accepts("\n"))
    }

    @Test func slugsOwnersAndNamesAreExactlyThePatterns() throws {
        for rule in [TextRule.slug, .owner, .entryName, .license] {
            let pattern = try Regex(rule.pattern).matchingSemantics(.unicodeScalar)
            var generator = SeededGenerator(seed: 11)
            for _ in 0..<2000 {
                let letters = Array("ab1-_.+A é")
                let text = String(
                    (0..<Int.random(in: 3...6, using: &generator)).map { _ in
                        letters[Int.random(in: 0..<letters.count, using: &generator)]
                    })
                #expect(try rule.accepts(text) == (pattern.wholeMatch(in: text) != nil), "\(rule) \(text)")
            }
        }
    }
}
