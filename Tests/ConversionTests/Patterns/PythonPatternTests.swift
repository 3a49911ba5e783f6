import Testing

@testable import Conversion

/// What `re.match` of CPython 3.11 states, tried there.
struct PythonPatternTests {
    @Test(
        arguments: [
            ("q_proj", "q_proj", true), ("q_proj", "q_proj.weight", true), ("q_proj", "x.q_proj", false),
            (#"(.*\.)?(q_proj)$"#, "model.q_proj", true), (#"(.*\.)?(q_proj)$"#, "modelq_proj", false),
            (#"(.*\.)?(^model\.q)$"#, "model.q", true), (#"(.*\.)?(^q)$"#, "model.q", false),
            (#"(.*\.)?(a|b)$"#, "x.b", true), (#"(.*\.)?(a)|(b)$"#, "b", true),
            (#"layers\.\d{2,3}\."#, "layers.1.", false), (#"layers\.\d{2,3}\."#, "layers.123.", true),
            ("a{,2}b", "aab", true), ("a{,2}b", "aaab", false), ("[]a]+$", "]a]", true),
            ("[^]a]", "]", false),
            ("[a-]", "-", true), (#"[\d.]+$"#, "1.2", true), (#"\bq\b"#, "q_", false), (#"a\Z"#, "a", true),
            ("a(?!b)", "ab", false), ("a(?!b)", "ac", true), ("(?=.*x)a", "abx", true),
            ("(?P<name>a)b", "ab", true), ("x+?y", "xxy", true), ("", "anything", true), ("a.c", "abc", true),
            (#"a\.c"#, "abc", false), (#"\_\-a"#, "_-a", true),
        ])
    func matchesAsPython(pattern: String, text: String, isMatch: Bool) throws {
        #expect(try PythonPattern(pattern).matches(text) == isMatch)
    }

    @Test(arguments: [
        ("a", "ab", false), ("a.*", "ab", true), ("a|ab", "ab", true), (#"(?:a)|(?:b)"#, "b", true),
    ])
    func matchesAllOfTheText(pattern: String, text: String, isMatch: Bool) throws {
        #expect(try PythonPattern(pattern, reachesEnd: true).matches(text) == isMatch)
    }

    @Test(
        arguments: [
            "(", ")", "a)", "*a", "a**", "a*+", "a++", "a{2}{3}", "(?i)a", "(?i:a)", "(?#c)", "(?<=a)b",
            "(?<!a)b",
            "(?>a)", #"(a)\1"#, #"\q"#, #"\x41"#, #"\"#, "[", "[a", "[b-a]", #"[\d-z]"#, "[[a]", "[a&&b]",
            "a{", "a{,}",
            "a{3,2}", "a{1001}", "(?P<1>a)", "(?P<a>b)(?P<a>c)", "(?P=a)", "^*", #"\b?"#, "(a*)*", "(?:)+",
            "(|a)+",
            "(?=a(?=b))", "ä", "a\n", "(?(1)a|b)", #"\z"#, #"\101"#,
        ])
    func refusesWhatItDoesNotUnderstand(pattern: String) {
        #expect(throws: PythonPattern.Problem.self) { try PythonPattern(pattern) }
    }

    @Test func refusesTextsInWhichClassesMeanMore() throws {
        let pattern = try PythonPattern(#"\w+"#)
        #expect(throws: PythonPattern.Problem.self) { try pattern.matches("é") }
        #expect(throws: PythonPattern.Problem.self) { try pattern.matches("a\n") }
    }

    @Test(.timeLimit(.minutes(1))) func isNotSlowWhereBacktrackingIs() throws {
        let text = String(repeating: "a", count: 2_000) + "b"
        #expect(try !PythonPattern("(?:a+)+(?:a+)+(?:a+)+c").matches(text))
    }

    @Test(.timeLimit(.minutes(1))) func aSearchPastTheBoundIsAnErrorThatSaysSo() throws {
        let pattern = try PythonPattern(String(repeating: "a?", count: 10_000) + "c")
        let problem = #expect(throws: PythonPattern.Problem.self) {
            try pattern.matches(String(repeating: "a", count: 300))
        }
        #expect(problem?.description.hasPrefix("matching takes too many steps in \"aaa") == true)
    }
}
