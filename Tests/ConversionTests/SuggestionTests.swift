import Testing

@testable import Formats

@Suite struct SuggestionTests {
    @Test(arguments: [
        ("inclde", "include"), ("include", "include"), ("Include", "include"), ("nmae", "name"),
        ("max_size", "max-size"), ("excludes", "exclude"), ("sorce", "source"),
    ]) func findsTheNearestWord(word: String, nearest: String) {
        let words = ["name", "source", "include", "exclude", "license", "allow", "max-size"]
        #expect(Suggestion.nearest(to: word, among: words) == nearest)
    }

    @Test(arguments: ["", "gguf", "from", "é", "xyzxyz"]) func findsNoWordForWhatIsFar(word: String) {
        #expect(Suggestion.nearest(to: word, among: ["name", "source", "include", "allow"]) == nil)
    }
}
