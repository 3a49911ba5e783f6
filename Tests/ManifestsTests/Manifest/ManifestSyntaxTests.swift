import Testing

@testable import Conversion
@testable import Formats
@testable import Manifests
@testable import Storage

/// What is no TOML: the place of the first problem, and no input that ends the process.
@Suite struct ManifestSyntaxTests {
    static let texts: [(text: String, place: String, message: String)] = [
        ("name \"x\"", "1:6", "expected `=` after the key, found a quotation mark"),
        ("a = ", "1:5", "expected a value, found the end of the file"),
        ("a = \nb = 1", "1:5", "expected a value, found the end of the line"),
        ("a = Qwen/Qwen3 # x", "1:5", "\"Qwen/Qwen3\" is not a value"),
        ("a = trie", "1:5", "\"trie\" is not a value"),
        ("a = 01", "1:5", "\"01\" is not a value"),
        ("a = \u{E9}", "1:5", "\"\u{E9}\" is not a value"),
        ("a = 1 2", "1:7", "expected the end of the line, found \"2\""),
        ("\u{E9} = 1", "1:1", "expected a key, found \"\u{E9}\""),
        (
            "a\u{E9} = 1", "1:2",
            "expected ASCII letters, digits, '-' and '_' in a key without quotes, found \"\u{E9}\""
        ),
        ("a = 1\u{A0}\n", "1:6", "expected the end of the line, found \"\u{A0}\""),
        ("x = \"\u{E9}\u{1F600}\" y", "1:10", "expected the end of the line, found \"y\""),
        ("a = \"abc\nb = 1", "1:5", "the string that starts here is not closed"),
        ("a = 1\nb = '''x\n\n", "2:5", "the string that starts here is not closed"),
        (
            "a = \"\\d\"", "1:6",
            "unknown escape in a string; known are \\b \\t \\n \\f \\r \\\" \\\\ \\uXXXX \\UXXXXXXXX"
        ),
        ("a = \"\\uD800\"", "1:6", "there is no such Unicode character"),
        ("a = \"\\u12\"", "1:10", "expected 4 hexadecimal digits, found a quotation mark"),
        ("a = \"x\u{1B}\"", "1:7", "expected no control character in a string, found \"\\u{1B}\""),
        ("# \u{7F}", "1:3", "expected no control character in a comment, found \"\\u{7F}\""),
        ("a = 1\rb = 2", "1:6", "expected the end of the line, found \"\\u{D}\""),
        ("\"\"\"a\"\"\" = 1", "1:1", "a key must not be a string of several lines"),
        ("[a\n", "1:3", "expected `]` after the table's name, found the end of the line"),
        ("[[a] ]", "1:4", "expected `]]` after the table's name, found \"]\""),
        ("[]", "1:2", "expected a key, found \"]\""),
        ("a = [1,}", "1:8", "expected a value, found \"}\""),
        ("a = [1 2]", "1:8", "expected `,` or `]` in the list, found \"2\""),
        ("a = {x = 1,}", "1:12", "expected a key, found \"}\""),
        ("a = {x = 1\n}", "1:11", "expected `,` or `}` in the inline table, found the end of the line"),
        ("a = 1\na = 2", "2:1", "\"a\" is given twice, first on line 1"),
        ("[a]\n\n[a]", "3:1", "the table [a] is given twice, first on line 1"),
        ("a = 1\n[a.b]", "2:2", "\"a\" is not a table: line 1 makes it something else"),
        ("[a]\n[[a]]", "2:3", "\"a\" is not an array of tables: line 1 makes it something else"),
        (
            "a = 9223372036854775808", "1:5",
            "\"9223372036854775808\" does not fit in the 64 bits of an integer"
        ),
        ("a = [1, -0x1]", "1:9", "\"-0x1\" is not a value"),
        ("a = 1e400", "1:5", "\"1e400\" does not fit in the 64 bits of a float"),
        ("a = 2026-13-01", "1:5", "there is no date or time \"2026-13-01\""),
        ("a = 2026-02-29T00:00:00Z # x", "1:5", "there is no date or time \"2026-02-29T00:00:00Z\""),
        ("a = 24:00:00", "1:5", "there is no date or time \"24:00:00\""),
        ("a = 1979-0507:32:00", "1:5", "\"1979-0507:32:00\" is not a value"),
        // Every table is defined at one place.
        ("a.b = 1\n[a]", "2:1", "the table [a] is given twice, first by a dotted key on line 1"),
        (
            "[a.b]\n[a]\nb.c = 1", "3:1",
            "the table \"b\" has its header on line 1, so that a dotted key cannot add to it"
        ),
        ("a = {}\n[a.b]", "2:2", "\"a\" is an inline table, which is complete on line 1"),
        ("a = {}\n[a]", "2:2", "\"a\" is an inline table, which is complete on line 1"),
        ("a = {b = {}, b.c = 1}", "1:14", "\"b\" is an inline table, which is complete on line 1"),
        ("a = []\n[[a]]", "2:3", "\"a\" is not an array of tables: line 1 makes it something else"),
        ("[[a]]\n[a]", "2:2", "\"a\" is not a table: line 1 makes it something else"),
        ("[[a.b]]\n[a]\nb.c = 1", "3:1", "\"b\" is not a table: line 1 makes it something else"),
    ]

    @Test(arguments: texts) func saysWhereATextStopsBeingTOML(
        _ one: (text: String, place: String, message: String)
    ) throws {
        let found = try #require(problems(of: Array(one.text.utf8)).first)
        #expect(found.code.rawValue == "manifest-syntax")
        #expect(found.message == "not valid TOML: \(one.message)")
        #expect("\(found.location?.line ?? 0):\(found.location?.column ?? 0)" == one.place)
        #expect(found.verdict == .undecided)
    }

    @Test(arguments: [
        ("a\n\u{FF}", "2:1", "the manifest is not valid UTF-8 here"),
        ("ok = '\u{C3}\u{28}'", "1:7", "the manifest is not valid UTF-8 here"),
    ]) func refusesWhatIsNoText(latin1: String, place: String, message: String) throws {
        let bytes = latin1.unicodeScalars.compactMap { UInt8(exactly: $0.value) }
        let found = try #require(problems(of: bytes).first)
        #expect(found.code.rawValue == "manifest-encoding")
        #expect(found.message == message)
        #expect("\(found.location?.line ?? 0):\(found.location?.column ?? 0)" == place)
    }

    @Test func refusesANUL() {
        let found = problems(of: Array("x\0y".utf8))
        #expect(found.first?.message == "a NUL byte is in the manifest")
        #expect(found.first?.location == Diagnostic.Location(file: "pack.toml", line: 1, column: 2))
    }

    @Test func refusesUTF16() {
        #expect(problems(of: [0xFF, 0xFE, 0x61, 0x00]).first?.message == "the manifest is UTF-16")
    }

    @Test func refusesMoreThanAMebibyte() {
        let comment = [UInt8](repeating: UInt8(ascii: "#"), count: (1 << 20) + 1)
        let found = problems(of: comment)
        #expect(found.first?.code.rawValue == "manifest-size")
        #expect(found.first?.location?.line == nil)
        #expect(problems(of: comment.dropLast()).first?.code.rawValue == "manifest-missing-key")
    }

    /// Nesting that would exhaust the stack of a parser without a bound.
    struct Nesting: Sendable, CustomTestStringConvertible {
        let start: String
        let repeated: String
        let count: Int
        let end: String

        var testDescription: String { "\(start)\(repeated) × \(count)" }
    }

    @Test(arguments: [
        Nesting(start: "a = ", repeated: "[", count: 100_000, end: ""),
        Nesting(start: "a = ", repeated: "{a=", count: 100_000, end: ""),
        Nesting(start: "", repeated: "a.", count: 400_000, end: "a = 1"),
        Nesting(start: "[", repeated: "a.", count: 400_000, end: "a]\nx = 1"),
        Nesting(start: "[[", repeated: "'' . ", count: 100_000, end: "a]]\nx = 1"),
        Nesting(start: "[a.a.a.a.a.a]\nb = ", repeated: "{c.c.c = ", count: 30, end: ""),
    ]) func refusesDeepNesting(_ one: Nesting) throws {
        let text = one.start + String(repeating: one.repeated, count: one.count) + one.end
        let found = try #require(problems(of: Array(text.utf8)).first)
        #expect(found.message == "not valid TOML: tables and lists are nested more than 64 deep")
    }

    @Test func takesNestingUpToTheLimit() {
        let text = "a = " + String(repeating: "[", count: 63) + String(repeating: "]", count: 63)
        #expect(problems(of: Array(text.utf8)).first?.code.rawValue != "manifest-syntax")
        let deeper = "a = [" + text.dropFirst(4) + "]\nb = [" + text.dropFirst(4) + "]"
        #expect(problems(of: Array(deeper.utf8)).first?.code.rawValue != "manifest-syntax")
        let tooDeep = "a = [[" + text.dropFirst(4) + "]]"
        #expect(
            problems(of: Array(tooDeep.utf8)).first?.message
                == "not valid TOML: tables and lists are nested more than 64 deep")
    }

    private func problems(of bytes: [UInt8]) -> [Diagnostic] {
        do throws(Diagnostics) {
            _ = try Manifest.parse(bytes, path: "pack.toml")
            return []
        } catch {
            return error.all
        }
    }

    private func problems(of bytes: ArraySlice<UInt8>) -> [Diagnostic] { problems(of: Array(bytes)) }
}
