import TestSupport
import Testing

@testable import Conversion
@testable import Tokenizers

@Suite struct NamePatternTests {
    @Test(arguments: [
        ("attn_v", "blk.1.attn_v.weight"), (#"blk\.(0|1)\."#, "blk.1.attn_v"), ("^blk", "blk.0"),
        ("k$", "blk"),
        ("a.c", "xabcx"), ("ab*c", "ac"), ("ab+c", "abbbc"), ("ab?c", "ac"), ("a{2,3}b", "aaab"),
        ("a{2}", "aa"),
        ("a{2,}b", "aaaaab"), ("(ab)+c", "ababc"), ("(?:ab|cd)e", "cde"), ("a||b", "x"), ("()", ""),
        ("a|", "z"),
        (#"\d+\."#, "12."), (#"[0-9a-c]+x"#, "b7x"), ("[^a]", "ab"), (#"\bffn"#, "blk.ffn"),
        (#"[[:digit:]_]"#, "_"),
        (#"blk\.(?!0\.)\d+\."#, "blk.10.x"), (#"(?=.*exps)ffn"#, "ffn_exps"), ("]", "]"), ("}", "}"),
        (#"[\]]"#, "]"), (#"[\-a]"#, "-"), ("[a-]", "-"), (#"\x61"#, "a"), (#"\u0062"#, "b"),
        ("[^]", "x"), ("a*?b", "aab"), ("(a*)*b", "aab"), ("a**b", "b"), ("(|a){3}b", "ab"), ("x{0}y", "y"),
        (#"\."#, "."), (#"\s\w\t"#, " a\t"), ("é", "blé"),
    ]) func finds(pattern: String, text: String) throws {
        #expect(try NamePattern(pattern).isFound(in: Array(text.utf8)))
    }

    @Test(arguments: [
        ("attn_v", "blk.1.attn_k.weight"), (#"blk\.(0|1)\."#, "blk.11.attn_v"), ("^lk", "blk.0"),
        ("l$", "blk"),
        ("a.c", "a\nc"), ("a.c", "ac"), ("ab+c", "ac"), ("a{2,3}b", "ab"), ("^a{2}$", "aaa"), ("[^a]", "aaa"),
        (#"\bfn"#, "ffn"), (#"blk\.(?!0\.)\d+\."#, "blk.0.x"), (#"(?=.*exps)ffn"#, "ffn_exp"), ("[]", "a"),
        ("[]a]", "a"),
        (#"\d"#, "x"), (#"\B"#, "a"), ("(?!)", "a"), ("ATTN", "attn"), ("[[:upper:]]", "a"),
    ]) func findsNot(pattern: String, text: String) throws {
        #expect(try !NamePattern(pattern).isFound(in: Array(text.utf8)))
    }

    @Test(arguments: [
        ("(a", 0), ("a)", 1), ("*a", 0), ("a|*", 2), ("[a", 0), ("[b-a]", 4), ("a{2", 3), ("a{,2}", 2),
        ("a{3,2}", 6),
        ("a{x}", 2), (#"a\"#, 2), (#"(a)\1"#, 4), ("(?<n>a)", 2), ("[[:alp:]]", 1), ("[[.a.]]", 1),
        ("a{1001}", 2),
        ("^*", 1), (#"\xg0"#, 2), (#"\u0100"#, 2), (#"[a-\d]"#, 5), (#"[\d-a]"#, 3),
        ("((a{999}){999}){999}", 0),
        (String(repeating: "(", count: 101), 101),
    ]) func refuses(pattern: String, offset: Int) {
        let error = #expect(throws: RegexError.self) { try NamePattern(pattern) }
        #expect(error?.offset == offset, "\(String(describing: error))")
    }

    @Test func noPatternIsSlow() throws {
        let pattern = try NamePattern("(a*)*(a*)*(a|a|aa)*b$")
        #expect(try !pattern.isFound(in: [UInt8](repeating: 0x61, count: 300)))
    }

    @Test(arguments: 0..<4) func anyTextIsAPatternOrNone(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let letters = Array(#"ab.*+?()[]{}|^$\\d-:=!1,09wb"#.utf8)
        for _ in 0..<4_000 {
            let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                letters.randomElement(using: &random) ?? 0
            }
            _ = try? NamePattern(String(decoding: bytes, as: UTF8.self)).isFound(in: Array("ab.9-a".utf8))
        }
    }
}
