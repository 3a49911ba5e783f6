import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import Storage

@Suite struct LockTextTests {
    private func sample() throws -> Lock {
        let commit = String(repeating: "0123456789", count: 4)
        guard case .hub(let repository, _) = try Source.parse("hf:org/name@main"),
            case .kaggle(let handle) = try Source.parse("kaggle:o/m/transformers/v/3")
        else { throw FormatError("sources changed", at: 0) }
        let entries = [
            LockedEntry(
                name: "hub", kind: .model,
                asked: Asked(
                    source: "hf:org/name@main", include: ["*.json", "ü\"\\"], exclude: ["a/"], license: "mit"),
                origin: .hub(repository, ref: "refs/pr/1", commit: commit),
                license: LockedLicense(id: "mit", from: .manifest),
                facts: [.init("dtypes", ["F32"]), .init("parameters", 12)],
                files: [
                    try Samples.file("a b", content: "1", placement: .at("store/x")),
                    try Samples.file(
                        "b", content: "2", size: 7,
                        placement: .segments([
                            Segment(at: "store/y", offset: 0, length: 3),
                            Segment(at: "models/kaggle/c", offset: 5, length: 4),
                        ]), shards: ["s1", "s2"]),
                ],
                tensors: [
                    LockedTensor(
                        file: "b", name: "weight", dtype: "F32", shape: [1], bytes: 0..<4,
                        sha256: try Samples.digest([1])),
                    LockedTensor(
                        file: "b", name: "data/0", dtype: nil, shape: nil, bytes: 4..<7,
                        sha256: try Samples.digest([2])),
                ]),
            LockedEntry(
                name: "kaggle", kind: .dataset,
                asked: Asked(source: "kaggle:o/m/transformers/v", include: nil, exclude: [], license: nil),
                origin: .kaggle(handle), license: nil, facts: [],
                files: [try Samples.file("c", content: "3", size: 9, proof: .none)], tensors: []),
            Samples.entry("path", kind: .wheels, files: []),
            LockedEntry(
                name: "registry", kind: .model,
                asked: Asked(source: "oci:ghcr.io/a/b:v1#c", include: nil, exclude: [], license: nil),
                origin: .registry(
                    try RegistrySource.parse("ghcr.io/a/b:v1#c"), manifest: try Samples.digest([3])),
                license: nil, facts: [.init("parameters", 1)],
                files: [try Samples.file("d", content: "4", size: 2)], tensors: []),
        ]
        return Lock(bundle: Samples.settings(subtitle: "A subtitle\nof two lines"), entries: entries)
    }

    @Test func readsWhatItWrote() throws {
        let lock = try sample()
        let text = lock.text
        let read = try Lock.parse(Array(text.utf8), path: "x.lock")
        #expect(read == lock)
        #expect(read.text == text)
    }

    @Test func hasOneFileALine() throws {
        let lines = try sample().text.split(separator: "\n")
        #expect(lines.count { $0.contains("\"sha256\"") } == 6)
        #expect(try sample().text.hasSuffix("]\n}\n"))
    }

    @Test func entriesAreSortedByTheBytesOfTheirNames() {
        let names = ["b", "a-1", "a", "B"]
        let lock = Lock(bundle: Samples.bundle, entries: names.map { Samples.entry($0, files: []) })
        #expect(lock.entries.map(\.name) == ["B", "a", "a-1", "b"])
    }

    @Test(arguments: [
        ("\"version\":1", "\"version\":2", "version is 2"),
        ("\"version\":1", "\"version\":1,\"version\":1", "\"version\" is there twice"),
        ("\"version\":1", "\"version\":1,\"entries\":[]", "\"entries\" is there twice"),
        ("\"path\":\"c\"", "\"path\":\"c\",\"path\":\"c\"", "\"path\" is there twice"),
        ("\"name\":\"weight\"", "\"name\":\"weight\",\"name\":\"x\"", "\"name\" is there twice"),
        ("\"name\":\"hub\"", "\"name\":\"hub\",\"tensors\":[]", "\"tensors\" is there twice"),
        ("\"version\":1", "\"version\":\"1\"", "no integer"),
        ("\"path\":\"c\"", "\"path\":\"../c\"", "has a part"),
        ("\"path\":\"c\"", "\"path\":\"/c\"", "is absolute"),
        ("\"at\":\"store/x\"", "\"at\":\"/etc/passwd\"", "is absolute"),
        ("\"size\":9", "\"size\":-9", "no size"),
        ("\"length\":4", "\"length\":9223372036854775807", "no offset or no length"),
        ("\"length\":4", "\"length\":5", "segments have 8 bytes"),
        ("\"proof\":\"none\"", "\"proof\":\"trust me\"", "trust me"),
        ("\"name\":\"kaggle\"", "\"name\":\"hub\"", "not in order"),
        ("\"kind\":\"wheels\"", "\"kind\":\"wheel\"", "kind"),
        ("\"ref\":\"refs/pr/1\"", "\"ref\":\"../victim\"", "the ref \"../victim\" has a part that starts"),
        ("\"commit\":\"0", "\"commit\":\"g", "40 hexadecimal"),
        ("v/3\"", "v\"", "handle"),
        ("\"length\":3,\"name\":\"data/0\"", "\"length\":4,\"name\":\"data/0\"", "not inside"),
        ("\"offset\":4,\"sha256\"", "\"offset\":3,\"sha256\"", "overlaps"),
        ("\"file\":\"b\",\"length\":4", "\"file\":\"c\",\"length\":4", "no such file"),
    ])
    func refusesLockThatDoesNotHold(_ good: String, _ bad: String, _ message: String) throws {
        let text = try sample().text
        let broken = text.replacing(good, with: bad, maxReplacements: 1)
        try #require(broken != text, "\(good) is not in the sample")
        do throws(Diagnostics) {
            _ = try Lock.parse(Array(broken.utf8), path: "x.lock")
            Issue.record("accepted \(bad)")
        } catch {
            #expect(error.all.first?.message.contains(message) == true, "\(error)")
            #expect(error.all.first?.verdict == .undecided)
        }
    }

    @Test func mutatedLocksAreReadOrRefused() throws {
        let seed: UInt64 = 0x6C6F_636B
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let text = Array(try sample().text.utf8)
        for _ in 0..<4000 {
            do throws(Diagnostics) {
                let lock = try Lock.parse(mutated(text, with: &generator), path: "x.lock")
                _ = try? Plan(lock)
                _ = lock.text
            } catch {
                #expect(!error.all.isEmpty)
            }
        }
    }

    @Test func conflictMarkersOfGitAreRefused() throws {
        let text = "<<<<<<< HEAD\n" + (try sample().text)
        #expect(throws: Diagnostics.self) { try Lock.parse(Array(text.utf8), path: "x.lock") }
    }
}
