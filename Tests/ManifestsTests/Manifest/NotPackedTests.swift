import TestSupport
import Testing

@testable import Conversion
@testable import Formats
@testable import Manifests
@testable import Storage

/// `pack = false`: an entry that is locked and converted from, and whose files no bundle has.
@Suite struct NotPackedTests {
    private static let head = "schema = 1\n[bundle]\nname = \"sample-bundle\"\n"
    private static let source = "[[model]]\nname = \"m\"\nsource = \"path:m\"\npack = false\n"
    private static let made = "[[model]]\nname = \"q\"\nfrom = \"m\"\ngguf = \"Q4_K_M\"\n"

    private func problems(_ text: String) -> [String] {
        do throws(Diagnostics) {
            _ = try Manifest.parse(Array((Self.head + text).utf8), path: "pack.toml")
            return []
        } catch {
            return error.all.map { "\($0.code) \($0.message)" + ($0.fix.map { "; \($0)" } ?? "") }
        }
    }

    @Test func isReadOfEntriesWithASource() throws {
        let text = Self.head + Self.source + Self.made
        let manifest = try Manifest.parse(Array(text.utf8), path: "pack.toml")
        #expect(manifest.entries.map(\.isPacked) == [false, true])
        #expect(manifest.entries.map(\.asked.isPacked) == [false, true])
        for kind in ["dataset", "wheels", "files"] {
            let other = "[[\(kind)]]\nname = \"x\"\nsource = \"path:x\"\npack = false\n"
            #expect(problems(Self.made + other + Self.source) == [])
        }
    }

    @Test(arguments: [
        (
            "pack = \"false\"\n",
            "manifest-type m: `pack` must be true or false, without quotes, found the string \"false\"; "
                + "write pack = false, without quotes"
        ),
        (
            "pack = 0\n",
            "manifest-type m: `pack` must be true or false, without quotes, found the integer 0"
        ),
    ]) func takesNothingButABoolean(line: String, problem: String) {
        let text = "[[model]]\nname = \"m\"\nsource = \"path:m\"\n\(line)"
        #expect(problems(text) == [problem])
    }

    @Test func isNotForWhatIsMadeFromAnother() {
        let text = Self.source.replacing("pack = false\n", with: "") + Self.made + "pack = false\n"
        #expect(
            problems(text) == [
                "manifest-conflict q: `pack` is for an entry with a source; "
                    + "take it out, or write it in the entry that `from` names"
            ])
    }

    @Test func leavesSomethingToPack() {
        #expect(
            problems(Self.source) == [
                "manifest-empty the manifest names nothing to pack: every entry has pack = false; "
                    + "take pack = false out of what the notebook needs"
            ])
    }

    // MARK: The lock

    private func entry(_ name: String, isPacked: Bool, _ files: [LockedFile]) -> LockedEntry {
        LockedEntry(
            name: name, kind: .model,
            asked: Asked(source: "path:\(name)", include: nil, exclude: [], license: nil, isPacked: isPacked),
            origin: .path, license: nil, facts: [], files: files, tensors: [])
    }

    @Test func hasNoPlaceInTheBundle() throws {
        let source = entry(
            "a", isPacked: false,
            [try Samples.file("same", content: "same"), try Samples.file("a&b", content: "own")])
        let other = entry("b", isPacked: true, [try Samples.file("copy", content: "same")])
        for deduplication in BundleSettings.Deduplication.allCases {
            let lock = try Samples.lock(Samples.settings(deduplication: deduplication), [source, other])
            let plan = try Plan(lock)
            #expect(plan.stored.map(\.path) == ["models/b/copy"])
            #expect(plan.shares.map(\.name) == ["b"])
            #expect(lock.packed.map(\.name) == ["b"])
            #expect(lock.entries.first?.files.map(\.placement) == [.natural, .natural])
        }
    }

    @Test func goesThroughTheLocksText() throws {
        let lock = try Samples.lock(
            Samples.bundle,
            [
                entry("a", isPacked: false, [try Samples.file("x", content: "1")]),
                entry("b", isPacked: true, [try Samples.file("y", content: "2")]),
            ])
        #expect(lock.text.contains("\"asked\":{\"pack\":false,\"source\":\"path:a\"}"))
        #expect(lock.text.contains("\"asked\":{\"source\":\"path:b\"}"))
        #expect(try Lock.parse(lock.bytes, path: "x.lock") == lock)
        let difference = LockDifference(
            from: lock,
            to: try Samples.lock(
                Samples.bundle,
                [
                    entry("a", isPacked: true, [try Samples.file("x", content: "1")]),
                    entry("b", isPacked: true, [try Samples.file("y", content: "2")]),
                ]))
        #expect(difference.entries.map(\.details) == [["packed: no → yes"]])
    }

    @Test(arguments: [
        ("\"pack\":false", "\"pack\":0", "a: \"pack\" is neither true nor false"),
        (
            "{\"path\":\"x\"", "{\"at\":\"store/x\",\"path\":\"x\"",
            "a: x has a place in the bundle, and the entry is not packed"
        ),
    ]) func locksThatContradictThemselvesAreRefused(old: String, new: String, problem: String) throws {
        let lock = try Samples.lock(
            Samples.bundle, [entry("a", isPacked: false, [try Samples.file("x", content: "1")])])
        let text = lock.text.replacing(old, with: new)
        #expect(text != lock.text)
        do throws(Diagnostics) {
            _ = try Lock.parse(Array(text.utf8), path: "x.lock")
            Issue.record("it was read")
        } catch {
            #expect(error.all.first?.message.hasSuffix(problem) == true, "\(error)")
        }
    }
}
