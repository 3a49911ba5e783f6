import Formats
import TestSupport
import Testing

@testable import Caches
@testable import Conversion
@testable import Manifests
@testable import Storage

@Suite struct KagglehubCacheTests {
    private let cache = CacheFixtures.kagglehub

    @Test func readsAVersion() throws {
        let snapshot = try cache.snapshot(CacheFixtures.kaggle("tiny/bert/transformers/small/1"))
        #expect(try snapshot.origin == .kaggle(CacheFixtures.kaggle("tiny/bert/transformers/small/1")))
        #expect(snapshot.paths == ["config.json", "model.safetensors"])
        #expect(snapshot.files.allSatisfy { $0.evidence.isEmpty && $0.expectedSize == nil })
        #expect(snapshot.problems.isEmpty)
        let table = try cache.snapshot(CacheFixtures.kaggle("tiny/table/versions/3", .dataset))
        #expect(table.paths == ["train.csv"])
        #expect(table.directory.hasSuffix("/datasets/tiny/table/versions/3"))
        #expect(table.problems.isEmpty)
    }

    @Test func takesTheNewestCompleteVersionAndSaysWhatItPassedOver() throws {
        let handle = try CacheFixtures.kaggle("tiny/bert/transformers/small")
        #expect(try cache.resolve(handle).version == 2)
        let snapshot = try cache.snapshot(handle)
        #expect(try snapshot.origin == .kaggle(CacheFixtures.kaggle("tiny/bert/transformers/small/2")))
        #expect(snapshot.problem("newer-incomplete")?.message.contains("version 10") == true)
        #expect(snapshot.problem("archive-left")?.severity == .note)
    }

    @Test func readsCompetitionsAndOutputsOfNotebooks() async throws {
        try await withTemporaryDirectory { directory in
            let marker = "notebooks/me/n/output-{handle.version!s}.complete"
            for path in [
                "competitions/titanic/sub/train.csv", "competitions/titanic.complete",
                "competitions/.complete/half/a.csv.complete", "competitions/half/a.csv",
                "competitions/broken/a.csv", "notebooks/me/n/output/versions/2/x.txt",
                "notebooks/me/n/output/versions/10/y.txt", marker,
                "notebooks/me/one/output/versions/1/z.txt",
                "notebooks/me/one/.complete/output-1/z.txt.complete",
            ] {
                try writeFile("\(directory)/\(path)", "")
            }
            let cache = KagglehubCache(root: directory)
            #expect(
                cache.handles().map { Source.kaggle($0).text } == [
                    "kaggle-competition:broken", "kaggle-competition:half", "kaggle-competition:titanic",
                    "kaggle-notebook:me/n/versions/2", "kaggle-notebook:me/n/versions/10",
                    "kaggle-notebook:me/one/versions/1",
                ])
            let titanic = try cache.snapshot(CacheFixtures.kaggle("titanic", .competition))
            #expect(titanic.paths == ["sub/train.csv"] && titanic.problems.isEmpty)
            #expect(try titanic.origin == .kaggle(CacheFixtures.kaggle("titanic", .competition)))
            #expect(!titanic.origin.isPinned)
            let newest = try cache.snapshot(CacheFixtures.kaggle("me/n", .notebook))
            #expect(newest.paths == ["y.txt"] && newest.problems.isEmpty && newest.origin.isPinned)
            for (handle, code) in [("half", "download-partial"), ("broken", "download-interrupted")] {
                let snapshot = try cache.snapshot(CacheFixtures.kaggle(handle, .competition))
                #expect(snapshot.problems.map(\.code.rawValue) == [code])
            }
            let one = try cache.snapshot(CacheFixtures.kaggle("me/one", .notebook))
            #expect(one.problems.map(\.code.rawValue) == ["download-partial"])
        }
    }

    @Test(arguments: ["a/b", "a/b/versions/1", "", "a b"])
    func isNoCompetition(_ text: String) {
        #expect(throws: SourceError.self) { try KaggleHandle.parse(.competition, text) }
    }

    @Test func refusesAVersionWithoutItsMarker() throws {
        let snapshot = try cache.snapshot(CacheFixtures.kaggle("tiny/bert/transformers/small/10"))
        let problem = try #require(snapshot.problem("download-interrupted"))
        #expect(problem.severity == .error)
        #expect(problem.notes.count == 2)
        #expect(problem.notes.last?.hasSuffix("small/10.archive") == true)
        #expect(
            problem.fix?.hasPrefix("kagglehub.model_download(\"tiny/bert/transformers/small/10\")") == true)
    }

    @Test func takesSingleFilesThatHaveTheirMarker() throws {
        let snapshot = try cache.snapshot(CacheFixtures.kaggle("tiny/bert/pyTorch/single"))
        #expect(try snapshot.origin == .kaggle(CacheFixtures.kaggle("tiny/bert/pyTorch/single/3")))
        #expect(snapshot.problem("download-partial")?.severity == .warning)
        #expect(snapshot.problem("download-interrupted")?.notes == ["sub/model.pt"])
        #expect(
            snapshot.problems(taking: { $0 == "config.json" }).map(\.code.rawValue) == ["download-partial"])
    }

    @Test func refusesAHandleOfWhichNothingIsComplete() throws {
        let handle = try CacheFixtures.kaggle("tiny/killed", .dataset)
        let found = findings { () throws(Diagnostics) in try cache.snapshot(handle) }
        #expect(found.map(\.code.rawValue) == ["not-cached"])
        #expect(found.first?.notes == ["cached versions:", "1 (not complete)"])
        #expect(found.first?.fix == "kagglehub.dataset_download(\"tiny/killed\")")
    }

    @Test func saysWhichVersionsAreThere() throws {
        let handle = try CacheFixtures.kaggle("tiny/bert/transformers/small/7")
        let found = findings { () throws(Diagnostics) in try cache.resolve(handle) }
        #expect(found.map(\.code.rawValue) == ["revision-not-cached"])
        #expect(found.first?.notes == ["cached versions:", "1", "2", "10 (not complete)"])
        #expect(found.first?.verdict == .undecided)
    }

    @Test(arguments: [
        ("tiny/bert/Transformers/small", "tiny/bert/transformers/small"),
        ("Tiny/Bert/pytorch/single/3", "tiny/bert/pyTorch/single"),
        ("tiny/bert/transformers/smal", "tiny/bert/transformers/small"),
    ]) func asksWhetherAnotherHandleWasMeant(_ text: String, _ meant: String) throws {
        let handle = try CacheFixtures.kaggle(text)
        let found = findings { () throws(Diagnostics) in try cache.snapshot(handle) }
        #expect(found.map(\.code.rawValue) == ["not-cached"])
        #expect(found.first?.notes == ["did you mean \(meant)?"])
    }

    @Test func listsAllHandlesInOrder() {
        #expect(
            cache.handles().map(\.text) == [
                "tiny/bert/pyTorch/single/3", "tiny/bert/transformers/small/1",
                "tiny/bert/transformers/small/2",
                "tiny/bert/transformers/small/10", "tiny/killed/versions/1", "tiny/table/versions/3",
                "tiny/table/versions/4",
            ])
    }

    @Test(arguments: ["0", "01", "+1", "1_0", " 1", "", "99999999999999999999", "v1", "\u{FF11}"])
    func doesNotTakeForAVersion(_ name: String) {
        #expect(KaggleHandle.version(name) == nil)
    }

    @Test func refusesLinksOutOfAVersion() async throws {
        try await withTemporaryDirectory { directory in
            let folder = "\(directory)/datasets/a/bcd"
            try writeFile("\(folder)/versions/1/good", "x")
            try writeFile("\(folder)/1.complete", "")
            try makeLink("\(folder)/versions/1/inside", to: "good")
            try makeLink("\(folder)/versions/1/marker", to: "../../1.complete")
            try makeLink("\(folder)/versions/1/out", to: "/etc/hostname")
            try makeLink("\(directory)/models", to: "/usr")
            let cache = KagglehubCache(root: directory)
            let snapshot = try cache.snapshot(CacheFixtures.kaggle("a/bcd", .dataset))
            #expect(snapshot.paths == ["good", "inside"])
            #expect(snapshot.problems.map(\.code.rawValue) == ["link-escapes", "link-escapes"])
            let model = try CacheFixtures.kaggle("a/b/c/d")
            let found = findings { () throws(Diagnostics) in try cache.snapshot(model) }
            #expect(found.map(\.code.rawValue) == ["link-escapes"])
        }
    }

    @Test func saysThatThereIsNoCache() throws {
        let handle = try CacheFixtures.kaggle("a/b/c/d")
        let found = findings { () throws(Diagnostics) in
            try KagglehubCache(root: "/no/such/cache").snapshot(handle)
        }
        #expect(found.map(\.code.rawValue) == ["cache-missing"])
    }
}
