import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import Storage

/// The repository's folder of fixtures.
private let fixtures = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined() + "/fixtures"

@Suite struct GlobTests {
    @Test func agreesWithCPython() throws {
        let cases = try #require(JSON.parse(contents(fixtures + "/globs.json"))["cases"]?.array)
        #expect(cases.count == 300)
        for one in cases {
            let parts = try #require(one.array)
            let pattern = try #require(parts[0].string)
            let path = try #require(parts[1].string)
            #expect(
                Glob(pattern).matches(path) == parts[2].bool, "pattern \(quote(pattern)), path \(quote(path))"
            )
        }
    }

    @Test func comparesUnicodeScalars() {
        // Swift's `==` on strings takes both forms of the letter for equal; Python's does not.
        #expect(!Glob("\u{E9}").matches("e\u{301}"))
        #expect(!Glob("?").matches("e\u{301}"))
        #expect(Glob("??").matches("e\u{301}"))
        #expect(Glob("a??b").matches("a\r\nb"))
    }

    @Test func manyStarsOnALongNameAreNotExponential() {
        let pattern = Glob(String(repeating: "*a", count: 40) + "*b")
        #expect(!pattern.matches(String(repeating: "a", count: 4000)))
        #expect(pattern.matches(String(repeating: "a", count: 4000) + "b"))
    }

    @Test func filterTakesWhatIsIncludedAndNotExcluded() {
        let filter = FileFilter(
            include: [Glob("*.json"), Glob("onnx/")], exclude: [Glob("onnx/*.bin"), Glob("secret.json")])
        #expect(filter.accepts("config.json"))
        #expect(filter.accepts("1_Pooling/config.json"))
        #expect(filter.accepts("onnx/model.onnx"))
        #expect(!filter.accepts("onnx/model.bin"))
        #expect(!filter.accepts("secret.json"))
        #expect(!filter.accepts("model.safetensors"))
    }

    @Test func noIncludeTakesEverythingAndAnEmptyOneNothing() {
        #expect(FileFilter(include: nil, exclude: []).accepts("a"))
        #expect(!FileFilter(include: [], exclude: []).accepts("a"))
    }

    private func quote(_ text: String) -> String { JSON.string(text).compactText }
}
