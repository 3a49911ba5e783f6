import TestSupport
import Testing

@testable import Conversion
@testable import Formats
@testable import Manifests
@testable import Storage

/// Locks with names that `String` takes for equal.
@Suite struct LockTwinsTests {
    private static let pairs = [
        ("a-Q4_K_M.txt", "a-Q4_\u{212A}_M.txt"), ("caf\u{E9}.txt", "cafe\u{301}.txt"),
        ("\u{C5}.txt", "\u{212B}.txt"),
    ]

    private func lock(_ one: String, _ other: String) throws -> Lock {
        try Samples.lock(
            Samples.bundle,
            [
                Samples.entry(
                    "f", kind: .files,
                    files: [
                        try Samples.file(RelativePath(checked: one), content: "one"),
                        try Samples.file(RelativePath(checked: other), content: "two"),
                    ])
            ])
    }

    @Test(arguments: pairs)
    func bothNamesAreReadBack(_ one: String, _ other: String) throws {
        let lock = try lock(one, other)
        #expect(lock.entries[0].files.count == 2)
        #expect(try Lock.parse(lock.bytes, path: "x.lock") == lock)
        #expect(try Plan(lock).stored.count == 2)
    }

    @Test(arguments: pairs)
    func anotherNameIsAnotherLock(_ one: String, _ other: String) throws {
        let files = try [one, other].map { try Samples.file(RelativePath(checked: $0), content: "one") }
        let locks = files.map { Lock(bundle: Samples.bundle, entries: [Samples.entry("f", files: [$0])]) }
        #expect(locks[0] != locks[1])
        let entry = try #require(LockDifference(from: locks[0], to: locks[1]).entries.first)
        #expect(entry.added == [files[1].path] && entry.removed == [files[0].path])
    }

    @Test(arguments: pairs)
    func aFileIsFoundByItsVeryPath(_ one: String, _ other: String) throws {
        let text = try lock(one, "x").text.replacing(
            "\"path\":\"x\"", with: "\"at\":\"files/f/\(other)\",\"path\":\"x\"")
        let read = try Lock.parse(Array(text.utf8), path: "x.lock")
        #expect(throws: Diagnostics.self) { try Plan(read) }
    }

    @Test(arguments: pairs)
    func sumsAreReadByTheirBytes(_ one: String, _ other: String) throws {
        let digests = try ["a", "b"].map { try ContentHasher.sha256(Array($0.utf8).span) }
        let paths = [one, other].map { RelativePath(checked: $0) }
        let text = SumsFile.text([(paths[0], digests[0]), (paths[1], digests[1])])
        let sums = try #require(SumsFile.parse(Array(text.utf8)))
        #expect(sums.count == 2 && sums[paths[0]] == digests[0] && sums[paths[1]] == digests[1])
    }

    @Test(arguments: pairs)
    func aGlobOrAMatrixOfAnotherNameAsksForSomethingElse(_ one: String, _ other: String) {
        let asked = [one, other].map {
            Asked(source: "path:source", include: [$0], exclude: [], license: nil)
        }
        #expect(asked[0] != asked[1] && asked[0] == asked[0])
        let excluding = [one, other].map {
            Asked(source: "path:source", include: nil, exclude: [$0], license: nil)
        }
        #expect(excluding[0] != excluding[1])
        let requests = [one, other].map { name in
            ConversionRequest(
                from: "base",
                product: .gguf(ConversionRequest.GGUF(.converted(.f16), imatrix: name)))
        }
        let made = requests.map {
            Asked(content: .conversion($0), include: nil, exclude: [], license: nil)
        }
        #expect(made[0] != made[1])
    }

    @Test(arguments: pairs)
    func aTensorOfAnotherNameIsAnotherTensor(_ one: String, _ other: String) throws {
        let digest = try ContentHasher.sha256(Array("a".utf8).span)
        let tensors = [one, other].map {
            LockedTensor(
                file: "model.safetensors", name: $0, dtype: "F32", shape: [1], bytes: 0..<4, sha256: digest)
        }
        #expect(tensors[0] != tensors[1] && tensors[0] == tensors[0])
    }
}
