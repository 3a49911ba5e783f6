import Testing

@testable import Formats

/// Names and strings of JSON are compared by their bytes.
@Suite struct JSONNamesTests {
    @Test(arguments: LookAlikes.pairs)
    func aNameThatLooksAlikeDoesNotAnswer(_ one: String, _ other: String) {
        let json = JSON.object([JSON.Member(one, 1)])
        #expect(json[one] == 1)
        #expect(json[other] == nil)
        #expect(json.dictionary?[other] == nil)
    }

    @Test(arguments: LookAlikes.pairs)
    func bothNamesAreThere(_ one: String, _ other: String) throws {
        let json = JSON.object([JSON.Member(one, 1), JSON.Member(other, 2)])
        let read = try JSON.parse(Array(json.compactText.utf8))
        #expect(read[one] == 1 && read[other] == 2)
        #expect(read.dictionary?.count == 2)
        #expect(read == json)
    }

    @Test(arguments: LookAlikes.pairs)
    func valuesThatLookAlikeDiffer(_ one: String, _ other: String) {
        #expect(JSON.string(one) != .string(other))
        #expect(JSON.object([JSON.Member(one, 1)]) != .object([JSON.Member(other, 1)]))
        #expect(Set([JSON.string(one), .string(other)]).count == 2)
    }

    @Test(arguments: LookAlikes.pairs)
    func theArrayThatIsHandedOutIsOfThatVeryName(_ one: String, _ other: String) throws {
        let json = JSON.object([JSON.Member(one, [1]), JSON.Member(other, [2])])
        let bytes = Array(json.compactText.utf8)
        var seen: [JSON] = []
        _ = try JSON.parse(bytes.span, elementsOf: other) { seen.append($0) }
        #expect(seen == [2])
    }

    @Test func theLastOfEqualNamesCounts() throws {
        let json = try JSON.parse(Array(#"{"a":1,"a":2}"#.utf8))
        #expect(json["a"] == 2)
        #expect(json.dictionary?["a"] == 2)
    }
}
