import Formats
import Manifests
import TestSupport
import Testing

@testable import Bundles

/// The first lines of a bundle's README, which make it a card of the Hub.
@Suite struct CardHeaderTests {
    private func header(title: String = "Sample bundle", _ licenses: [String?]) throws -> String {
        let entries = try licenses.enumerated().map { number, license in
            try Samples.entry(
                "entry-\(number)", license: license, files: [Samples.file("x", content: "\(number)")])
        }
        return CardHeader(try Samples.lock(Samples.settings(title: title), entries)).text
    }

    @Test func oneLicenseOfAllEntriesIsTheBundles() throws {
        #expect(try header(["mit", "MIT"]).containsUTF8("\nlicense: \"mit\"\n"))
    }

    @Test(
        arguments: [
            (["mit", "gemma"], "several"), (["my-own-license"], "my-own-license"), ([nil, "mit"], "several"),
        ] as [([String?], String)])
    func whatTheHubHasNoNameForIsAnother(licenses: [String?], name: String) throws {
        #expect(try header(licenses).containsUTF8("\nlicense: other\nlicense_name: \"\(name)\"\n"))
    }

    @Test func aTitleStaysInItsLine() throws {
        let text = try header(title: "A \"title\"\n---\nlicense: mit", ["gemma"])
        #expect(text.containsUTF8("pretty_name: \"A \\\"title\\\"\\n---\\nlicense: mit\"\n"))
        #expect(text.split(separator: "\n").filter { $0 == "---" }.count == 2)
    }
}
