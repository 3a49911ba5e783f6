import Testing

@testable import Tokenizers

@Suite struct RegexTests {
    private func pieces(_ pattern: String, _ text: String) throws -> [String] {
        let scalars = Array(text.unicodeScalars)
        var matcher = RegexMatcher(try RegexProgram(pattern), scalars[...])
        return try matcher.matches().map { String(String.UnicodeScalarView(scalars[$0])) }
    }

    @Test(arguments: [
        (#"a|ab"#, "abab", ["a", "a"]),
        (#"\s+(?!\S)|\s+"#, "a   b ", ["  ", " ", " "]),
        (#"\p{N}{1,3}"#, "12345x6", ["123", "45", "6"]),
        (#"(?i:'s|'ll)"#, "it'S we'Ll they'\u{17F}", ["'S", "'Ll", "'\u{17F}"]),
        (#"[^\r\n\p{L}\p{N}]?\p{L}+"#, " été,中文\n!x", [" été", ",中文", "!x"]),
        (#"[\p{L}&&[^\p{Han}]]+"#, "ab中c", ["ab", "c"]),
        (#"[^(\s|[.,!])]+"#, "one,two (three|four", ["one", "two", "three", "four"]),
        (#"a++a|b"#, "aaab", ["b"]),
        (#"<.+?>"#, "<a><b>", ["<a>", "<b>"]),
        (#"(?<=a)b|(?<!a)c"#, "abcbac", ["b", "c"]),
        (#"(?:ab){2,3}"#, "abababab", ["ababab"]),
        (#"(?:a?)*b"#, "aab", ["aab"]),
        (#"[[:alpha:]_]+"#, "a_b1", ["a_b"]),
        (#"^\w+$"#, "ab\ncd", ["ab", "cd"]),
        (#"\x41\u0042\x{43}"#, "ABC", ["ABC"]),
        (#"(?>a*)ab|c"#, "aabc", ["c"]),
        (#"\bfoo\b"#, "foo food foo", ["foo", "foo"]),
        (#"x*"#, "axb", ["", "x", ""]),
        (#"[一-龥]+"#, "a一龥b", ["一龥"]),
        (#"a{,2}b"#, "aaab", ["aab"]),
        (#"a{x"#, "a{x", ["a{x"]),
    ])
    func findsWhatOnigurumaFinds(pattern: String, text: String, expected: [String]) throws {
        #expect(try pieces(pattern, text) == expected)
    }

    @Test(arguments: [
        "(", ")", "[a", "*a", #"\p{Klingon}"#, #"(a)\1"#, "a{3,2}", #"\"#, "(?<=a+)b", #"\x{110000}"#,
    ])
    func refusesWhatIsNoPatternOrNotSupported(pattern: String) {
        #expect(throws: RegexError.self) { try RegexProgram(pattern) }
    }

    @Test func refusesGroupsThatNestTooDeep() {
        let pattern = String(repeating: "(", count: 10_000) + String(repeating: ")", count: 10_000)
        #expect(throws: RegexError.self) { try RegexProgram(pattern) }
    }

    @Test func refusesPatternsThatGrowTooLarge() {
        #expect(throws: RegexError.self) { try RegexProgram("((((a{99}b){99}){99}){99})") }
    }
}
