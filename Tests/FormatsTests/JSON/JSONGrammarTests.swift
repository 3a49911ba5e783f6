import Testing

@testable import Formats

/// What RFC 8259 calls a document and what it does not, case by case.
struct JSONGrammarTests {
    private static let accepted = [
        "null", "true", "false", "0", "-0", "1", "-1", "\"\"", "[]", "{}", " \t\r\n[] \t\r\n", "[ ]", "{ }",
        "[[]]", "[[],[[]]]", "[1,2]", "[ 1 , 2 ]", "[\n1\n,\n2\n]", #"{"a":1}"#, #"{ "a" : 1 , "b" : 2 }"#,
        #"{"":0}"#, #"{"a":1,"a":2}"#, #"{"a":{"b":[{}]}}"#,
        "0.5", "-0.5", "1.5", "1e1", "1E1", "1e+1", "1e-1", "1.5e10", "0e0", "0.0", "-0.0e-0", "123456789",
        "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551616",
        "1e308", "1e309", "-1e309", "1e-400", "0.\(String(repeating: "0", count: 400))1",
        #""a""#, #""\"\\\/\b\f\n\r\t""#, #""\u0000""#, #""\u00e9""#, #""\u00E9""#, #""\ud83d\ude00""#,
        #""é😀""#, "\"\u{7F}\"", "\"\u{2028}\u{2029}\"", "\"\u{FFFF}\u{10FFFF}\"", "\"\u{FEFF}\"", "\"/\"",
        // Python's json and this reader take half a surrogate pair; RFC 8259 section 8.2 leaves it open.
        #""\ud800""#, #""\udc00""#, #""\ud800x""#, #""\ud800\n""#, #""\ud800\ud800\udc00""#,
        #""\udc00\ud800""#,
    ]

    private static let refused: [(text: String, offset: Int)] = [
        // Nothing, or too much.
        ("", 0), (" ", 1), ("\n", 1), ("[] []", 3), ("1 2", 2), ("null,", 4), ("[]]", 2), ("{}}", 2),
        ("[1]x", 3), ("{}#", 2), ("[]\u{0}", 2), ("\u{FEFF}[]", 0), ("\u{A0}[]", 0), ("\u{B}[]", 0),
        ("\u{C}[]", 0),
        // Words.
        ("nul", 0), ("nulll", 4), ("Null", 0), ("TRUE", 0), ("tru", 0), ("fals", 0), ("truefalse", 4),
        ("a", 0),
        ("NaN", 0), ("Infinity", 0), ("-Infinity", 1), ("undefined", 0), ("'a'", 0), ("`a`", 0),
        // Numbers.
        ("+1", 0), ("-", 1), ("--1", 1), ("-a", 1), ("01", 0), ("-01", 1), ("00", 0), ("-00", 1), (".5", 0),
        ("-.5", 1), ("1.", 2), ("1.e1", 2), ("1.a", 2), ("1e", 2), ("1e+", 3), ("1e-", 3), ("1e1.5", 3),
        ("1e1e1", 3), ("1.5.5", 3), ("0x1", 1), ("1_000", 1), ("1,000", 1), ("1 000", 2), ("0e", 2),
        ("0.", 2),
        ("１", 0), ("1f", 1), ("1L", 1), ("∞", 0),
        // Arrays.
        ("[", 1), ("]", 0), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[,]", 1), ("[,1]", 1), ("[1,,2]", 3),
        ("[1 2]", 3),
        ("[1;2]", 2), ("[1}", 2), ("[}", 1), ("[\"a\"", 4), ("[[1]", 4), ("[1:2]", 2), ("[//\n]", 1),
        ("[/**/]", 1),
        // Objects.
        ("{", 1), ("}", 0), ("{]", 1), ("{a:1}", 1), ("{'a':1}", 1), ("{1:1}", 1), ("{null:1}", 1),
        ("{[]:1}", 1),
        (#"{"a"}"#, 4), (#"{"a":}"#, 5), (#"{"a":1,}"#, 7), (#"{,"a":1}"#, 1), (#"{"a":1,,"b":2}"#, 7),
        (#"{"a" 1}"#, 5), (#"{"a"::1}"#, 5), (#"{"a":1 "b":2}"#, 7), (#"{"a":1;"b":2}"#, 6), (#"{"a":1"#, 6),
        (#"{"a":"#, 5), (#"{"a""#, 4), (#"{"a"#, 3), (#"{"a":1]"#, 6), (#"{"a":1 2}"#, 7), (#"{"a",1}"#, 4),
        // Strings.
        ("\"", 1), ("\"a", 2), (#""\""#, 3), (#""\x""#, 2), (#""\a""#, 2), (#""\'""#, 2), (#""\0""#, 2),
        (#""\U0041""#, 2),
        (#""\u""#, 4), (#""\u1""#, 5), (#""\u12""#, 6), (#""\u123""#, 6), (#""\u123g""#, 6),
        (#""\u 123""#, 3), (#""\u-123""#, 3),
        (#""\ud83d\u""#, 10), (#""\ud83d\u12g4""#, 11), ("\"\n\"", 1), ("\"\t\"", 1), ("\"\u{0}\"", 1),
        ("\"\u{1F}\"", 1),
        ("\"a\\\n\"", 3), ("\"\\n\u{1}\"", 3), (#""a"b"#, 3), (#"["a""b"]"#, 4),
    ]

    @Test(arguments: accepted)
    func accepts(_ text: String) throws {
        let value = try JSON.parse(Array(text.utf8))
        #expect(try JSON.parse(Array(value.compactText.utf8)) == value || text.contains("e309"))
    }

    @Test(arguments: refused)
    func refuses(_ text: String, at offset: Int) {
        let error = #expect(throws: FormatError.self) { try JSON.parse(Array(text.utf8)) }
        #expect(error?.offset == offset, "\(error?.description ?? "")")
    }

    /// Text that is not UTF-8: a byte that never occurs, a stray continuation, overlong forms, a surrogate,
    /// past the last scalar, cut off.
    @Test(
        arguments: [
            [0xFF], [0xFE], [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80],
            [0xED, 0xA0, 0x80],
            [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98],
        ] as [[UInt8]])
    func refusesBytesThatAreNotUTF8(_ bytes: [UInt8]) {
        #expect(throws: FormatError.self) { try JSON.parse([0x22] + bytes + [0x22]) }
        #expect(throws: FormatError.self) { try JSON.parse([0x22, 0x5C, 0x6E] + bytes + [0x22]) }
        #expect(throws: FormatError.self) { try JSON.parse([0x7B, 0x22] + bytes + Array(#"":1}"#.utf8)) }
        #expect(throws: FormatError.self) { try JSON.parse(bytes) }
    }

    @Test func refusesOtherEncodings() {
        #expect(throws: FormatError.self) { try JSON.parse([0x5B, 0x00, 0x5D, 0x00]) }
        #expect(throws: FormatError.self) { try JSON.parse([0xFE, 0xFF, 0x00, 0x5B, 0x00, 0x5D]) }
    }

    @Test(arguments: [("[", "]"), (#"{"a":"#, "}"), (#"[{"a":"#, "}]")])
    func nestsAsDeepAsAllowed(_ open: String, _ close: String) {
        let levels = open.utf8.count(where: { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") })
        func document(_ depth: Int) -> [UInt8] {
            Array((String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
        }
        #expect(throws: Never.self) { try JSON.parse(document(128 / levels)) }
        #expect(throws: FormatError.self) { try JSON.parse(document(128 / levels + 1)) }
        #expect(throws: Never.self) { try JSON.parse(document(128 / levels + 1), maximumDepth: 130) }
        #expect(throws: FormatError.self) { try JSON.parse(document(1), maximumDepth: 0) }
        #expect(throws: FormatError.self) {
            try JSON.parse(Array(String(repeating: open, count: 1_000_000).utf8))
        }
    }

    @Test func takesWidthWithoutDepth() throws {
        let text = "[" + Array(repeating: "[]", count: 10_000).joined(separator: ",") + "]"
        #expect(try JSON.parse(Array(text.utf8)).array?.count == 10_000)
    }

    @Test(arguments: [
        ("NaN", true), ("[NaN]", true), ("Infinity", true), ("-Infinity", true), ("-NaN", false),
        ("+Infinity", false), ("Inf", false), ("nan", false), ("-Inf", false),
    ])
    func readsPythonsNumbersWhereAsked(_ text: String, isNumber: Bool) {
        let value = try? JSON.parse(Array(text.utf8), nonFinite: true)
        #expect((value != nil) == isNumber)
        #expect(throws: FormatError.self) { try JSON.parse(Array(text.utf8)) }
    }
}
