import TestSupport
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

    @Test(arguments: [RegexDialect.oniguruma, .ecmaScript])
    func refusesRepetitionsThatStackWithoutEnd(dialect: RegexDialect) {
        let pattern = "a" + String(repeating: "*", count: 100_000)
        #expect(throws: RegexError.self) { try RegexProgram(pattern, dialect: dialect) }
    }

    @Test(arguments: [RegexDialect.oniguruma, .ecmaScript])
    func refusesRepetitionsOfNothingThatTakeForEver(dialect: RegexDialect) {
        let pattern = String(repeating: "(", count: 8) + String(repeating: "){999}", count: 8)
        #expect(throws: RegexError.self) { try RegexProgram(pattern, dialect: dialect) }
    }

    /// Without a memory of what was in vain each of these doubles its time with every letter.
    @Test(arguments: [
        ("(?:a|a)*b", 2_000), ("(?:a*)*b", 2_000), ("(?:(?:a|b*)*c?)*d", 500), ("(?=(?:a|a)*b)a", 500),
        ("(?>(?:a|aa)*)b", 200), ("(?:a?){30}b", 200), ("(?:a+)+(?:a+)+c", 4_000), ("(?:a+?)+?c", 4_000),
        ("(?:(?:a+,?)+)+$b", 4_000),
    ]) func noPatternTakesTimeThatDoubles(pattern: String, length: Int) throws {
        #expect(try pieces(pattern, String(repeating: "a", count: length)) == [])
    }

    @Test func whatLedToAMatchIsNotTakenForVain() throws {
        // A lookahead that succeeds is asked again at the same place after going back.
        let text = String(repeating: "ab", count: 3_000)
        #expect(try pieces("(?:a(?=b)|a(?=b)b)(?:b|c)?(?:a|b)??(?=[ab]|$)", text).joined() == text)
        let words = String(repeating: "abcd", count: 2_000)
        #expect(try pieces("(?:a|ab)(?:c|bcd)?(?:d*)", words).count == 2_000)
    }

    /// Random patterns over two letters, with the memory from the first step on and without it.
    @Test(.tags(.fuzz), .series) func theMemoryChangesNoMatch() throws {
        var numbers = SeededGenerator(seed: 11)
        var compared = 0
        for _ in 0..<4_000 {
            let pattern = randomPattern(&numbers, depth: 3)
            let length = Int(numbers.next() % 14)
            let text = (0..<length).map { _ in numbers.next() % 3 == 0 ? Unicode.Scalar("b") : "a" }
            guard let program = try? RegexProgram(pattern) else { continue }
            var plain = RegexMatcher(program, text[...], stepsBeforeMemory: .max)
            var remembering = RegexMatcher(program, text[...], stepsBeforeMemory: 1)
            guard let expected = try? plain.matches() else { continue }
            #expect(try remembering.matches() == expected, "\(pattern)")
            compared += 1
        }
        #expect(compared > 3_000)
    }

    private func randomPattern(_ numbers: inout SeededGenerator, depth: Int) -> String {
        func one(_ numbers: inout SeededGenerator) -> String {
            switch numbers.next() % (depth > 0 ? 9 : 4) {
            case 0: "b"
            case 1: "[ab]"
            case 2, 3: "a"
            case 4: "(?=\(randomPattern(&numbers, depth: depth - 1)))"
            case 5: "(?>\(randomPattern(&numbers, depth: depth - 1)))"
            default: "(?:\(randomPattern(&numbers, depth: depth - 1)))"
            }
        }
        let repetitions = ["", "", "*", "+", "?", "*?", "+?", "{2}", "{1,2}", "{2,}", "++", "{2,}?"]
        var branches: [String] = []
        for _ in 0...(numbers.next() % 3 == 0 ? 1 : 0) {
            var branch = ""
            for _ in 0..<(1 + numbers.next() % 3) {
                branch += one(&numbers) + repetitions[Int(numbers.next() % UInt64(repetitions.count))]
            }
            branches.append(branch)
        }
        return branches.joined(separator: "|")
    }

    @Test func moreStepsThanAreAllowedAreAnError() throws {
        // An atomic group is matched again from every place, as far as the text goes.
        #expect(throws: RegexError.self) {
            try pieces("(?>(?:a|aa)*)b", String(repeating: "a", count: 1_500))
        }
    }
}
