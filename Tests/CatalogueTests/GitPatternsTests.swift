import Formats
import Testing

@testable import Catalogue

struct GitPatternsTests {
    private func takes(_ patterns: GitPatterns, _ path: String) throws -> Bool {
        var steps = GitPatterns.steps
        return try patterns.contains(try #require(RelativePath(path)), steps: &steps)
    }

    @Test(arguments: [
        ("*.bin", "a/b/model.bin", true), ("*.bin", "model.bin.txt", false), ("/x.txt", "x.txt", true),
        ("/x.txt", "a/x.txt", false), ("saved_model/**/*", "saved_model/a/b.pb", true),
        ("saved_model/**/*", "other/a/b.pb", false), ("logs/", "logs/today.txt", true),
        ("logs/", "logs", false), ("a/**/z", "a/z", true), ("a/**/z", "a/b/c/z", true),
        ("[ab].txt", "b.txt", true), ("# comment", "# comment", false),
    ])
    func aPatternTakesPathsAsGitDoes(_ pattern: String, _ path: String, _ isTaken: Bool) throws {
        #expect(try takes(GitPatterns.ignoring(pattern), path) == isTaken)
    }

    @Test func theLastPatternCounts() throws {
        let ignored = GitPatterns.ignoring("*.bin\n!keep.bin\n")
        #expect(try takes(ignored, "x.bin") && !takes(ignored, "a/keep.bin"))
        let large = GitPatterns.large("*.bin filter=lfs diff=lfs\nsmall.bin -filter\n")
        #expect(try takes(large, "x.bin") && !takes(large, "small.bin"))
    }

    @Test func theStandardTextTakesWhatItsLinesName() throws {
        let large = GitPatterns.large(StandardAttributes.text(isDataset: false))
        #expect(try takes(large, "model.safetensors") && !takes(large, "config.json"))
        let odd: RelativePath = "a b/[x]*.txt"
        let own = GitPatterns.large(StandardAttributes.line(StandardAttributes.pattern(odd)))
        #expect(try takes(own, odd.text) && !takes(own, "a b/[x]y.txt"))
    }

    @Test func patternsThatTakeTooLongAreGivenUp() throws {
        let stars = String(repeating: "*a", count: 200)
        let hostile = GitPatterns.ignoring(
            String(repeating: stars + "b\n", count: 100))
        let path = try #require(RelativePath(String(repeating: "a", count: 250)))
        var steps = 20_000
        #expect(throws: GitPatterns.TooMuch.self) { try hostile.contains(path, steps: &steps) }
        // Nothing is left for the next one, either.
        #expect(throws: GitPatterns.TooMuch.self) {
            try GitPatterns.ignoring("x").contains("x", steps: &steps)
        }
    }

    @Test func aSetCostsAsManyStepsAsItHasRanges() throws {
        let ranges = (0..<100).compactMap { Unicode.Scalar(0x4E00 + 2 * $0).map(String.init) }.joined()
        let hostile = GitPatterns.ignoring("*[\(ranges)]\n")
        let path = try #require(RelativePath(String(repeating: "a", count: 50)))
        var steps = 100_000
        #expect(try !hostile.contains(path, steps: &steps))
        #expect(steps < 95_000)
    }
}
