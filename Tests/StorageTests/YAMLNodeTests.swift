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

    @Test func boundsHowDeepCollectionsNest() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(try parse(nested(YAMLNode.maximumDepth)) != nil)
        let error = #expect(throws: YAMLError.self) { try parse("a: 1\nb: " + nested(YAMLNode.maximumDepth)) }
        #expect(error == YAMLError(problem: "it nests too deeply", line: 2))
        // U+0085 ends a line for libyaml, so that these are 300 lines.
        let lines = (0..<300).map { String(repeating: " ", count: $0) + "a:\u{85}" }.joined()
        #expect(throws: YAMLError.self) { try parse(lines) }
    }

    @Test func boundsWhatAliasesStandFor() throws {
        let few = "a: &a [x, y]\nb: [" + String(repeating: "*a, ", count: 1000) + "]"
        #expect(try parse(few)?.mapping?.last?.value.sequence?.count == 1000)
        let bomb = "- &a0 [x, x]\n" + (1..<40).map { "- &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()
        let error = #expect(throws: YAMLError.self) { try parse(bomb) }
        #expect(error?.problem == "it repeats itself by too many aliases")
    }

    @Test func boundsTheTagsThatAPrefixMakesLong() {
        let prefix = String(repeating: "a", count: 300)
        let error = #expect(throws: YAMLError.self) { try parse("%TAG !e! tag:\(prefix)\n---\n- !e!x y\n") }
        #expect(error == YAMLError(problem: "a tag is too long", line: 3))
    }

    @Test func namesNoLineInBytesThatAreNoText() {
        let error = #expect(throws: YAMLError.self) { try YAMLNode.parse([0x61, 0x3A, 0x20, 0xFF]) }
        #expect(error?.line == nil)
    }
}
