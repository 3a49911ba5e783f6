import Testing

@testable import Formats

@Suite struct PathTests {
    @Test(arguments: [
        ("/a/b", "/a", "b"), ("/a", "/", "a"), ("a", ".", "a"), ("a/b/c", "a/b", "c"), ("/", "/", ""),
    ])
    func splitsParentAndName(_ path: String, parent: String, name: String) {
        #expect(Path.parent(path) == parent)
        #expect(Path.name(path) == name)
    }

    @Test(arguments: [
        ("/a/../b", "/b"), ("a/./b//c", "a/b/c"), ("../../x", "../../x"), ("/../x", "/x"), ("a/..", "."),
        ("a/../../b", "../b"),
    ])
    func normalizesByTextAlone(_ path: String, normal: String) {
        #expect(Path.normalized(path) == normal)
    }

    @Test func insideMeansBelowAndNotBeside() {
        #expect(Path.isInside("/a/b", "/a"))
        #expect(Path.isInside("/a", "/a"))
        #expect(!Path.isInside("/ab", "/a"))
        #expect(Path.isInside("/ab", "/"))
    }
}
