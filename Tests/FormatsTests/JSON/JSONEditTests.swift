import Testing

@testable import Formats

private func edit(_ text: String, _ replacement: ([String], JSON) -> String?) throws -> String {
    let edited = try JSONEdit.replacing(in: Array(text.utf8), entering: { _ in true }, with: replacement)
    return String(decoding: edited.bytes, as: UTF8.self)
}

@Suite struct JSONEditTests {
    @Test func everythingElseStaysToTheByte() throws {
        let text =
            "\n{ \"a\" : 1e-05,\t\"b\":{\"a\": NaN , \"c\":[{\"a\":1}]} ,\"a\":12345678901234567890}\r\n"
        let result = try edit(text) { path, _ in path.last == "a" ? "[\(path.count)]" : nil }
        #expect(
            result == "\n{ \"a\" : [1],\t\"b\":{\"a\": [2] , \"c\":[{\"a\":1}]} ,\"a\":[1]}\r\n")
        #expect(try edit(text) { _, _ in nil } == text)
    }

    @Test func objectsThatAreNotEnteredAreLeftAlone() throws {
        let edited = try JSONEdit.replacing(
            in: Array(#"{"a":{"x":1},"b":{"x":1}}"#.utf8), entering: { $0 == ["b"] }, with: { _, _ in "2" })
        #expect(String(decoding: edited.bytes, as: UTF8.self) == #"{"a":{"x":1},"b":{"x":2}}"#)
        #expect(edited.count == 1)
    }

    @Test(arguments: ["", "[1]", "{", #"{"a":1}x"#, #"{"a":}"#]) func refusesWhatIsNoObject(text: String) {
        #expect(throws: FormatError.self) { _ = try edit(text) { _, _ in nil } }
    }

    @Test(arguments: [
        ("{}", #"{"k":1}"#), (#"{"a":2}"#, #"{"k":1,"a":2}"#),
        ("{\n  \"a\": 2\n}\n", "{\n  \"k\": 1,\n  \"a\": 2\n}\n"), ("{ }", #"{ "k": 1 }"#),
    ]) func newMembersAreWrittenLikeTheOthers(text: String, expected: String) {
        let result = JSONEdit.inserting("k", "1", into: Array(text.utf8))
        #expect(String(decoding: result, as: UTF8.self) == expected)
    }
}
