import TestSupport

@testable import Conversion
@testable import Formats
@testable import Manifests
@testable import Storage

/// Seeded changes of a text: what a slip of the hand, a bad merge or an attacker makes of a manifest.
struct ManifestMutations {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// A manifest that uses every kind of key, string, table and value.
    static let base = Array(
        #"""
        schema = 1 # the version
        [bundle]
        name    = "aimo3-models"
        "title" = 'AIMO 3: é models'
        keywords = ["a", 'b', """c""", '''d''']
        policy.x = 2026-10-01 07:32:00.5
        sizes = [1, 2.5, 0x1f, inf, 1979-05-27T07:32:00Z, [ "a", 'b' ], {x = 1, y.z = "\u00e9\t"}]
        [policy]
        max-size        = "200 GB"
        proof = "optional"
        [[model]]
        name    = "qwen"
        source = "hf:Qwen/Qwen2.5-7B-Instruct@refs/pr/1"
        include = ["*.safetensors", # all of them
          "*.json", "merges.txt",
        ]
        text = """a \
           b"""
        [model.sub]
        k = true
        [[dataset]]
        name = "d"
        source = "kaggle-dataset:owner/slug/versions/3"
        [a.b.c]
        d.e.f = -17
        """#.utf8)

    private static let pieces: [[UInt8]] =
        [
            "[", "]", "[[", "]]", "{", "}", "=", ".", ",", "\"", "'", "\"\"\"", "'''", "\n", "\r\n", "\r",
            "#",
            "\\", "\\u0000", "\\uD800", "\\U0010FFFF", "\\U00110000", "a", "b", "name", "model", "bundle",
            "1", "-",
            "+", "0x", "1e400", "inf", "-nan", "9223372036854775808", "1979-05-27", "07:32:00", "1979-13-27",
            "1979-05-27 07:32:00.99999999999", "+99:99", "true", "false", "_", "\u{7F}", "\u{1B}", "\u{85}",
            "\u{A0}", "\u{2028}", "\u{FEFF}", "\t", " ", "é", "e\u{301}", "\\\n", "= [{", "hf:", "@", "/",
            "..", "\0",
        ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xED, 0xA0, 0x80]]

    /// The next variant of `base`, or a document of nothing but pieces.
    mutating func next(of base: [UInt8] = ManifestMutations.base) -> [UInt8] {
        var text = below(4) > 0 ? base : []
        for _ in 0...below(text.isEmpty ? 20 : 5) {
            let place = below(text.count + 1)
            switch below(5) {
            case 0, 1, 2: text.insert(contentsOf: Self.pieces[below(Self.pieces.count)], at: place)
            case 3: text.removeSubrange(place..<min(text.count, place + below(9)))
            default:
                let start = below(text.count + 1)
                let copy = Array(text[start..<min(text.count, start + below(40))])
                text.insert(contentsOf: copy, at: place)
            }
        }
        return text
    }

    private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<max(1, limit), using: &generator) }
}

/// Seeded documents that define the same few tables and keys in every way TOML has, allowed or not.
struct TOMLRedefinitions {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// The next document.
    mutating func next() -> [UInt8] {
        var text = ""
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
            switch Int.random(in: 0..<6, using: &generator) {
            case 0, 1: text += "[\(key())]\n"
            case 2: text += "[[\(key())]]\n"
            default: text += "\(key()) = \(value(depth: 3))\n"
            }
        }
        return Array(text.utf8)
    }

    private mutating func key() -> String {
        let names = ["a", "b", "c", "\"a\"", "'\u{E9}'", "\"\\u00e9\"", "\"e\u{301}\"", "\"a\\u0000\"", "''"]
        var parts: [String] = []
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            parts.append(
                names[Int.random(in: 0..<(Bool.random(using: &generator) ? 2 : 9), using: &generator)])
        }
        return parts.joined(separator: [".", " . "][Int.random(in: 0...1, using: &generator)])
    }

    private mutating func value(depth: Int) -> String {
        let scalars = [
            "1", "'x'", "\"\\u0000\"", "1.5", "nan", "true", "2026-01-01", "\"\u{2028}\u{7F0}\"",
            "\"\\u0085\\\\\"",
        ]
        let count = Int.random(in: 0...2, using: &generator)
        switch depth > 0 ? Int.random(in: 0..<4, using: &generator) : 3 {
        case 0: return "[" + (0..<count).map { _ in value(depth: depth - 1) }.joined(separator: ", ") + "]"
        case 1:
            let pairs = (0..<count).map { _ in "\(key()) = \(value(depth: depth - 1))" }
            return "{" + pairs.joined(separator: ", ") + "}"
        default: return scalars[Int.random(in: 0..<scalars.count, using: &generator)]
        }
    }
}
