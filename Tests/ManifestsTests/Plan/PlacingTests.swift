import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import Storage

@Suite struct PlacingTests {
    private func placement(_ lock: Lock, _ entry: String, _ path: RelativePath) throws -> Placement {
        try #require(lock.entry(named: entry)?.files.first { $0.path == path }).placement
    }

    @Test func firstFileInTheManifestsOrderKeepsItsPlace() throws {
        let zebra = Samples.entry("zebra", files: [try Samples.file("a.bin", content: "same")])
        let ant = Samples.entry("ant", files: [try Samples.file("b.bin", content: "same")])
        let lock = try Samples.lock(Samples.bundle, [zebra, ant])
        #expect(try placement(lock, "zebra", "a.bin") == .natural)
        #expect(try placement(lock, "ant", "b.bin") == .at("models/zebra/a.bin"))
        let other = try Samples.lock(Samples.bundle, [ant, zebra])
        #expect(try placement(other, "zebra", "a.bin") == .at("models/ant/b.bin"))
    }

    @Test func placingAgainChangesNothing() throws {
        let entries = [
            Samples.entry(
                "b", files: [try Samples.file("x", content: "1"), try Samples.file("y&z", content: "2")]),
            Samples.entry("a", files: [try Samples.file("x", content: "1")]),
        ]
        let lock = try Samples.lock(Samples.bundle, entries)
        let again = try Samples.lock(Samples.bundle, [lock.entries[1], lock.entries[0]])
        #expect(lock == again)
    }

    @Test func equalFilesOfOneEntryAreStoredOnce() throws {
        let entry = Samples.entry(
            "m", files: [try Samples.file("a", content: "same"), try Samples.file("b", content: "same")])
        let lock = try Samples.lock(Samples.bundle, [entry])
        #expect(try placement(lock, "m", "b") == .at("models/m/a"))
        #expect(try Plan(lock).size == 10)
        #expect(try Plan(lock).named == 20)
    }

    @Test func nothingIsSharedWithoutDeduplication() throws {
        let entry = Samples.entry(
            "m", files: [try Samples.file("a", content: "same"), try Samples.file("b", content: "same")])
        let plan = try Plan(Samples.lock(Samples.settings(deduplication: .none), [entry]))
        #expect(plan.stored.map(\.path) == ["models/m/a", "models/m/b"])
    }

    @Test(
        arguments: ["a&b.json", "weights.tar", "data.ZIP", "x/.cache/y", "with space", "x/.git/config"]
            as [RelativePath])
    func namesThatAnUploadLosesGoToTheStore(_ path: RelativePath) throws {
        let lock = try Samples.lock(
            Samples.bundle, [Samples.entry("m", files: [try Samples.file(path, content: "c")])])
        #expect(try placement(lock, "m", path) == .at(try Samples.store("c")))
        #expect(try Plan(lock).stored.map(\.path) == [try Samples.store("c")])
    }

    @Test func aPlainNameIsPreferredToTheStore() throws {
        let entry = Samples.entry(
            "m", files: [try Samples.file("a b", content: "c"), try Samples.file("plain", content: "c")])
        let lock = try Samples.lock(Samples.bundle, [entry])
        #expect(try placement(lock, "m", "a b") == .at("models/m/plain"))
        #expect(try placement(lock, "m", "plain") == .natural)
    }

    @Test(arguments: [
        "model-00001-of-00002.safetensors", ".gitattributes", "1_Pooling/config.json", "tokenizer.model",
        "weights.npz", "x.whl", "gzip", "a.tar.md",
    ])
    func ordinaryNamesStay(_ path: String) {
        #expect(BundlePath.problem(RelativePath(checked: "models/m/\(path)")) == nil)
    }

    @Test func refusesLockThatNamesAStoredFileWithOtherContent() throws {
        let lock = Lock(
            bundle: Samples.bundle,
            entries: [
                Samples.entry("a", files: [try Samples.file("x", content: "1")]),
                Samples.entry(
                    "b", files: [try Samples.file("x", content: "2", placement: .at("models/a/x"))]),
            ])
        #expect(throws: Diagnostics.self) { try Plan(lock) }
    }

    @Test func refusesLockWhoseSizesOverflow() throws {
        let lock = Lock(
            bundle: Samples.bundle,
            entries: [
                Samples.entry(
                    "a",
                    files: [
                        try Samples.file("x", content: "1", size: .max),
                        try Samples.file("y", content: "2", size: .max),
                    ])
            ])
        #expect(throws: Diagnostics.self) { try Plan(lock) }
    }
}
