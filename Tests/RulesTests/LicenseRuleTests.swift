import TestSupport
import Testing

@testable import Conversion
@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Rules
@testable import Storage

/// Which licences a list of a policy accepts.
@Suite struct LicenseRuleTests {
    @Test(arguments: [
        ("apache-2.0", "Apache-2.0"), ("Apache-2.0", "apache-2.0"), ("mit", "MIT License"),
        ("odbl", "ODbL-1.0"),
        ("pddl", "PDDL-1.0"), ("cc0-1.0", "CC0: Public Domain"), ("gpl-3.0", "GPL-3.0-only"),
        ("gpl-3.0", "GPL-3.0-or-later"), ("GPL-3.0-only", "gpl-3.0"), ("gpl-3.0+", "GPL-3.0-or-later"),
        ("lgpl", "lgpl-2.1"), ("gpl", "gpl-2.0"), ("llama", "llama3.1"), ("llama", "llama2"),
        ("llama3.1", "llama3.1"), ("gemma", "Gemma"), ("bsd", "bsd-3-clause"), ("cc-by", "CC-BY-4.0"),
        ("openrail", "creativeml-openrail-m"), ("mit", "Apache-2.0 OR MIT"), ("mit", "mit and mit"),
        ("gpl-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"), ("mit", "(apache-2.0 or (mit))"),
        ("nvidia-open-model-license", "NVIDIA Open Model License"), ("qwen-research", "qwen_research"),
    ])
    func accepts(_ item: (list: String, license: String)) {
        #expect(LicenseRule.keeps(LicenseExpression(stated: item.license), [item.list.lowercased()]))
    }

    @Test(arguments: [
        ("mit", "apache-2.0"), ("llama3", "llama3.1"), ("llama3.1", "llama3.2"), ("cc-by", "cc-by-nc-4.0"),
        ("cc-by", "cc-by-sa-4.0"), ("cc", "cc-by-4.0"), ("bsd-3-clause", "bsd"), ("gpl-3.0", "gpl-2.0"),
        ("gpl", "lgpl-3.0"), ("gpl-3.0-or-later", "gpl-3.0"), ("mit", "mit AND apache-2.0"),
        ("mit", "mit, apache-2.0"), ("mit", "mit or"), ("openrail", "open"),
        ("apache-2.0", "apache-2.0-like"),
    ])
    func refuses(_ item: (list: String, license: String)) {
        #expect(!LicenseRule.keeps(LicenseExpression(stated: item.license), [item.list]))
    }

    /// What is said of a wheelhouse holds for the wheels that say nothing themselves.
    @Test func wheelsAreCheckedEachByItself() throws {
        func codes(_ licenses: [String?], entry license: String? = nil) throws -> [String] {
            let wheels = licenses.enumerated().map { number, license in
                WheelFacts(
                    path: RelativePath(checked: "w\(number)-1-py3-none-any.whl"), name: "w\(number)",
                    version: "1",
                    requiresPython: nil,
                    requires: [], extras: [], license: license, problems: [])
            }
            let text = """
                schema = 1
                [bundle]
                name = "wheel-house"
                [policy]
                licenses = ["mit", "bsd"]
                [[wheels]]
                name = "w"
                source = "path:house"
                """
            let policy = try Manifest.parse(Array(text.utf8), path: "m.toml").policy
            let entry = Samples.entry("w", kind: .wheels, license: license, files: [])
            let locked = entry.with(facts: [try #require(WheelFacts.fact(wheels))])
            return LicenseRule.findings(locked, policy).map(\.code.rawValue)
        }
        #expect(try codes(["MIT", "BSD-3-Clause"]) == [])
        #expect(try codes(["MIT", "GPL-3.0-only", "MIT OR Apache-2.0"]) == ["license-denied"])
        #expect(try codes(["MIT", "GPL-3.0-only"], entry: "mit") == ["license-denied"])
        #expect(try codes(["MIT", nil, nil]) == ["license-unknown"])
        #expect(try codes(["MIT", nil], entry: "mit") == [])
        #expect(try codes([nil], entry: "apache-2.0") == ["license-denied"])
    }

    @Test func acceptsListsOfWhichEachElementIsAllowed() {
        let both = LicenseExpression(stated: "apache-2.0, cc-by-4.0")
        #expect(both == .all([.license("apache-2.0"), .license("cc-by-4.0")]))
        #expect(LicenseRule.keeps(both, ["apache-2.0", "cc-by"]))
        #expect(!LicenseRule.keeps(both, ["cc-by"]))
    }

    @Test func tellsWhatIsDeniedAndWhoSaidIt() throws {
        let sample = try PolicySample(
            #"licenses = ["mit"]"#,
            [
                .init("kept", license: "MIT"), .init("denied", license: "mit AND gpl-3.0"),
                .init("nameless", license: "other"), .init("silent"), .init("unsaid", license: "unknown"),
            ])
        #expect(
            try sample.findings() == [
                "error license-denied denied", "error license-unknown nameless",
                "error license-unknown silent", "error license-unknown unsaid",
            ])
        let denied = try #require(try sample.diagnostics().first)
        #expect(denied.notes == ["allowed: mit", "not in it: gpl-3.0", "stated by the model card"])
        #expect(denied.location == Diagnostic.Location(file: "pack.toml", line: 10, column: 1))
    }

    @Test func acceptsNothingElseWhereTheAuthorAllowsIt() throws {
        let sample = try PolicySample(
            #"licenses = ["mit"]"#,
            [
                .init("a", license: "gpl-3.0", lines: #"allow = ["license-denied"]"#),
                .init("b", license: "gpl-3.0"),
            ])
        #expect(try sample.findings() == ["note license-denied a", "error license-denied b"])
    }

    @Test func suggestsWhatAMisspeltNameMeant() throws {
        let sample = try PolicySample(
            #"licenses = ["apache2", "mitt", "our-own", "mit", "custom-name"]"#,
            [.init("a", license: "our own")])
        let found = try sample.diagnostics()
        #expect(found.map(\.severity) == [.warning, .warning, .warning])
        #expect(found.map(\.fix).prefix(2) == [#"did you mean "apache-2.0"?"#, #"did you mean "mit"?"#])
        #expect(found.map(\.code.rawValue).allSatisfy { $0 == "license-name-unknown" })
        #expect(found.first?.location == Diagnostic.Location(file: "pack.toml", line: 5, column: 13))
        #expect(found.last?.message.contains("custom-name") == true)
    }

    @Test func followsBaseModels() throws {
        let bases: [JSON.Member] = [
            .init("base_models", ["Org/Base", "else/where"]), .init("base_model_relation", "finetune"),
        ]
        let commit = String(repeating: "a", count: 40)
        let sample = try PolicySample(
            #"licenses = ["mit"]"#,
            [
                .init(
                    "base", "hf:org/base@\(commit)", license: "llama3", lines: #"allow = ["license-denied"]"#),
                .init("tuned", license: "mit", facts: bases),
                .init("accepted", license: "mit", facts: bases, lines: #"allow = ["license-base-unknown"]"#),
            ])
        #expect(
            try sample.findings() == [
                "note license-denied base", "error license-base-denied tuned",
                "warning license-base-unknown tuned",
                "error license-base-denied accepted", "note license-base-unknown accepted",
            ])
        #expect(try PolicySample("proof = \"optional\"", [.init("tuned", facts: bases)]).findings() == [])
    }

    @Test func mergedModelsHaveTheLicencesOfAllParts() {
        func license(_ id: String) -> LockedLicense { LockedLicense(id: id, from: .modelCard) }
        let model = license("apache-2.0")
        #expect(LockedLicense.together(model, []) == model)
        #expect(LockedLicense.together(model, [license("Apache-2.0")]) == model)
        #expect(LockedLicense.together(nil, [model]) == nil)
        let both = LockedLicense.together(model, [license("mit OR gpl-3.0"), license("cc-by-nc-4.0")])
        #expect(both?.id == "apache-2.0 AND (mit OR gpl-3.0) AND cc-by-nc-4.0")
        #expect(
            LicenseRule.keeps(LicenseExpression(stated: both?.id ?? ""), ["apache-2.0", "mit", "cc-by-nc"]))
        #expect(!LicenseRule.keeps(LicenseExpression(stated: both?.id ?? ""), ["apache-2.0", "mit"]))
    }
}
