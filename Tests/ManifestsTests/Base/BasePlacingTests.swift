import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import Storage

/// Bundles that build on others, in memory.
private enum Bases {
    static func settings(_ name: String, bases: [String] = []) -> BundleSettings {
        var settings = Samples.settings(name: name)
        settings.bases = bases
        return settings
    }

    /// A base as a manifest reads it.
    static func base(_ lock: Lock, as asked: String) throws -> BaseBundle {
        try BaseBundle(asked: asked, bytes: lock.bytes, path: asked, isBundled: false)
    }

    /// An entry with one file of a header and tensors, whose contents are named.
    static func entry(_ name: String, _ tensors: [(content: String, size: Int)]) throws -> LockedEntry {
        var position = 8
        let locked = try tensors.map { tensor in
            defer { position += tensor.size }
            return LockedTensor(
                file: "w", name: "t\(position)", dtype: "U8", shape: [tensor.size],
                bytes: position..<position + tensor.size,
                sha256: try Samples.digest(Array(tensor.content.utf8)))
        }
        let file = try Samples.file(
            "w", content: name + tensors.map(\.content).joined(separator: "+"), size: position)
        return Samples.entry(name, files: [file]).with(files: [file], tensors: locked)
    }

    static func place(
        _ settings: BundleSettings, _ entries: [LockedEntry], on bases: [BaseBundle]
    ) throws -> Lock {
        let lock = try #require(
            try Lock.placing(settings, entries, bases: bases) { need in
                try Samples.digest(Array("own \(need.entry.name)".utf8))
            })
        #expect(try Lock.parse(lock.bytes, path: "x.lock") == lock)
        let ordered = entries.compactMap { lock.entry(named: $0.name) }
        #expect(Lock.placing(settings, ordered, bases: bases, own: lock.digest(of:)) == lock)
        return lock
    }
}

@Suite struct BasePlacingTests {
    private func first() throws -> BaseBundle {
        let entries = [
            try Bases.entry("base", [("frozen", 5000), ("head", 6000)]),
            Samples.entry("texts", files: [try Samples.file("config.json", content: "{}")]),
        ]
        return try Bases.base(Samples.lock(Bases.settings("one"), entries), as: "one.lock")
    }

    @Test func aLockWithoutBasesIsWrittenAsBefore() throws {
        let lock = try Samples.lock(Samples.bundle, [Samples.entry("a", files: [])])
        #expect(lock.text.hasPrefix("{\n\"version\":1,\n\"generator\":\"knapsack\",\n\"facts\":"))
        #expect(!lock.text.contains("base"))
    }

    @Test func whatTheBaseHasIsReferredTo() throws {
        let base = try first()
        let tuned = try Bases.entry("tuned", [("frozen", 5000), ("other", 6000)])
        let texts = Samples.entry(
            "texts",
            files: [try Samples.file("a/config.json", content: "{}"), try Samples.file("new", content: "n")])
        let lock = try Bases.place(
            Bases.settings("two", bases: ["one.lock"]), [tuned, texts], on: [base])
        #expect(lock.text.hasPrefix("{\n\"version\":2,\n"))
        #expect(lock.bases == [base.locked])
        let files = lock.entries.flatMap(\.files)
        #expect(
            files.map(\.placement) == [
                .base(base.sha256, "models/texts/config.json"), .natural,
                .segments([
                    Segment(at: try Samples.store("own tuned"), offset: 0, length: 8),
                    Segment(base: base.sha256, at: "models/base/w", offset: 8, length: 5000),
                    Segment(at: try Samples.store("own tuned"), offset: 8, length: 6000),
                ]),
            ])
        let plan = try Plan(lock)
        #expect(plan.size == 8 + 6000 + 10)
        #expect(plan.inBases == 5000 + 10)
        #expect(plan.segmented.isEmpty)
        #expect(plan.throughBases.map(\.isWhole) == [true, false])
        #expect(plan.shares.allSatisfy { $0.savedByFiles == 0 && $0.savedByTensors == 0 })
    }

    @Test func theThirdGenerationNamesTheFirst() throws {
        let base = try first()
        let tuned = try Bases.entry("tuned", [("frozen", 5000), ("other", 6000)])
        let second = try Bases.base(
            Bases.place(Bases.settings("two", bases: ["one.lock"]), [tuned], on: [base]), as: "two.lock")
        let again = try Bases.entry("again", [("frozen", 5000), ("other", 6000), ("newest", 7000)])
        let lock = try Bases.place(
            Bases.settings("three", bases: ["two.lock"]), [tuned, again], on: [second])
        #expect(lock.bases.map(\.sha256) == [second.sha256, base.sha256])
        #expect(lock.bases.map(\.asked) == ["two.lock", nil])
        guard case .segments(let segments)? = lock.entry(named: "again")?.files.first?.placement else {
            Issue.record("the file is not in segments")
            return
        }
        #expect(segments.map(\.base) == [nil, base.sha256, second.sha256, nil])
        #expect(
            lock.entry(named: "tuned")?.files.first?.bases
                == [base.sha256, second.sha256].sorted { $0.hex < $1.hex })
        #expect(try Plan(lock).size == 8 + 7000)
    }

    @Test func withoutTensorsOnlyFilesAreReferredTo() throws {
        let base = try first()
        var settings = Samples.settings(name: "two", deduplication: .file)
        settings.bases = ["one.lock"]
        let lock = try Bases.place(
            settings,
            [
                try Bases.entry("tuned", [("frozen", 5000), ("other", 6000)]),
                try Bases.entry("base", [("frozen", 5000), ("head", 6000)]),
            ], on: [base])
        #expect(
            lock.entries.flatMap(\.files).map(\.placement) == [.base(base.sha256, "models/base/w"), .natural])
    }

    /// A base's lock is somebody else's: a digest with another size in it is not taken.
    @Test func aSizeThatContradictsTheDigestIsNotTaken() throws {
        let other = Samples.entry("texts", files: [try Samples.file("config.json", content: "{}", size: 11)])
        let base = try Bases.base(Samples.lock(Bases.settings("one"), [other]), as: "one.lock")
        let own = Samples.entry("own", files: [try Samples.file("config.json", content: "{}")])
        let lock = try Bases.place(Bases.settings("two", bases: ["one.lock"]), [own], on: [base])
        #expect(lock.entries.flatMap(\.files).map(\.placement) == [.natural])
    }

    @Test(arguments: [
        #""base":"00""#, #""base":7"#, #""base":"/etc/passwd""#,
        #""base":"0000000000000000000000000000000000000000000000000000000000000000""#,
    ])
    func aReferenceThatNamesNoBaseIsRefused(reference: String) throws {
        let base = try first()
        let own = Samples.entry("own", files: [try Samples.file("config.json", content: "{}")])
        let text = try Bases.place(Bases.settings("two", bases: ["one.lock"]), [own], on: [base]).text
        let member = "\"base\":\"\(base.sha256)\""
        #expect(text.contains(member))
        #expect(throws: Diagnostics.self) {
            try Lock.parse(Array(text.replacing(member, with: reference).utf8), path: "x.lock")
        }
        let above = text.replacing("models/texts/config.json", with: "../config.json")
        #expect(throws: Diagnostics.self) { try Lock.parse(Array(above.utf8), path: "x.lock") }
        let early = text.replacing("\"version\":2", with: "\"version\":1")
        #expect(throws: Diagnostics.self) { try Lock.parse(Array(early.utf8), path: "x.lock") }
    }

    @Test func versionsOfOneDataSetExcludeEachOther() throws {
        func base(_ name: String, _ attach: String) throws -> LockedBase {
            LockedBase(asked: nil, name: name, attach: attach, sha256: try Samples.digest([]))
        }
        #expect(try base("a", "me/a").excludes(base("a", "me/a/versions/3")))
        #expect(try base("a", "me/a").excludes(base("a", "a")))
        #expect(try !base("a", "me/a").excludes(base("a", "you/a")))
        #expect(try !base("a", "me/a").excludes(base("b", "me/b")))
    }

    @Test func aLockThatIsNotWrittenAsTheBundlesOwnIsNoBase() throws {
        let bytes = try first().lock.bytes
        #expect(throws: Diagnostics.self) {
            try BaseBundle(asked: "x.lock", bytes: bytes + [0x0A], path: "x.lock", isBundled: false)
        }
        #expect(throws: Never.self) {
            try BaseBundle(asked: "x.lock", bytes: bytes + [0x0A], path: "x.lock", isBundled: true)
        }
    }
}

@Suite struct SplitProposalTests {
    private func entry(_ name: String, _ content: String, _ size: Int) throws -> LockedEntry {
        Samples.entry(name, files: [try Samples.file("w", content: content, size: size)])
    }

    private func lock(_ contents: [(name: String, content: String, size: Int)]) throws -> Lock {
        try Samples.lock(Samples.bundle, contents.map { try entry($0.name, $0.content, $0.size) })
    }

    @Test func theLargestThatStayedTheSameAreTakenAsFarAsTheyFit() throws {
        let newest = [("a", "1", 50), ("b", "2", 70), ("c", "3", 40), ("d", "4", 90)]
        let earlier = [("a", "1", 50), ("b", "2", 70), ("c", "3", 40), ("d", "5", 90)]
        let ordered = try newest.map { try entry($0.0, $0.1, $0.2) }
        let proposal = SplitProposal(ordered, earlier: [try lock(earlier)], limit: 115)
        #expect(proposal.base == ["b", "c"])
        #expect(proposal.baseSize == 110)
        #expect(proposal.restSize == 140)
        #expect(proposal.tooLarge == ["a"])
        #expect(SplitProposal(ordered, earlier: [try lock(earlier), try lock([])], limit: 1000).base.isEmpty)
    }

    @Test func theTextsAreTwoManifests() throws {
        let text = """
            # Head.
            schema = 1

            [bundle]
            name = "models"   # a name
            owner = "me"

            # About b.
            [[files]]
            name = "b"
            source = "path:b"

            [[files]]
            name = "c"
            source = "path:c"

            """
        let manifests = try SplitManifests(
            ManifestText.read(Array(text.utf8), path: "m.toml"), base: ["c"]
        ) { "\($0).lock" }
        #expect(manifests.baseName == "models-base")
        let base = try Manifest.parse(manifests.base, path: "b.toml")
        #expect(base.bundle.name == "models-base" && base.bundle.owner == "me")
        #expect(base.entries.map(\.name) == ["c"])
        let rest = try Manifest.parse(manifests.rest, path: "m.toml")
        #expect(rest.bundle.bases == ["models-base.lock"])
        #expect(
            String(decoding: manifests.rest, as: UTF8.self)
                == text.replacing("[bundle]\n", with: "[bundle]\nbase = [\"models-base.lock\"]\n"))
        #expect(throws: Diagnostics.self) {
            try SplitManifests(ManifestText.read(manifests.rest, path: "m.toml"), base: ["c"]) { $0 }
        }
    }
}
