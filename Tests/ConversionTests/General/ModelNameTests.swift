import TestSupport
import Testing

@testable import Conversion
@testable import Formats

@Suite struct ModelNameTests {
    @Test func guessesWhatTheReferenceGuesses() throws {
        let rows = try #require(try generalFixture("names.json").array)
        #expect(rows.count == 197)
        for row in rows {
            let parts = try #require(row.array)
            let identifier = try #require(parts[0].string)
            let name = ModelName(
                Array(identifier.unicodeScalars), parameters: try #require(parts[1].integer))
            let texts = [
                name.title, name.organization, name.basename, name.sizeLabel, name.finetune, name.version,
            ]
            #expect(texts.map { $0.map { JSON.string($0) } ?? .null } == Array(parts[2...]), "\(identifier)")
        }
    }

    @Test(arguments: [
        ("Meta-Llama-3.1-8B", "Meta Llama 3.1 8B"), ("stackexchange_xml", "Stackexchange_Xml"),
        ("s2orc", "S2Orc"), ("7b-v1.5-v1.x", "7b v1.5 V1.X"), ("  a--b\u{3000}c ", "A B C"), ("", ""),
        ("o\u{301}k", "O\u{301}K"), ("ﬁn-ß", "Fin Ss"), ("it's", "It'S"), ("mixedCase", "mixedCase"),
    ])
    func writesTitlesAsPython(_ text: String, _ title: String) {
        #expect(ModelName.title(text).unicodeScalars.elementsEqual(title.unicodeScalars))
    }

    @Test(arguments: ["a-128k", "a-128K", "a-1M"])
    func takesLengthsOfContextForATuning(_ text: String) {
        let name = ModelName(Array(text.unicodeScalars), parameters: 7_000_000_000)
        #expect(name.sizeLabel == nil)
        #expect(name.finetune == String(text.dropFirst(2)).lowercased())
        #expect(ModelName(Array(text.unicodeScalars), parameters: 0).sizeLabel != nil)
    }

    /// Any parts of names, joined: nothing traps, and no part is lost.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func takesAnyCharacters(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pieces = Array(
            "vViıİterqQ_xXAa.-/ 0123456789kKMmBbTt\u{212A}ſsmallxlfpß\u{301}７٣😀\n\0".unicodeScalars)
        for _ in 0..<100 {
            let count = Int.random(in: 0...12, using: &random)
            let scalars = (0..<count).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }
            let total = [0, 1, -1, 7_000_000_000, -7_000_000_000, .max, -.max].randomElement(using: &random)
            let name = ModelName(scalars, parameters: total ?? 0)
            let slash = scalars.firstIndex(of: "/")
            let start = scalars.contains(" ") ? 0 : slash.map { $0 + 1 } ?? 0
            #expect(name.name.unicodeScalars.elementsEqual(scalars[start...]))
        }
    }
}
