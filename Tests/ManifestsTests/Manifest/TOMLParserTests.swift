import Testing

@testable import Formats
@testable import Manifests
@testable import Storage

/// The values of TOML 1.0, and the places where they stand.
@Suite struct TOMLParserTests {
    private func value(_ text: String) throws -> LocatedValue {
        let root = try TOMLParser.parse(Array("a = \(text)\n".utf8))
        return try #require(root["a"]).value
    }

    @Test(arguments: [
        ("0", 0), ("+99", 99), ("-17", -17), ("-0", 0), ("1_000", 1000), ("0xDEAD_beef", 0xDEAD_BEEF),
        ("0o755", 0o755), ("0b1101", 0b1101), ("9223372036854775807", Int.max),
        ("-9223372036854775808", Int.min), ("0x7fffffffffffffff", Int.max),
    ]) func readsIntegersInFourBases(text: String, expected: Int) throws {
        guard case .integer(expected) = try value(text).content else {
            Issue.record("\(try value(text))")
            return
        }
    }

    @Test(arguments: [
        ("1.0", 1.0), ("-0.01", -0.01), ("5e+22", 5e22), ("6.626e-34", 6.626e-34), ("1_0.0_1", 10.01),
        ("inf", .infinity), ("-inf", -.infinity), ("1E06", 1e6),
    ]) func readsFloats(text: String, expected: Double) throws {
        guard case .float(expected) = try value(text).content else {
            Issue.record("\(try value(text))")
            return
        }
    }

    @Test(arguments: ["nan", "+nan", "-nan"]) func readsNaN(text: String) throws {
        guard case .float(let number) = try value(text).content else {
            Issue.record("\(try value(text))")
            return
        }
        #expect(number.isNaN)
    }

    @Test(arguments: [
        (#""a\tb\u00E9\U0001F600\"\\""#, "a\tb\u{E9}\u{1F600}\"\\"), (#"'a\tb'"#, #"a\tb"#),
        ("\"\"\"\nx\ny\"\"\"", "x\ny"), ("'''\r\nx'y''z'''''", "x'y''z''"),
        ("\"\"\"x \\\n\n   y\"\"\"", "x y"), ("\"\"\"x\\\n  \u{E9}\"\"\"", "x\u{E9}"),
        ("\"\"\"\\\n  \\t\"\"\"", "\t"), ("\"\"\"\"x\"\"\"\"\"", "\"x\"\""), (#""\u0000""#, "\0"),
    ]) func readsStringsOfFourForms(text: String, expected: String) throws {
        let found = try #require(try value(text).string)
        #expect(Array(found.utf8) == Array(expected.utf8))
    }

    struct Moment: Sendable {
        let text: String
        var date: String?
        var time: TOMLDateTime.Time?
        var offset: Int?
    }

    @Test(arguments: [
        Moment(
            text: "1979-05-27T07:32:00Z", date: "1979-05-27",
            time: .init(hour: 7, minute: 32, second: 0, nanosecond: 0), offset: 0),
        Moment(
            text: "1979-05-27 00:32:00.5-07:30", date: "1979-05-27",
            time: .init(hour: 0, minute: 32, second: 0, nanosecond: 500_000_000), offset: -450),
        Moment(
            text: "1979-05-27t07:32:60", date: "1979-05-27",
            time: .init(hour: 7, minute: 32, second: 60, nanosecond: 0)),
        Moment(text: "1979-05-27", date: "1979-05-27"),
        Moment(
            text: "23:59:59.1234567899",
            time: .init(hour: 23, minute: 59, second: 59, nanosecond: 123_456_789)),
    ]) func readsDatesAndTimes(_ moment: Moment) throws {
        let expected = TOMLDateTime(
            date: moment.date.flatMap { CalendarDate($0) }, time: moment.time, offset: moment.offset)
        guard case .date(let found) = try value(moment.text).content else {
            Issue.record("\(try value(moment.text))")
            return
        }
        #expect(found == expected)
    }

    @Test(arguments: [
        (["a"], 0, 0), (["a", "b"], 2, 6), (["c"], 9, 8), (["c", "d", "0"], 20, 20),
        (["c", "d", "1", "e"], 25, 29), (["f", "1"], 42, 42), (["f", "1", "g"], 48, 52),
    ]) func knowsThePlaceOfEveryKeyAndValue(path: [String], key: Int, place: Int) throws {
        let text = "a.b = 1\n[c]\n'd' = [ 2,\n {e = true}]\n[[f]]\n[[f]]\ng = 3"
        var value = try TOMLParser.parse(Array(text.utf8))
        var found = 0
        for step in path {
            if let index = Int(step) {
                value = try #require(value.elements)[index]
                found = value.place
            } else {
                let member = try #require(value[step])
                (value, found) = (member.value, member.place)
            }
        }
        #expect(found == key)
        #expect(value.place == place)
    }

    @Test func keysAreTheSameOnlyWhereTheirBytesAre() throws {
        let text = "\"\u{E9}\" = 1\n\"e\u{301}\" = 2\n\"\u{212A}\" = 3\nK = 4"
        let root = try TOMLParser.parse(Array(text.utf8))
        #expect(root.members?.count == 4)
        guard case .integer(4)? = root["K"]?.value.content else {
            Issue.record("K is another key")
            return
        }
    }

    @Test(arguments: ["a = {x = 1,}", "a = {\nx = 1}", #"a = "\e""#, #"a = "\x41""#, "a = 07:32"])
    func refusesWhatOnlyTOML1_1Has(text: String) {
        #expect(throws: TOMLSyntaxError.self) { try TOMLParser.parse(Array(text.utf8)) }
    }
}
