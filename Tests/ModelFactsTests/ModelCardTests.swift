import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Storage

struct ModelCardTests {
    private func card(_ yaml: String) throws(ModelCard.Problem) -> ModelCard? {
        try ModelCard.parse(Array("---\n\(yaml)\n---\n# Title\n".utf8))
    }

    @Test func readsWhatAHubCardSays() throws {
        let card = try #require(
            try card(
                """
                language: [en, no]
                license: apache-2.0   # the usual one
                library_name: sentence-transformers
                tags:
                - sentence-transformers
                - feature-extraction
                - 'transformers'
                datasets: s2orc
                base_model:
                  - org/base
                base_model_relation: finetune
                pipeline_tag: sentence-similarity
                model-index: [{name: x, results: []}]
                """))
        #expect(card.license == "apache-2.0")
        #expect(card.effectiveLicense == "apache-2.0")
        #expect(card.library == "sentence-transformers")
        #expect(card.tags == ["sentence-transformers", "feature-extraction", "transformers"])
        #expect(card.languages == ["en", "no"])
        #expect(card.datasets == ["s2orc"])
        #expect(card.baseModels == ["org/base"])
        #expect(card.baseModelRelation == "finetune")
        #expect(card.pipelineTag == "sentence-similarity")
    }

    @Test func goesByTheNameOfAnOtherLicence() throws {
        let card = try card("license: other\nlicense_name: llama3.1\nlicense_link: LICENSE")
        #expect(card?.license == "other")
        #expect(card?.effectiveLicense == "llama3.1")
        #expect(card?.licenseLink == "LICENSE")
        #expect(try self.card("license: other")?.effectiveLicense == "other")
        #expect(try self.card("license: mit\nlicense_name: x")?.effectiveLicense == "mit")
    }

    @Test(arguments: [
        ("license: no", "no"), ("license: 3", "3"), ("license: 1.10", "1.10"),
        ("license: 2024-10-01", "2024-10-01"),
        ("license: true", "true"), ("license: 0x1F", "0x1F"), ("license: 'null'", "null"),
        (#"license: "mit""#, "mit"), ("license: !!str mit", "mit"),
        ("license: >\n  cc by\n  4.0\n", "cc by 4.0"),
        ("license: [mit]", "mit"), ("license:\n- mit\n- apache-2.0", "mit, apache-2.0"),
        ("license: &x mit\nlicense_name: *x", "mit"), ("{license: mit}", "mit"),
        (#"license: "m\e[31mit""#, "m [31mit"),
    ])
    func takesValuesAsText(_ yaml: String, _ license: String) throws {
        #expect(try card(yaml)?.license == license)
    }

    @Test(arguments: [
        "license:", "license: ~", "license: null", "license: ''", "license: []", "license: {a: b}",
        "other: x",
    ])
    func hasNoLicenceWhereNoneIsSaid(_ yaml: String) throws {
        let card = try #require(try card(yaml))
        #expect(card.license == nil)
    }

    @Test(arguments: [
        "", "# Title", "---", "---\n", "---\nlicense: mit\n", "---\nlicense: mit\n--- \n",
        "x\n---\nlicense: mit\n---\n",
        "----\nlicense: mit\n----\n", "--- license: mit\n---\n", "---\n---\n",
    ])
    func findsNoCardWithoutBothLines(_ text: String) throws {
        #expect(try ModelCard.parse(Array(text.utf8)) == nil)
    }

    @Test(arguments: [
        "---\nlicense: mit\n---", "---\r\nlicense: mit\r\n---\r\n", "\u{FEFF}---\nlicense: mit\n---\n",
        "\n \n---\n\n\nlicense: mit\n\n---\nx", "---\rlicense: mit\r---\r",
        "---\nlicense: mit\n---\n\n---\nlicense: x\n---\n",
    ])
    func findsTheCardBetweenTheFirstTwoLines(_ text: String) throws {
        #expect(try ModelCard.parse(Array(text.utf8))?.license == "mit")
    }

    @Test(arguments: [
        "license: mit\nlicense: x", "- a\n- b", "just words", "a: b: c", "a: [b", "a: {b", "a: 'b", "a: \"b",
        "\tlicense: mit", "a:\n\tb: c", "license: mit\n b: c", "a: *unknown", "a: !<", "a: |x", "%YAML 9.9",

        "a: \u{0}", "a: \u{1}", "a: @b", "a: `b", "...\na: b", "a: b\n...\nc: d",
    ])
    func refusesWhatIsNoMapping(_ yaml: String) {
        #expect(throws: ModelCard.Problem.self) { try card(yaml) }
    }

    @Test func tellsTheLineOfAMistake() {
        let problem = #expect(throws: ModelCard.Problem.self) { try card("a: b\nc: d\ne: f: g") }
        #expect(problem?.line == 4)
        let duplicate = #expect(throws: ModelCard.Problem.self) { try card("a: b\nc: d\nc: e") }
        #expect(duplicate?.line == 3)
    }

    @Test func refusesBytesThatAreNotUTF8() {
        #expect(throws: ModelCard.Problem.self) {
            try ModelCard.parse(Array("---\nlicense: ".utf8) + [0xFF] + Array("\n---\n".utf8))
        }
    }

    /// Each would exhaust memory, stack or patience in a parser without bounds.
    @Test(
        arguments: shortened([
            String(repeating: "[", count: 1_000_000), String(repeating: "{a: ", count: 200_000),
            String(repeating: "- ", count: 500_000) + "x", String(repeating: "? ", count: 500_000) + "x",
            (0..<1000).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n"),
            "a: " + String(repeating: "[", count: 60) + String(repeating: "a,", count: 300_000)
                + String(repeating: "]", count: 60) + "]",
            "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
                + (1..<40).map { "a\($0): &a\($0) [*a\($0 - 1),*a\($0 - 1),*a\($0 - 1)]" }.joined(
                    separator: "\n"),
            "a0: &a0 [x,x]\n"
                + (1..<40).map { "? &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n: x" }.joined(separator: "\n"),
            // Brackets in quotes close nothing.
            "a: " + String(repeating: "[\"]\",", count: 60_000),
            // Once each level asked twice for what is there twice.
            "a: " + String(repeating: "[", count: 60) + "{b: 1, b: 2}" + String(repeating: "]", count: 60),
            String(repeating: "x", count: 1_100_000), "a: \"" + String(repeating: "\\u0041", count: 170_000),
            String(repeating: "a: b\n", count: 200_000),
        ]))
    func refusesWhatIsMadeToHurt(_ yaml: ShortlyNamed) {
        #expect(throws: ModelCard.Problem.self) { try card(yaml.text) }
    }

    @Test func readsLargeCards() throws {
        let results = (0..<20_000).map { "  - name: task \($0)\n    value: \($0)" }.joined(separator: "\n")
        #expect(try card("license: mit\nmodel-index:\n\(results)")?.license == "mit")
        let tags = (0..<50_000).map { "- tag\($0)" }.joined(separator: "\n")
        #expect(try card("license: mit\ntags:\n\(tags)")?.tags.count == 50_000)
        let nested = String(repeating: "[", count: 50) + String(repeating: "]", count: 50)
        #expect(try card("license: mit\nx: \(nested)")?.license == "mit")
        let deep = (0..<90).map { String(repeating: "  ", count: $0) + "a:" }.joined(separator: "\n")
        #expect(try card("license: mit\n\(deep)")?.license == "mit")
    }

    @Test func readsMarkdownInsideOfTheYAML() throws {
        let yaml =
            "license: mit\nextra_gated_prompt: >-\n  "
            + String(repeating: "**bold** & *x* - [a](b) ", count: 20)
        #expect(try card(yaml)?.license == "mit")
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func neverTrapsOnDamage(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let text = """
            ---
            license: &l other
            license_name: *l
            tags: [a, "b\\u00e9", 'c', {d: e}]
            base_model:
            - org/x # y
            ? - k
            : |
              text
            n: !!int 3
            ---
            # Title
            """
        for _ in 0..<200 {
            _ = try? ModelCard.parse(mutated(Array(text.utf8), with: &random))
        }
    }
}
