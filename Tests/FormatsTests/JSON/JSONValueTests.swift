import TestSupport
import Testing

@testable import Formats

struct JSONValueTests {
    private func parse(_ text: String) throws(FormatError) -> JSON { try JSON.parse(Array(text.utf8)) }

    @Test(arguments: [
        ("0", JSON.integer(0)), ("-0", .integer(0)), ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .number(9223372036854775808)),
        ("-9223372036854775809", .number(-9223372036854775808)), ("1.0", .number(1)), ("1e2", .number(100)),
        ("18446744073709551616", .number(18446744073709551616)), ("5e-324", .number(.leastNonzeroMagnitude)),
        ("1e-400", .number(0)), ("-1e400", .number(-.infinity)),
        ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
        ("0.1", .number(0.1)), ("123456789012345678901234567890", .number(123456789012345677877719597056)),
    ])
    func readsNumbers(_ text: String, _ value: JSON) throws {
        #expect(try parse(text) == value)
    }

    @Test func readsNumbersOfAMillionDigits() throws {
        let digits = String(repeating: "7", count: 1_000_000)
        #expect(try parse(digits) == .number(.infinity))
        #expect(try parse("0." + digits) == .number(0.7777777777777778))
        #expect(try parse("0." + String(repeating: "0", count: 1_000_000) + "1e1000001") == .number(1))
    }

    @Test(arguments: [
        (#""\u0041\u00e9\u20AC""#, "A\u{E9}\u{20AC}"), (#""\ud83d\ude00""#, "\u{1F600}"),
        (#""\uD800\uDC00\uDBFF\uDFFF""#, "\u{10000}\u{10FFFF}"), (#""\ud800""#, "\u{FFFD}"),
        (#""\ud800\u0041""#, "\u{FFFD}A"), (#""\ud800\ud83d\ude00""#, "\u{FFFD}\u{1F600}"),
        (#""\udc00\ud800x""#, "\u{FFFD}\u{FFFD}x"), (#""\u0000""#, "\u{0}"), (#""a\/b\\""#, "a/b\\"),
        (#""é\n😀""#, "\u{E9}\n\u{1F600}"), ("\"e\u{301}\"", "e\u{301}"),
    ])
    func readsStrings(_ text: String, _ value: String) throws {
        let read = try #require(try parse(text).string)
        #expect(Array(read.utf8) == Array(value.utf8))
    }

    @Test func keepsMembersInOrderAndTakesTheLastOfEqualNames() throws {
        let object = try parse(#"{"b":1,"a":2,"b":3}"#)
        #expect(object.members?.map(\.key) == ["b", "a", "b"])
        #expect(object["b"] == 3)
        #expect(object["c"] == nil)
        #expect(JSON.null["b"] == nil)
    }

    @Test func asksForOneKindOnly() throws {
        #expect(JSON.integer(1).integer == 1)
        #expect(JSON.number(1).integer == nil)
        #expect(JSON.string("1").integer == nil)
        #expect(JSON.bool(true).bool == true)
        #expect(JSON.integer(1).bool == nil)
        #expect(try parse(#"["a","b"]"#).strings == ["a", "b"])
        #expect(try parse(#"["a",1]"#).strings == nil)
        #expect(JSON.null.array == nil)
    }

    @Test func nullIsAValueAndNotAbsent() throws {
        let value = try parse(#"{"null":null}"#)
        #expect(value["null"] != nil)
        #expect(value["null"] == .null)
        #expect(value["none"] == nil)
        #expect(value["none"] != .null)
        #expect(["null", "none"].filter { value[$0] == nil } == ["none"])
    }

    @Test func writesCompactAndPretty() {
        let value: JSON = [
            "z": [1, -2, true, .null, []], "a": ["é\"\\\n\u{1}\u{7F}": .number(0.5), "empty": .object([])],
        ]
        #expect(
            value.compactText
                == #"{"z":[1,-2,true,null,[]],"a":{"é\"\\\n\u0001\u007f":0.5,"empty":{}}}"#)
        #expect(
            JSON.array([1, ["a": [2]]]).prettyText == "[\n  1,\n  {\n    \"a\": [\n      2\n    ]\n  }\n]")
        #expect(JSON.number(.nan).compactText == "null")
        #expect(JSON.number(-.infinity).compactText == "null")
    }

    @Test func writesEveryControlCharacterEscaped() throws {
        let text = String(String.UnicodeScalarView((0..<0xA0).compactMap { Unicode.Scalar(UInt8($0)) }))
        let written = JSON.string(text).compactText
        #expect(!written.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F })
        #expect(try parse(written) == .string(text))
    }

    @Test func handsOutTheElementsOfOneArray() throws {
        var elements: [JSON] = []
        let text = Array(#" {"a":[1,2],"b":[{"c":3},[4]],"d":null} "#.utf8)
        let rest = try JSON.parse(text.span, elementsOf: "b") { elements.append($0) }
        #expect(elements == [["c": 3], [4]])
        #expect(rest == ["a": [1, 2], "b": [], "d": .null])
        #expect(throws: FormatError.self) { try handOut(#"{"b":[1,]}"#) }
        #expect(throws: FormatError.self) { try handOut(#"{"b":[1]} x"#) }
        #expect(throws: FormatError.self) { try handOut("[1]") }
    }

    private func handOut(_ text: String) throws {
        _ = try JSON.parse(Array(text.utf8).span, elementsOf: "b") { _ in }
    }
}
