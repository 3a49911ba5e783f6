import Testing

@testable import Formats
@testable import Manifests
@testable import Rules

@Suite struct PolicyPresetTests {
    private func codes(_ policy: String, license: String) throws -> [String] {
        try PolicySample(policy, [.init("m", license: license)]).findings()
            .filter { $0.contains("license") }
    }

    @Test(
        arguments: [
            ("permissive", "apache-2.0", true), ("permissive", "gpl-3.0", false),
            ("permissive", "gemma", false),
            ("osi", "gpl-3.0", true), ("osi", "BSD-3-Clause", true), ("osi", "cc-by-4.0", false),
            ("osi", "llama3.1", false), ("osi", "cc0-1.0", true), ("osi", "other", false),
            ("cc-by", "cc-by-4.0", true), ("cc-by", "cc-by-sa-4.0", true), ("cc-by", "cc-by-nc-4.0", false),
            ("cc-by", "cc-by-nd-4.0", false), ("cc-by", "gemma", false), ("open-weights", "gemma", true),
            ("open-weights", "llama3.3", true), ("open-weights", "qwen-research", false),
            ("open-weights", "cc-by-nc-4.0", false), ("non-commercial-ok", "cc-by-nc-4.0", true),
            ("non-commercial-ok", "cc-by-nc-sa-4.0", true), ("non-commercial-ok", "cc-by-nc-nd-4.0", false),
            ("non-commercial-ok", "qwen-research", true), ("non-commercial-ok", "mit", true),
        ])
    func takesTheLicencesThatAgree(_ preset: String, _ license: String, isTaken: Bool) throws {
        let found = try codes("preset = \"\(preset)\"", license: license)
        #expect(found.isEmpty == isTaken, "\(found)")
    }

    @Test func everyPresetTakesAllOfTheOneBefore() {
        var before: Set<String> = []
        for preset in PolicyPreset.allCases {
            let own = Set(preset.licenses)
            #expect(own.isSuperset(of: before), "\(preset)")
            #expect(own.count == preset.licenses.count, "\(preset)")
            before = own
        }
    }

    @Test(arguments: PolicyPreset.allCases) func everyLicenceIsKnown(preset: PolicyPreset) {
        #expect(preset.licenses.filter { !LicenseName($0).isKnown } == [])
    }

    @Test func ownLicencesAddToAPreset() throws {
        #expect(try codes("preset = \"osi\"\nlicenses = [\"gemma\"]", license: "gemma") == [])
        #expect(try codes("preset = \"osi\"\nlicenses = [\"gemma\"]", license: "mit") == [])
        #expect(try codes("licenses = [\"gemma\"]", license: "mit").count == 1)
        let sample = try PolicySample(
            "preset = \"osi\"\nlicenses = [\"gemma\"]", [.init("m", license: "llama3")])
        let finding = try #require(try sample.diagnostics().first { $0.code == .licenseDenied })
        #expect(
            finding.notes.first
                == "allowed: licences that the OSI approves (preset \"osi\"), and gemma")
    }

    @Test func onlyTheManifestsOwnNamesAreCheckedForSlips() throws {
        let found = try codes("preset = \"osi\"\nlicenses = [\"apach-2.0\"]", license: "mit")
        #expect(found.count == 1 && found[0].contains("license-name-unknown"))
    }

    @Test func anUnknownPresetIsAnErrorWithWhatIsMeant() throws {
        let text = "schema = 1\n[bundle]\nname = \"sample-bundle\"\n[policy]\npreset = \"ossi\"\n" + model()
        let error = #expect(throws: Diagnostics.self) {
            try Manifest.parse(Array(text.utf8), path: "pack.toml")
        }
        #expect(error?.all.first?.fix == "did you mean \"osi\"?")
        #expect(
            error?.all.first?.notes == ["allowed: permissive, osi, cc-by, open-weights, non-commercial-ok"])
    }
}
