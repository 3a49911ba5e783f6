import Testing

@testable import Formats

@Suite struct ExactNameTests {
    private static let pairs = [("K", "\u{212A}"), ("caf\u{E9}", "cafe\u{301}"), ("\u{C5}", "\u{212B}")]

    @Test(arguments: pairs)
    func mapsAndSetsKeepBothOfTwoTwins(_ one: String, _ other: String) {
        var map: [ExactName: Int] = [:]
        map[one] = 1
        map[other, default: 5] += 1
        #expect(map[one] == 1 && map[other] == 6 && map.count == 2)
        var set: Set<ExactName> = [ExactName(one)]
        #expect(!set.contains(other))
        let (first, second) = (set.insert(other).inserted, set.insert(other).inserted)
        #expect(first && !second)
        #expect(set.count == 2 && set.contains(Substring(other)))
        #expect(Set(exactly: [one, other, one]).count == 2)
    }

    @Test(arguments: pairs)
    func listsAreSearchedByBytes(_ one: String, _ other: String) {
        #expect([one].containsExactly(one) && ![one].containsExactly(other))
        #expect(one.utf8.isText(one) && !one.utf8.isText(other))
        #expect(!"a\(one)b".containsUTF8(other) && "a\(one)b".containsUTF8(one))
        #expect(!"a\(one)".hasUTF8Suffix(other) && "a\(one)".hasUTF8Suffix(one))
        #expect(!"\(one)a".hasUTF8Prefix(other) && "\(one)a".hasUTF8Prefix(one))
    }

    @Test func namesAreInTheOrderOfTheirBytes() {
        let names = Set(exactly: ["b", "\u{212A}", "a", "K"])
        #expect(
            names.sortedTexts.map { Array($0.utf8) } == ["K", "a", "b", "\u{212A}"].map { Array($0.utf8) })
    }

    @Test func anAccentBehindAWordDoesNotHideIt() {
        #expect("model.\u{301}weight".containsUTF8("model."))
        #expect("x_implementation\u{301}".containsUTF8("_implementation"))
        #expect("abc".containsUTF8("") && "".containsUTF8("") && !"".containsUTF8("a"))
        #expect("abab".containsUTF8("bab") && !"aba".containsUTF8("abab"))
    }

    @Test func everyOccurrenceOfBytesIsReplaced() {
        #expect("a.b.c".replacingUTF8(".", with: "::") == "a::b::c")
        #expect("aaa".replacingUTF8("aa", with: "b") == "ba")
        #expect("abc".replacingUTF8("", with: "x") == "abc")
        #expect("blk.*.x".replacingUTF8("*", with: "7") == "blk.7.x")
    }
}
