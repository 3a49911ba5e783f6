import TestSupport
import Testing

@testable import Formats
@testable import Tokenizers

/// Broken and hostile tokenizers end in an error or in tokens.
@Suite(.tags(.fuzz), .series) struct TokenizerFuzzTests {
    private static let values: [JSON] = [
        .null, true, false, 0, -1, 1, 255, 4_294_967_295, 4_294_967_296, .integer(.max), .number(1e300), "",
        " ", "a",
        "\u{2581}", "##", "\\p{L}+", "(a*)*b", "[", "Removed", "Sequence", [], .object([]), [[]], [["a", 1]],
        ["String": ""], ["Regex": "(a|aa)+$"], ["Regex": ""], "AAAA", "/////w==",
    ]

    private func mutate(_ value: JSON, _ random: inout SeededGenerator) -> JSON {
        if Int.random(in: 0..<250, using: &random) == 0 {
            return Self.values[Int.random(in: 0..<Self.values.count, using: &random)]
        }
        switch value {
        case .array(var list):
            for index in list.indices.prefix(40) { list[index] = mutate(list[index], &random) }
            if Int.random(in: 0..<90, using: &random) == 0, !list.isEmpty { list.removeLast() }
            return .array(list)
        case .object(var members):
            for index in members.indices.prefix(40) {
                members[index] = JSON.Member(members[index].key, mutate(members[index].value, &random))
            }
            if Int.random(in: 0..<90, using: &random) == 0, !members.isEmpty {
                members.remove(at: Int.random(in: 0..<members.count, using: &random))
            }
            return .object(members)
        default: return value
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func mutatedTokenizersGiveTokensOrErrors(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let cases = TokenizerFixtureTests.read("models")["cases"]?.array ?? []
        let parts = TokenizerFixtureTests.read("components")["cases"]?.array ?? []
        var built = 0
        for _ in 0..<120 {
            guard case .object(var members)? = cases.randomElement(using: &random)?["tokenizer"],
                let part = parts.randomElement(using: &random)
            else { continue }
            if Bool.random(using: &random) {
                members.append(JSON.Member("normalizer", part["normalizer"] ?? .null))
                members.append(JSON.Member("pre_tokenizer", part["pre_tokenizer"] ?? .null))
            }
            let tokenizer = mutate(.object(members), &random)
            do throws(ConversionError) {
                let encoder = try TokenizerEncoder(tokenizer: tokenizer)
                let ids = try encoder.encode("the \u{2581}bad éß 中\u{301}<s> de  x")
                _ = try encoder.decode(ids + [-1, .max])
                built += 1
            } catch {
                #expect(!error.message.isEmpty)
            }
        }
        #expect(built > 10)
    }

    @Test func aPatternWithVeryManyWaysIsAnswered() throws {
        let tokenizer: JSON = [
            "pre_tokenizer": [
                "type": "Split", "pattern": ["Regex": "(?:a|a)*(?:a|a)*c"], "behavior": "Isolated",
                "invert": false,
            ],
            "model": ["type": "WordLevel", "vocab": ["a": 0], "unk_token": "a"],
        ]
        let encoder = try TokenizerEncoder(tokenizer: tokenizer)
        #expect(try encoder.encode(String(repeating: "a", count: 60)) == [0])
    }

    @Test func mutatedTablesOfSentencepieceDoNotTrap() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let bytes = (0..<Int.random(in: 0..<60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let count = UInt32(bytes.count / 8 * 4)
            let table = (0..<4).map { UInt8(truncatingIfNeeded: count >> UInt32(8 * $0)) } + bytes
            let part = TokenizerPart(["precompiled_charsmap": .string(Self.base64(table))], "normalizer")
            var piece = TextPiece(Array("ab\u{301}中 \u{0}x".unicodeScalars), leading: 1)
            try PrecompiledNormalizer(part).normalize(&piece)
        }
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = (0..<3).reduce(UInt32(0)) {
                $0 << 8 | UInt32($1 < group.count ? group[start + $1] : 0)
            }
            for place in 0...group.count { result.append(digits[Int(bits >> UInt32(18 - 6 * place) & 63)]) }
            for _ in group.count..<3 { result.append(UInt8(ascii: "=")) }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
