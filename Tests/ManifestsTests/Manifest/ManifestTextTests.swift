import TestSupport
import Testing

@testable import Formats
@testable import Manifests

/// What adding and removing entries leaves of a manifest's text.
@Suite struct ManifestTextTests {
    static let text = """
        # My models, 𝄞
        schema = 1   # the only one

        [bundle]
        name = "my-models"

        # The big one.
        [[model]]
        name = "big"
        source = "hf:org/big"   # main
        include = [
            "*.json",  # [[model]] is no header here
            # neither is this
        ]
        # license = "mit"

        # About the policy.
        [policy]
        licenses = ["mit"]

        [[model]]
        name = "small"
        source = "hf:org/small"
        exclude = ['''
        # no comment''', "*.bin"]

        # The last line.

        """

    private func read(_ text: String) throws -> ManifestText {
        try ManifestText.read(Array(text.utf8), path: "m.toml")
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private func entry(_ name: String, _ kind: Entry.Kind = .model) -> EntryText {
        EntryText(kind, [("name", .text(name)), ("source", .text("path:x\"y"))])
    }

    @Test func appendsBehindEverything() throws {
        let added = try read(Self.text).adding([entry("one"), entry("two", .files)])
        #expect(
            text(added) == Self.text + """

                [[model]]
                name   = "one"
                source = "path:x\\"y"

                [[files]]
                name   = "two"
                source = "path:x\\"y"

                """)
    }

    @Test(arguments: ["", "\n", "\n\n", "   ", "  # end"])
    func keepsEveryByteBeforeWhatItAppends(end: String) throws {
        let old = String(Substring(Self.text.utf8.dropLast())) + end
        let added = try read(old).adding([entry("one")])
        #expect(added.starts(with: old.utf8))
        #expect(text(added).hasSuffix("\n\n[[model]]\nname   = \"one\"\nsource = \"path:x\\\"y\"\n"))
    }

    @Test func writesTheLineEndsOfTheFile() throws {
        let old = Self.text.replacing("\n", with: "\r\n")
        let added = text(try read(old).adding([entry("one")]))
        #expect(added == old + "\r\n[[model]]\r\nname   = \"one\"\r\nsource = \"path:x\\\"y\"\r\n")
        #expect(text(try read(added).removing(["one"])) == old)
    }

    @Test func removesAnEntryWithItsComments() throws {
        let removed = text(try read(Self.text).removing(["big"]))
        #expect(
            removed.hasPrefix(
                """
                # My models, 𝄞
                schema = 1   # the only one

                [bundle]
                name = "my-models"

                # About the policy.
                [policy]
                licenses = ["mit"]

                [[model]]
                name = "small"
                """))
        #expect(try read(removed).manifest.entries.map(\.name) == ["small"])
    }

    @Test func removesTheLastEntryAndKeepsWhatFollows() throws {
        let removed = text(try read(Self.text).removing(["small"]))
        #expect(removed.hasSuffix("[policy]\nlicenses = [\"mit\"]\n\n# The last line.\n"))
    }

    @Test func keepsTheCommentDirectlyAboveTheNextEntry() throws {
        let old = """
            schema = 1

            [bundle]
            name = "my-models"

            # about a
            [[files]]
            name = "a"
            source = "path:a"
            # about b
            [[files]]
            name = "b"
            source = "path:b"

            """
        let removed = text(try read(old).removing(["a"]))
        #expect(removed.hasSuffix("\n\n# about b\n[[files]]\nname = \"b\"\nsource = \"path:b\"\n"))
        #expect(!removed.contains("about a"))
    }

    @Test func removesWhatItAdded() throws {
        let added = try read(Self.text).adding([entry("one"), entry("two")])
        #expect(text(try read(text(added)).removing(["one", "two"])) == Self.text)
    }

    @Test func refusesToRemoveWhatAnotherEntryNeeds() throws {
        let converted = Self.text + "[[model]]\nname = \"q\"\nfrom = \"big\"\ngguf = \"Q8_0\"\n"
        let error = try #require(throws: Diagnostics.self) { try read(converted).removing(["big"]) }
        #expect(error.all.map(\.message) == ["q is made from big"])
        #expect(error.all.first?.location?.line == 28)
        let removed = try read(text(read(converted).removing(["q", "big"])))
        #expect(removed.manifest.entries.map(\.name) == ["small"])
    }

    @Test func namesWhatIsNotThere() throws {
        let error = try #require(throws: Diagnostics.self) { try read(Self.text).removing(["bif"]) }
        #expect(error.all.first?.fix == "did you mean \"big\"?")
    }

    @Test func refusesToLeaveNothing() throws {
        let error = try #require(throws: Diagnostics.self) { try read(Self.text).removing(["small", "big"]) }
        #expect(error.all.map(\.code) == [.manifestEmpty])
    }

    @Test func refusesEntriesBetweenBraces() throws {
        let inline = """
            schema = 1
            model = [{name = "a", source = "hf:o/a"}, {name = "b", source = "hf:o/b"}]
            [bundle]
            name = "my-models"
            """
        #expect(throws: Diagnostics.self) { try read(inline).removing(["a"]) }
        #expect(throws: Diagnostics.self) { try read(inline).adding([entry("c")]) }
        #expect(!(try read(inline).adding([entry("c", .files)])).isEmpty)
    }

    @Test func saysWhatIsWrongWithAnEntryWithoutAPlace() throws {
        let wrong = EntryText(.model, [("name", .text("A B")), ("source", .text("hf:org/x"))])
        let error = try #require(throws: Diagnostics.self) { try read(Self.text).adding([wrong]) }
        #expect(error.all.allSatisfy { $0.location == nil && $0.notes.last == "m.toml stays as it is" })
    }

    /// Whatever is removed, the other entries and all other lines are the same as before.
    @Test(.series, arguments: 0..<200 as Range<UInt64>)
    func removalLeavesTheOthers(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var lines = ["schema = 1", "[bundle]", "name = \"my-models\""]
        let count = Int.random(in: 2...6, using: &random)
        let between = ["", "# c", "\t# [[model]]", "  "]
        for index in 0..<count {
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                lines.append(between.randomElement(using: &random) ?? "")
            }
            lines += ["[[model]]", "name = \"n\(index)\"", "source = \"hf:o/m\(index)\""]
            if Bool.random(using: &random) { lines += ["exclude = [\"\"\"", "# a\\", "\"\"\"]"] }
        }
        let old = lines.joined(separator: "\n")
        let name = "n\(Int.random(in: 0..<count, using: &random))"
        let removed = try read(text(read(old).removing([name]))).manifest.entries
        let kept = try read(old).manifest.entries.filter { $0.name != name }
        #expect(removed.map(\.name) == kept.map(\.name))
        #expect(removed.map(\.content) == kept.map(\.content))
        #expect(removed.map(\.exclude) == kept.map(\.exclude))
    }
}
