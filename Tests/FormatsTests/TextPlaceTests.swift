import Testing

@testable import Formats

@Suite struct TextPlaceTests {
    @Test(arguments: [
        (0, "line 1, column 1"), (1, "line 1, column 2"), (3, "line 2, column 1"), (99, "line 3, column 2"),
        (-1, "line 1, column 1"),
    ])
    func aByteHasALineAndAColumn(offset: Int, text: String) {
        let bytes = Array("ab\nc\nd".utf8)
        #expect(TextPlace(of: offset, in: bytes.span).description == text)
    }

    @Test func aBrokenDocumentIsNamedWithItsPlace() {
        let error = #expect(throws: ConversionError.self) {
            try ModelDocuments(["config.json": Array("{\n  \"a\": 1,\n}".utf8)]).json("config.json")
        }
        #expect(error?.message.contains("(line 3, column 1)") == true)
        #expect(error?.fix?.contains("delete") == false)
    }
}
