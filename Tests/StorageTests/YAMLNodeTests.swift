import Testing

@testable import Storage

struct YAMLNodeTests {
    private func parse(_ text: String) throws(YAMLError) -> YAMLNode? { try .parse(Array(text.utf8)) }

    @Test func keepsScalarsAsTheyAreWritten() throws {
        let pairs = try #require(try parse("a: no\nb: 'no'\nc: !mine 5\nd: |\n  x\n  y\n")?.mapping)
        #expect(pairs.map { $0.value.scalar?.text } == ["no", "no", "5", "x\ny\n"])
        #expect(pairs.map(\.value.tag) == ["", YAMLScalarNode.textTag, "!mine", YAMLScalarNode.textTag])
        #expect(pairs.map { $0.value.scalar?.isPlain } == [true, false, true, false])
        #expect(pairs.map { $0.key.scalar?.line } == [1, 2, 3, 4])
    }

    @Test func putsWhatAnAliasStandsForInItsPlace() throws {
        let pairs = try #require(try parse("a: &x [1, 2]\nb: *x\n")?.mapping)
        #expect(pairs[0].value == pairs[1].value)
        #expect(pairs[1].value.sequence?.count == 2)
        #expect(throws: YAMLError(problem: "found undefined alias", line: 2)) { try parse("a: 1\nb: *x") }
        // An anchor means something only after its node.
        #expect(throws: YAMLError.self) { try parse("&x [*x]") }
    }

    @Test func keepsKeysThatAreThereTwice() throws {
        let pairs = try #require(try parse("a: 1\n\"a\": 2\n!!int a: 3")?.mapping)
        #expect(pairs.count == 3)
        let keys = pairs.compactMap { $0.key.scalar?.key }
        #expect(keys[0] == keys[1] && keys[0] != keys[2])
    }

    @Test(arguments: ["", " \n", "# nothing", "---\n...\n# nothing"])
    func findsNoDocumentOrAnEmptyOne(_ text: String) throws {
        let node = try parse(text)
        #expect(node == nil || node?.scalar?.text == "")
    }

    @Test(arguments: [("a: [1", 1), ("a: 1\nb: c: d", 2), ("a\n---\nb", 2), ("a: 1\n\tb: 2", 2)])
    func statesTheLineOfAMistake(_ text: String, _ line: Int) {
        let error = #expect(throws: YAMLError.self) { try parse(text) }
        #expect((error?.line ?? 0) >= line)
    }

    @Test func namesNoLineInBytesThatAreNoText() {
        let error = #expect(throws: YAMLError.self) { try YAMLNode.parse([0x61, 0x3A, 0x20, 0xFF]) }
        #expect(error?.line == nil)
    }
}
