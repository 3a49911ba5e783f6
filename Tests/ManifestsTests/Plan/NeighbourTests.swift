import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import Storage

/// Entries with ONNX models, whose graphs and data have contents of these names.
private func entry(
    _ name: String, graph: String, data: String, dataSize: Int = 1_000_000_000,
    dataName: String = "model.onnx_data"
) throws -> LockedEntry {
    try Samples.entry(
        name,
        files: [
            Samples.file("onnx/model.onnx", content: graph, size: 1000),
            Samples.file(RelativePath(checked: "onnx/\(dataName)"), content: data, size: dataSize),
        ]
    ).with(facts: [
        JSON.Member(
            FileRequirement.fact,
            .array([
                FileRequirement(.externalData, by: "onnx/model.onnx", all: ["onnx/\(dataName)"]).json
            ]))
    ])
}

private func places(_ lock: Lock, _ name: String) -> [String] {
    (lock.entry(named: name)?.files ?? []).map { file in
        switch file.placement {
        case .natural: "natural"
        case .at(let path): path.text
        case .segments: "segments"
        case .base(_, let path): "base: \(path)"
        }
    }
}

struct NeighbourTests {
    @Test(arguments: [BundleSettings.Deduplication.file, .tensor])
    func storesAGraphTwiceWhoseDataDiffer(_ deduplication: BundleSettings.Deduplication) throws {
        let lock = try Samples.lock(
            Samples.settings(deduplication: deduplication),
            [entry("a", graph: "g", data: "1"), entry("b", graph: "g", data: "2")])
        #expect(places(lock, "a") == ["natural", "natural"])
        #expect(places(lock, "b") == ["natural", "natural"])
        #expect(try Plan(lock).stored.count == 4)
    }

    @Test func sharesAnEqualModelAsAWhole() throws {
        let lock = try Samples.lock(
            Samples.bundle, [entry("a", graph: "g", data: "1"), entry("b", graph: "g", data: "1")])
        #expect(places(lock, "b") == ["models/a/onnx/model.onnx", "models/a/onnx/model.onnx_data"])
        #expect(try Plan(lock).stored.count == 2)
    }

    /// What opens a graph takes its data from beside it, so that a base has to have both, and so.
    @Test func takesAGraphAndItsDataFromABaseTogetherOrNotAtAll() throws {
        let one = try Samples.lock(Samples.settings(name: "one"), [entry("a", graph: "g", data: "1")])
        let base = try BaseBundle(asked: "one.lock", bytes: one.bytes, path: "one.lock", isBundled: false)
        let entries = [
            try entry("b", graph: "g", data: "1"), try entry("c", graph: "g", data: "2"),
            try entry("d", graph: "g", data: "1"),
        ]
        let together = try #require(
            Lock.placing(Samples.settings(name: "two"), [entries[0], entries[2]], bases: [base]) { _ in nil })
        #expect(
            places(together, "b") == [
                "base: models/a/onnx/model.onnx", "base: models/a/onnx/model.onnx_data",
            ])
        #expect(places(together, "d") == places(together, "b"))
        // The graph is beside other data in one of them, and is stored for all.
        let apart = try #require(
            Lock.placing(Samples.settings(name: "two"), entries, bases: [base]) { _ in nil })
        #expect(places(apart, "c") == ["natural", "natural"])
        #expect(places(apart, "b") == ["natural", "natural"])
        #expect(try Plan(apart).throughBases.isEmpty)
    }

    @Test func putsGraphsBesideLargeDataThatTheyShare() throws {
        let lock = try Samples.lock(
            Samples.bundle, [entry("a", graph: "g", data: "1"), entry("b", graph: "h", data: "1")])
        let data = try Samples.store("1").text
        #expect(places(lock, "a") == [try Samples.store("g").text, data])
        #expect(places(lock, "b") == [try Samples.store("h").text, data])
        #expect(try Plan(lock).stored.count == 3)
    }

    @Test func storesSmallDataTwice() throws {
        let lock = try Samples.lock(
            Samples.bundle,
            [
                entry("a", graph: "g", data: "1", dataSize: 1000),
                entry("b", graph: "h", data: "1", dataSize: 1000),
            ])
        #expect(places(lock, "a") == ["natural", "natural"])
        #expect(places(lock, "b") == ["natural", "natural"])
    }

    @Test(arguments: BundleSettings.Deduplication.allCases)
    func keepsTogetherWhereANameDoesNotSurvive(_ deduplication: BundleSettings.Deduplication) throws {
        let lock = try Samples.lock(
            Samples.settings(deduplication: deduplication),
            [entry("a", graph: "g", data: "1", dataName: "onnx::MatMul_7")])
        #expect(places(lock, "a") == [try Samples.store("g").text, try Samples.store("1").text])
        #expect(try Plan(lock).stored.map(\.path).allSatisfy { $0.hasPrefix("store/") })
    }

    @Test func doesNotShareDataWithAFileThatStandsAlone() throws {
        let alone = try Samples.entry("a", files: [Samples.file("copy.bin", content: "1", size: 1000)])
        let lock = try Samples.lock(
            Samples.bundle, [alone, entry("b", graph: "g", data: "1", dataSize: 1000)])
        #expect(places(lock, "a") == ["natural"])
        #expect(places(lock, "b") == ["natural", "natural"])
    }

    @Test func sharesOtherFilesAsBefore() throws {
        func with(_ name: String) throws -> LockedEntry {
            let model = try entry(name, graph: "g", data: name)
            return model.with(files: try [Samples.file("config.json", content: "c")] + model.files)
        }
        let lock = try Samples.lock(Samples.bundle, [with("a"), with("b")])
        #expect(places(lock, "b") == ["models/a/config.json", "natural", "natural"])
    }
}
