import Testing

@testable import Formats
@testable import Tokenizers

/// What the package tokenizers makes of texts, from `fixtures/tokenizers/`.
@Suite struct TokenizerFixtureTests {
    static func read(_ name: String) -> JSON {
        let root = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
        return (try? JSON.parse(fileContents("\(root)/fixtures/tokenizers/\(name).json"))) ?? .null
    }

    private static let components = read("components")
    private static let models = read("models")

    private static func names(_ fixture: JSON) -> [String] {
        (fixture["cases"]?.array ?? []).compactMap { $0["name"]?.string }
    }

    private static func `case`(_ fixture: JSON, _ name: String) throws -> JSON {
        try #require(fixture["cases"]?.array?.first { $0["name"]?.string == name })
    }

    /// A model whose tokens are the characters of the bytes, with ids that are the characters' values.
    private static let bytes: JSON = {
        var members: [JSON.Member] = []
        for value in UInt32(0x21)...0x143 {
            guard let scalar = Unicode.Scalar(value), ByteCharacters.decode([scalar]) != nil else { continue }
            members.append(JSON.Member(String(scalar), .integer(Int(value))))
        }
        return ["type": "BPE", "vocab": .object(members), "merges": []]
    }()

    @Test func hasFixtures() {
        #expect(Self.names(Self.components).count == 47)
        #expect(Self.names(Self.models).count == 11)
    }

    @Test(arguments: names(components)) func normalizesAndSplitsAlike(name: String) throws {
        let fixture = try Self.case(Self.components, name)
        let encoder = try TokenizerEncoder(tokenizer: [
            "normalizer": fixture["normalizer"] ?? .null, "pre_tokenizer": fixture["pre_tokenizer"] ?? .null,
            "model": Self.bytes,
        ])
        let texts = try #require(Self.components["texts"]?.strings)
        let expected = try #require(fixture["expected"]?.strings)
        for (text, expected) in zip(texts, expected) {
            let ids = try encoder.encode(text)
            #expect(ids == expected.unicodeScalars.map { Int($0.value) }, "\(text)")
        }
    }

    @Test(arguments: names(models)) func encodesAndDecodesAlike(name: String) throws {
        let fixture = try Self.case(Self.models, name)
        let encoder = try TokenizerEncoder(tokenizer: try #require(fixture["tokenizer"]))
        for row in try #require(fixture["texts"]?.array) {
            let row = try #require(row.array)
            let text = try #require(row[0].string)
            let plain = try #require(row[2].array).compactMap { $0.integer }
            #expect(try encoder.encode(text) == row[1].array?.compactMap { $0.integer }, "\(text)")
            #expect(try encoder.encode(text, addSpecialTokens: false) == plain, "\(text)")
            let decoded = try encoder.decode(plain)
            #expect(Array(decoded.utf8) == Array((row[3].string ?? "").utf8), "\(text)")
        }
    }
}
