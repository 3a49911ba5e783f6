import Testing

@testable import KnapsackCommands

@Suite("Bars of block characters")
struct BlockBarTests {
    @Test(
        "are as long as the share, to an eighth, and never nothing for something",
        arguments: [
            (100, "████████"), (50, "████"), (1, "▏"), (0, ""), (-5, ""), (200, "████████"), (56, "████▌"),
        ])
    func lengths(part: Int, expected: String) {
        #expect(BlockBar(whole: 100, width: 8).text(part) == expected)
        #expect(BlockBar(whole: 0, width: 8).text(part) == "")
    }

    @Test(
        "are drawn in a locale of UTF-8, by the first variable that is set",
        arguments: [
            (["LANG": "en_US.UTF-8"], true), (["LANG": "C.utf8"], true), (["LANG": "C"], false), ([:], false),
            (["LC_ALL": "C", "LANG": "en_US.UTF-8"], false),
            (["LC_ALL": "", "LC_CTYPE": "C.UTF-8", "LANG": "C"], true),
        ])
    func locales(environment: [String: String], expected: Bool) {
        #expect(Terminal.hasUnicode(environment) == expected)
    }
}
