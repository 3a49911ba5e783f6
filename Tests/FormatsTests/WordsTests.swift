import Testing

@testable import Formats

@Suite struct WordsTests {
    @Test(arguments: [
        (0, "file", "0 files"), (1, "file", "1 file"), (2, "file", "2 files"), (1, "entry", "1 entry"),
        (3, "entry", "3 entries"), (2, "key", "2 keys"), (-1, "byte", "-1 bytes"),
    ])
    func nounsAreInTheSingularForOne(count: Int, noun: String, text: String) {
        #expect(Counted.text(count, noun) == text)
    }

    @Test(arguments: [
        ("models.toml", "models.toml"), ("a b", "'a b'"), ("", "''"), ("it's", "'it'\\''s'"), ("-x", "./-x"),
        ("$(rm)", "'$(rm)'"), ("é", "'é'"), ("a/b:c@d%e+f=g,h-i", "a/b:c@d%e+f=g,h-i"), ("a\nb", "'a\nb'"),
    ])
    func wordsSurviveAShell(text: String, word: String) {
        #expect(ShellWord.quoted(text) == word)
    }
}
