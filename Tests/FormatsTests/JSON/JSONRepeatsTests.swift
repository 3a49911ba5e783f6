import Testing

@testable import Formats

@Suite struct JSONRepeatsTests {
    @Test(arguments: [
        ("{}", nil), ("[1, {\"a\": 1, \"b\": 1}]", nil), ("{\"a\": {\"b\": 1}, \"b\": 1}", nil),
        ("{\"a\": 1, \"b\": 2, \"a\": 1}", "a"), ("[[{\"x\": [{\"é\": 1, \"é\": 2}]}]]", "é"),
        // One of them is composed of two scalars: they are not the same bytes.
        ("{\"\u{e9}\": 1, \"e\u{301}\": 2}", nil), ("{\"a\": 1, \"\\u0061\": 2}", "a"),
    ])
    func aNameThatIsThereTwiceIsFound(_ text: String, _ expected: String?) throws {
        #expect(try JSON.parse(Array(text.utf8)).repeatedName == expected)
    }

    @Test func alsoAmongVeryManyMembers() throws {
        var members = (0..<100_000).map { JSON.Member("\($0)", .null) }
        #expect(JSON.object(members).repeatedName == nil)
        members.append(JSON.Member("99998", .null))
        #expect(JSON.object(members).repeatedName == "99998")
    }
}
