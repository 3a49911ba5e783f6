import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite struct StatedLicenseTests {
    @Test(arguments: [
        ("apache-2.0", "Apache-2.0"), ("MIT", "MIT"), ("cc-by-nc-sa-4.0", "CC-BY-NC-SA-4.0"),
        ("odbl", "ODbL-1.0"),
        ("gpl-3.0", "GPL-3.0-only"), ("lgpl-2.1+", "LGPL-2.1-or-later"), ("bsl-1.0", "BSL-1.0"),
        ("unlicense", "Unlicense"),
        ("CC0: Public Domain", "CC0-1.0"),
    ]) func spellsIdentifiersAsTheListDoes(stated: String, id: String) {
        #expect(StatedLicense(stated) == .identifier(id))
    }

    @Test(arguments: [
        ("mit or apache-2.0", "MIT OR Apache-2.0"), ("cc-by-4.0, mit", "CC-BY-4.0 AND MIT"),
        ("(MIT OR ISC) AND llama3.1", "(MIT OR ISC) AND LicenseRef-llama3.1"),
        ("mit AND ((isc))", "MIT AND ((ISC))"),
    ]) func readsExpressions(stated: String, expression: String) {
        #expect(StatedLicense(stated) == .expression(expression))
    }

    @Test(arguments: [
        "llama3.1", "gemma", "openrail++", "MIT OR", "OR MIT", "(MIT", "MIT)", "MIT ISC",
        "GPL-2.0 WITH exception",
        "Qwen LICENSE AGREEMENT", "mit AND ()", ",", "gemma or llama2",
    ]) func takesOthersForNames(stated: String) {
        #expect(StatedLicense(stated) == .name(stated))
    }

    @Test(arguments: ["other", "unknown", "Other", ""]) func saysNothingWhereNothingIsSaid(stated: String) {
        #expect(StatedLicense(stated) == nil)
    }

    @Test func refersToNamesWithTheCharactersThatAreAllowed() {
        #expect(StatedLicense("openrail++")?.expression == "LicenseRef-openrail--")
        #expect(StatedLicense("Qwen é")?.expression == "LicenseRef-Qwen---")
    }

    @Test func refusesExpressionsThatAreNestedWithoutEnd() {
        let text = String(repeating: "(", count: 10_000) + "MIT" + String(repeating: ")", count: 10_000)
        #expect(StatedLicense(text) == .name(text))
    }
}
