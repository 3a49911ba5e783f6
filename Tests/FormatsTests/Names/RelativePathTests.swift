import Testing

@testable import Formats

@Suite struct RelativePathTests {
    @Test(arguments: [
        "", "/a", "a//b", "a/../b", "..", ".", "a/.", "./a", "a\nb", "a\u{0}b", "a/", "\u{FFFD}",
        "a/\u{FFFD}b",
        "\u{7F}", "../\u{338}etc/passwd",
    ])
    func refusesWhatCouldLeaveItsDirectoryOrIsNoName(_ text: String) {
        #expect(RelativePath(text) == nil)
        #expect(RelativePath.problem(text) != nil)
    }

    @Test(arguments: ["a", "a/b.c", "...", "a b/ü", ".gitattributes", "..a/b..", "a/\u{301}", "\u{FFFE}"])
    func takesOrdinaryPaths(_ text: String) {
        #expect(RelativePath(text)?.text == text)
        #expect(RelativePath.problem(text) == nil)
    }

    @Test func refusesPathsThatLinuxCannotOpen() {
        #expect(RelativePath(String(repeating: "n", count: 4095)) != nil)
        #expect(RelativePath.problem(String(repeating: "ü", count: 2048)) == "is longer than 4095 bytes")
        #expect(RelativePath(String(repeating: "a/", count: 20_000) + "a") == nil)
    }

    @Test func namesWhatIsWrong() {
        let problems = ["", "/a", "a//b", "a/..", "a/./b", "a\tb", "\u{FFFD}"].map(RelativePath.problem)
        #expect(
            problems == [
                "is empty", "is absolute", "has an empty part", "has a part \"..\"", "has a part \".\"",
                "has a control character", "is not valid UTF-8",
            ])
    }

    @Test(arguments: LookAlikes.pairs)
    func whatLooksAlikeIsNotEqual(_ one: String, _ other: String) throws {
        #expect(one == other, "Swift takes them for equal")
        let (left, right) = (try #require(RelativePath(one)), try #require(RelativePath(other)))
        #expect(left != right)
        #expect(Set([left, right]).count == 2)
        #expect([left: 1, right: 2][left] == 1)
        #expect((left < right) != (right < left))
        let below = try #require(RelativePath("\(one)/x"))
        #expect(!below.isInside(right))
    }

    @Test func orderIsThatOfTheBytes() throws {
        let texts = [
            "", "K", "K/a", "K.a", "a", "é", "e\u{301}", "Å", "\u{212A}", "\u{212B}", "\u{1F392}", "ab",
        ]
        let paths = texts.compactMap { RelativePath($0) }
        let sorted = paths.sorted().map(\.text)
        let expected = paths.map(\.text).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(zip(sorted, expected).allSatisfy { Array($0.utf8) == Array($1.utf8) })
        #expect(!(paths[0] < paths[0]))
    }

    @Test func equalBytesAreEqualHoweverTheStringWasMade() throws {
        let ascii = "models/qwen/config.json"
        let cut = String("é\(ascii)".dropFirst())
        let decoded = String(decoding: Array(ascii.utf8), as: UTF8.self)
        let paths = Set([ascii, cut, decoded].compactMap { RelativePath($0) })
        #expect(paths.count == 1)
    }

    @Test func takesPathsApart() throws {
        let path: RelativePath = "a/b/c.tar.GZ"
        #expect(path.components == ["a", "b", "c.tar.GZ"])
        #expect(path.name == "c.tar.GZ")
        #expect(path.pathExtension == "GZ")
        #expect(path.parent == "a/b")
        #expect(Array(path.ancestors) == ["a/b", "a"])
        #expect(path.removing(suffix: ".GZ") == "a/b/c.tar")
        #expect(path.removing(suffix: ".gz") == nil)
        #expect(("x" as RelativePath).removing(suffix: "x") == nil)
        #expect(("a" as RelativePath).parent == nil)
        #expect(("a" as RelativePath).pathExtension == nil)
        #expect(("a.b/c" as RelativePath).pathExtension == nil)
    }

    @Test func putsPathsTogether() {
        let folder: RelativePath = "a/b"
        #expect(folder.appending("c/d") == "a/b/c/d")
        #expect(folder.appending(component: "c") == "a/b/c")
        for name in ["", ".", "..", "c/d", "/", "\u{0}"] { #expect(folder.appending(component: name) == nil) }
        #expect(folder.joined(to: "/root") == "/root/a/b")
        #expect(folder.joined(to: "") == "/a/b")
    }

    @Test func insideMeansBelowAndNotBeside() {
        let path: RelativePath = "a/b/c"
        #expect(path.isInside("a") && path.isInside("a/b"))
        #expect(!path.isInside("a/b/c") && !path.isInside("a/bc"))
        #expect(!("ab/c" as RelativePath).isInside("a"))
    }

    @Test func cutsAtSlashesThatACombiningMarkFollows() {
        let path: RelativePath = "a/\u{301}b"
        #expect(path.components == ["a", "\u{301}b"])
        #expect(path.parent == "a")
    }

    /// Maps of a hundred thousand files are usual; a hash that took equivalent texts for one would make a list for
    /// each of these names.
    @Test func namesThatLookAlikeDoNotMeetInOnePlaceOfATable() {
        var paths: Set<RelativePath> = []
        for number in 0..<(1 << 16) {
            let text = (0..<16).map { number >> $0 & 1 == 0 ? "K" : "\u{212A}" }.joined()
            paths.insert(RelativePath(checked: text))
        }
        #expect(paths.count == 1 << 16)
    }
}

/// Names that `String` takes for equal, and that are two files: compatibility signs and letters, NFC and NFD.
enum LookAlikes {
    static let pairs = [
        ("a-Q4_K_M.txt", "a-Q4_\u{212A}_M.txt"), ("caf\u{E9}", "cafe\u{301}"), ("\u{C5}.bin", "\u{212B}.bin"),
        ("\u{3A9}", "\u{2126}"), ("a;b", "a\u{37E}b"), ("`x", "\u{1FEF}x"),
        ("d/\u{1E9B}\u{323}", "d/\u{17F}\u{323}\u{307}"),
    ]
}
