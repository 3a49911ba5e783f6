import TestSupport
import Testing

@testable import Formats
@testable import Scanning

/// The templates in `fixtures/templates`, which `Tests/Interop/test_templates.py` also hands to Jinja's own sandbox.
@Suite struct TemplateFixtureTests {
    private func templates(_ kind: String) throws -> [(name: String, text: String)] {
        let bytes = fixture("templates.json", in: "templates")
        let members = try #require(try JSON.parse(bytes)[kind]?.members)
        return try members.map { ($0.key, try #require($0.value.string)) }
    }

    @Test func findsEveryHostileTemplate() throws {
        let hostile = try templates("hostile")
        #expect(hostile.count > 100)
        for (name, text) in hostile {
            #expect(!TemplateReview.findings(of: Array(text.utf8)).isEmpty, "\(name) was not found")
        }
    }

    @Test func findsNothingInOrdinaryTemplates() throws {
        for (name, text) in try templates("kept") {
            #expect(TemplateReview.findings(of: Array(text.utf8)) == [], "\(name)")
        }
    }
}
