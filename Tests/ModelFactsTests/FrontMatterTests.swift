import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Storage

struct FrontMatterTests {
    private func frontMatter(_ yaml: String) throws(ModelCard.Problem) -> JSON? {
        try ModelCard.frontMatter(of: Array("---\n\(yaml)\n---\n# Title\n".utf8))
    }

    @Test func readsWhatTheConverterReads() throws {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
        let file = try contents("\(root)/fixtures/conversion/general/cards.json")
        let rows = try #require(try JSON.parse(file.span, nonFinite: true).array)
        #expect(rows.count == 92)
        for row in rows {
            let parts = try #require(row.array)
            let text = try #require(parts[0].string)
            if parts[1] == "error" {
                #expect(throws: ModelCard.Problem.self, "\(text)") {
                    try ModelCard.frontMatter(of: Array(text.utf8))
                }
            } else {
                let value = try ModelCard.frontMatter(of: Array(text.utf8))
                // What is no mapping states nothing there.
                let mapping = value?.members == nil || value == .object([]) ? .null : value
                #expect(mapping == parts[1], "\(text)")
            }
        }
    }

    @Test(
        arguments: [
            ("a: 2024-01-01", ["!timestamp": "2024-01-01"]),
            ("a: 2024-01-01 10:00:00", ["!timestamp": "2024-01-01 10:00:00"]),
            ("a: =", .string("=")), ("a: 0x_", .string("0x_")), ("a: !mine 5", .string("5")),
            ("a: !!int five", .string("five")), ("a: !!str", .string("")), ("a: ! no", .bool(false)),
            ("a: 99999999999999999999", .number(1e20)), ("a: -0xFFFFFFFFFFFFFFFFFF", .number(-0x1p72)),
            ("a: \(String(repeating: "9", count: 400))", .number(.infinity)),
            ("a: \(String(repeating: "9:", count: 3))5", .number(9 * 216_000 + 9 * 3_600 + 9 * 60 + 5)),
            ("a: 1.e+5", .number(1e5)),
        ] as [(String, JSON)])
    func takesWhatPyYAMLRefusesForText(_ yaml: String, _ value: JSON) throws {
        let read = try frontMatter(yaml)?["a"]
        if case .number(let number) = value, let integer = read?.integer {
            #expect(Double(integer) == number)
        } else {
            #expect(read == value)
        }
    }

    @Test func tellsWhatNotANumberIs() throws {
        guard case .number(let number) = try frontMatter("a: .nan")?["a"] else {
            Issue.record("no number")
            return
        }
        #expect(number.isNaN)
    }

    @Test func takesTheLastOfAKeyThatIsThereOften() throws {
        let often = try frontMatter(String(repeating: "a: b\n", count: 20_000) + "a: c\n")
        #expect(often == .object([JSON.Member("a", "c")]))
    }

    @Test func takesTheLastOfAKeyThatIsThereTwice() throws {
        let twice = (0..<20).map { "k\($0): 1\n'k\($0)': [2]\n" }.joined()
        let members = try #require(try frontMatter("name: a\n\(twice)name: b\nz: {x: 1, \"x\": 2}")?.members)
        #expect(members.map(\.key) == ["name"] + (0..<20).map { "k\($0)" } + ["z"])
        #expect(members.first?.value == "b")
        #expect(members[1].value == [2])
        #expect(members.last?.value == ["x": 2])
    }

    @Test func refusesBytesThatAreNotUTF8() {
        #expect(throws: ModelCard.Problem.self) {
            try ModelCard.frontMatter(of: Array("---\nlicense: ".utf8) + [0xFF] + Array("\n---\n".utf8))
        }
        // Behind the card it does not matter.
        #expect(throws: Never.self) {
            try ModelCard.frontMatter(of: Array("---\nlicense: mit\n---\n".utf8) + [0xFF])
        }
    }

    @Test(
        arguments: shortened([
            String(repeating: "[", count: 1_000_000), String(repeating: "- ", count: 500_000) + "x",
            String(repeating: "{<<: ", count: 100_000), String(repeating: "x", count: 1_100_000),
            String(repeating: "\t", count: 600_000) + "a: b", "a: &a [*a]",
            "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
                + (1..<40).map { "a\($0): &a\($0) [*a\($0 - 1),*a\($0 - 1),*a\($0 - 1)]" }.joined(
                    separator: "\n"),
        ]))
    func refusesWhatIsMadeToHurt(_ yaml: ShortlyNamed) {
        #expect(throws: ModelCard.Problem.self) { try frontMatter(yaml.text) }
    }

    /// Each of them stands for one key, so that a long row of them stays small.
    @Test func readsMergeKeysThatDoNotGrow() throws {
        let lines = (1..<40).map { "a\($0): &a\($0) {<<: *a\($0 - 1)}" }.joined(separator: "\n")
        let json = try #require(try frontMatter("a0: &a0 {x: y}\n" + lines))
        #expect(json["a39"] == ["x": "y"])
        #expect(json.members?.count == 40)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func neverTrapsOnDamage(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let text = """
            ---
            license: &l {a: 1:30.5, b: 0x1F, c: -.inf, d: 1_000.5e+3}
            <<: *l
            tags: [a, "b\\u00e9", 'c', {d: 2024-01-01}]
            base_model:
            - no
            ? - k
            : |
            \t text
            n: !!int 3
            n: ~
            ---
            # Title
            """
        for _ in 0..<200 {
            _ = try? ModelCard.frontMatter(of: mutated(Array(text.utf8), with: &random))
        }
    }
}
