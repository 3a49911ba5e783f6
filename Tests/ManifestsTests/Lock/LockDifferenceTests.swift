import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import Storage

@Suite struct LockDifferenceTests {
    private func tensor(_ file: RelativePath, _ name: String, _ content: UInt8, at offset: Int) throws
        -> LockedTensor
    {
        LockedTensor(
            file: file, name: name, dtype: "F32", shape: [1], bytes: offset..<offset + 4,
            sha256: try Samples.digest([content]))
    }

    private func lock(_ entries: [(String, [LockedFile], [LockedTensor])]) -> Lock {
        Lock(
            bundle: Samples.bundle,
            entries: entries.map { name, files, tensors in
                LockedEntry(
                    name: name, kind: .model,
                    asked: Asked(source: "path:\(name)", include: nil, exclude: [], license: nil),
                    origin: .path, license: nil, facts: [], files: files, tensors: tensors)
            })
    }

    private func whole(_ values: [UInt8]) throws -> Lock {
        lock([
            (
                "m", [try Samples.file("model.safetensors", content: "whole \(values)")],
                try values.enumerated().map { try tensor("model.safetensors", "t\($0)", $1, at: $0 * 4) }
            )
        ])
    }

    @Test func equalLocksDoNotDiffer() throws {
        #expect(LockDifference(from: try whole([1, 2]), to: try whole([1, 2])).isEmpty)
    }

    @Test(arguments: [
        (["caf\u{E9}.json"], ["cafe\u{301}.json"]), (["a, b"], ["a", "b"]),
    ])
    func whatIsAskedInOtherBytesDiffers(_ one: [String], _ other: [String]) {
        func lock(_ include: [String]) -> Lock {
            let asked = Asked(source: "path:m", include: include, exclude: [], license: nil)
            return Lock(
                bundle: Samples.bundle,
                entries: [
                    LockedEntry(
                        name: "m", kind: .files, asked: asked, origin: .path, license: nil, facts: [],
                        files: [], tensors: [])
                ])
        }
        #expect(LockDifference(from: lock(one), to: lock(one)).isEmpty)
        #expect(LockDifference(from: lock(one), to: lock(other)).entries.map(\.change) == [.changed])
    }

    @Test func otherShardsOfTheSameWeightsAreToldFromChangedOnes() throws {
        let sharded = lock([
            (
                "m",
                [
                    try Samples.file("a.safetensors", content: "a"),
                    try Samples.file("b.safetensors", content: "b"),
                ],
                [try tensor("a.safetensors", "t1", 2, at: 8), try tensor("b.safetensors", "t0", 1, at: 8)]
            )
        ])
        let difference = LockDifference(from: try whole([1, 2]), to: sharded)
        #expect(
            difference.entries.first?.details.prefix(2) == [
                "size: 10 B → 20 B", "same weights, other files: all 2 tensors are equal",
            ])
        let changed = LockDifference(from: try whole([1, 2, 3]), to: try whole([1, 9, 3]))
        #expect(changed.entries.first?.details.first == "1 of 3 tensors differs: t1")
        #expect(changed.entries.first?.details.last?.hasPrefix("1 file changed: model.safetensors") == true)
    }

    @Test func theIdentityOfWeightsDoesNotDependOnShardsOrOrder() throws {
        let sharded = lock([
            (
                "m", [],
                [try tensor("a.safetensors", "t1", 2, at: 8), try tensor("b.safetensors", "t0", 1, at: 8)]
            )
        ])
        let identity = try #require(sharded.entries.first?.weights)
        #expect(identity.tensors == 2)
        #expect(try whole([1, 2]).entries.first?.weights == identity)
        #expect(try whole([2, 1]).entries.first?.weights != identity)
        #expect(try whole([1, 2, 2]).entries.first?.weights?.tensors == 3)
        #expect(sharded.text.contains("\"weights\":{\"sha256\":\"\(identity.sha256.hex)\",\"tensors\":2}"))
        #expect(try Lock.parse(Array(whole([1]).text.utf8), path: "x").text == whole([1]).text)
    }

    @Test func tensorsOfOtherFormatsAreNoPartOfTheIdentity() throws {
        let mixed = lock([
            (
                "m", [],
                [try tensor("a.gguf", "t0", 1, at: 8), try tensor("b.safetensors", "t0", 1, at: 8)]
            )
        ])
        #expect(try mixed.entries.first?.weights == (whole([1])).entries.first?.weights)
        #expect(lock([("m", [], [try tensor("a.gguf", "t0", 1, at: 8)])]).entries.first?.weights == nil)
    }

    @Test func whatABundleBecomesOnKaggleIsCompared() {
        func settings(_ model: BundleSettings.Model?) -> Lock {
            var bundle = Samples.bundle
            bundle.model = model
            return Lock(bundle: bundle, entries: [])
        }
        let model = BundleSettings.Model(framework: "transformers", variation: "7b", base: nil)
        let other = BundleSettings.Model(framework: "pyTorch", variation: "8b", base: "https://x.y/z")
        let became = LockDifference(from: settings(nil), to: settings(model))
        #expect(
            became.bundle == [
                "kind: dataset → model", "framework: none → transformers", "variation: none → 7b",
            ])
        #expect(
            LockDifference(from: settings(model), to: settings(other)).bundle == [
                "framework: transformers → pyTorch", "variation: 7b → 8b",
                "base-model: none → https://x.y/z",
            ])
    }

    @Test func entriesThatCameAndWentAreNamed() throws {
        let first = lock([("a", [], []), ("b", [], [])])
        let second = lock([("b", [], []), ("c", [], [])])
        let difference = LockDifference(from: first, to: second)
        #expect(difference.entries.map(\.name) == ["a", "c"])
        #expect(difference.entries.map(\.change) == [.removed, .added])
    }
}
