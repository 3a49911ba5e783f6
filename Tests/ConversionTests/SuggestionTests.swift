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

    @Test(arguments: [
        ("Q4KM", "Q4_K_M"), ("q4-k-m", "Q4_K_M"), ("IQ4.XS", "IQ4_XS"), ("t4", "t4x2"), ("mxfp", "MXFP4_MOE"),
    ]) func marksAndEndsMayBeLeftOut(word: String, nearest: String) {
        let words = ["Q4_0", "Q4_K_S", "Q4_K_M", "IQ4_NL", "IQ4_XS", "MXFP4_MOE", "t4x2", "l4x4"]
        #expect(Suggestion.nearest(to: word, among: words) == nearest)
    }

    @Test(arguments: [("t4", "t4x2"), ("T4", "t4x2"), ("p10", "p100"), ("4l", "l4"), ("l44", "l4x4")])
    func aCodeIsABeginningBeforeAnotherCode(word: String, nearest: String) {
        let words = ["t4x2", "t4x2-highmem", "p100", "l4x4", "l4", "a100", "h100"]
        #expect(Suggestion.nearest(to: word, among: words) == nearest)
    }

    @Test(arguments: ["v100", "b100", "k4", "x4"]) func anotherLetterMakesAnotherCode(word: String) {
        #expect(Suggestion.nearest(to: word, among: ["t4x2", "p100", "l4", "a100", "h100"]) == nil)
    }

    @Test func aBeginningOfSeveralWordsMeansNone() {
        #expect(Suggestion.nearest(to: "lice", among: ["license", "licenses"]) == nil)
    }

    @Test(arguments: ["", "gguf", "from", "é", "xyzxyz"]) func findsNoWordForWhatIsFar(word: String) {
        #expect(Suggestion.nearest(to: word, among: ["name", "source", "include", "allow"]) == nil)
    }
}
