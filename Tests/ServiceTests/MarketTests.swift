import Formats
import Storage
import Synchronization
import Testing

@testable import Service

/// Gives models that a test names, and counts how often it was looked.
private final class Shelves: MarketSource {
    let models: [MarketModel]
    let looks = Mutex(0)
    let questions = Mutex(0)
    /// What happens before a look ends.
    let meanwhile = Mutex<(@Sendable () -> Void)?>(nil)
    /// Whether details are not to be had yet.
    let isSlow = Atomic(false)

    init(_ models: [MarketModel]) { self.models = models }

    func read(
        _ known: [ExactName: MarketModel], _ found: (MarketModel) -> Void, progress: (Int, Int) -> Bool
    ) {
        looks.withLock { $0 += 1 }
        models.forEach(found)
        meanwhile.withLock { $0 }?()
        _ = progress(models.count, models.count)
    }

    func has(_ id: String) -> Bool {
        questions.withLock { $0 += 1 }
        return models.contains { $0.id.hasSameBytes(as: id) }
    }

    func details(_ model: MarketModel, revision: String?, tensors: Range<Int>) -> JSON? {
        while isSlow.load(ordering: .acquiring) { pause(milliseconds: 1) }
        return model.summary
    }
    func search(_ search: MarketSearch, on place: MarketSearch.Service, isOwner: Bool) -> MarketAnswer {
        .unreachable("no network")
    }
    func health() -> JSON { [:] }
}

private func model(_ name: String, _ more: [JSON.Member] = []) throws -> MarketModel {
    let members = [JSON.Member("id", .string("hf:\(name)")), JSON.Member("name", .string(name))] + more
    return try #require(MarketModel(.object(members), key: name))
}

private func list(_ query: String, _ models: [MarketModel]) throws -> JSON {
    let target = try #require(RequestTarget(Array("/api/marketplace/models?\(query)".utf8)))
    return try MarketList(target).answer(MarketShelf(Shelves(models)).view(MarketViewer(nil)))
}

private func names(_ answer: JSON) -> [String] {
    answer["models"]?.array?.compactMap { $0["name"]?.string } ?? []
}

/// The ids of what somebody with a token to write sees.
private func seen(_ name: String, _ shelf: MarketShelf) -> [String] {
    guard let digest = AccessToken.digest(of: AccessToken.generate()) else { return [] }
    let viewer = MarketViewer(AccessToken(name: name, scope: .write, digest: digest))
    return shelf.view(viewer).state.models.keys.map(\.text).sortedByBytes()
}

struct MarketTests {
    private let several: [MarketModel]

    init() throws {
        several = [
            try model(
                "b/Two",
                [
                    .init("size", 300), .init("license", "mit"), .init("tags", ["x", "y"]),
                    .init("task", "text-generation"), .init("formats", ["gguf"]), .init("installed", true),
                ]),
            try model(
                "a/one",
                [
                    .init("size", 100), .init("license", "MIT"), .init("tags", ["x"]),
                    .init("installed", false),
                ]),
            try model("c/three", [.init("size", 200), .init("updated", "2026-11-30")]),
        ]
    }

    @Test(arguments: [
        ("", ["a/one", "b/Two", "c/three"]), ("license=mit", ["a/one", "b/Two"]), ("tags=x,Y", ["b/Two"]),
        ("framework=GGUF", ["b/Two"]), ("min_size=150&max_size=250", ["c/three"]),
        ("installed=true", ["b/Two"]),
        ("installed=false", ["a/one"]), ("query=tWo+gguf", ["b/Two"]), ("query=two+one", []),
        ("sort=size", ["b/Two", "c/three", "a/one"]), ("sort=updated", ["c/three", "a/one", "b/Two"]),
        ("task=text-generation", ["b/Two"]), ("license=", ["a/one", "b/Two", "c/three"]),
    ])
    func filtersAndOrders(_ query: String, _ expected: [String]) throws {
        #expect(names(try list(query, several)) == expected)
    }

    @Test(arguments: [
        "sort=color", "limit=0", "limit=501", "limit=x", "installed=yes", "min_size=5&max_size=4",
        "min_size=-1",
        "cursor=!", "cursor=W10", "license=a&license=b", "min_size=99999999999999999999", "query=%01",
    ])
    func whatMeansNothingIsRefused(_ query: String) throws {
        let target = try #require(RequestTarget(Array("/api/marketplace/models?\(query)".utf8)))
        #expect(throws: ModelRefusal.self) { try MarketList(target) }
    }

    @Test(arguments: ["name", "size", "updated", "parameters"])
    func pagesHaveEveryModelOnce(_ order: String) throws {
        let models = try (0..<57).map { number in
            try model(
                "n/\(number)",
                [.init("size", .integer(number % 5)), .init("parameters", .integer(number % 3))])
        }
        var seen: [String] = []
        var cursor = ""
        for _ in 0..<20 {
            let page = try list("sort=\(order)&limit=10\(cursor)", models)
            #expect(page["count"]?.integer == 57)
            seen += names(page)
            guard let next = page["next"]?.string else { break }
            #expect(
                next.utf8.allSatisfy {
                    $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/")
                })
            cursor = "&cursor=\(next)"
        }
        #expect(seen.count == 57 && Set(seen).count == 57)
    }

    @Test func aCursorOfAnotherOrderIsRefused() throws {
        let page = try list("sort=size&limit=1", several)
        let next = try #require(page["next"]?.string)
        #expect(throws: ModelRefusal.self) { try list("sort=name&limit=1&cursor=\(next)", several) }
    }

    @Test func choicesAreCountedWithTheMostFrequentFirst() throws {
        let choices = try list("", several)["choices"]
        let tags = choices?["tags"]?.array ?? []
        #expect(tags.first?["value"]?.string == "x" && tags.first?["count"]?.integer == 2)
        #expect(choices?["framework"]?.array?.first?["value"]?.string == "gguf")
    }

    @Test func lineageGoesBothWaysAndNeverInCircles() throws {
        func made(_ name: String, _ bases: [String]) throws -> MarketModel {
            try model(name, [.init("base_models", .array(bases.map(JSON.string)))])
        }
        let all = [
            try made("a/base", []), try made("a/tuned", ["A/Base"]), try made("a/quantized", ["a/tuned"]),
            try made("a/merge", ["a/tuned", "b/elsewhere"]), try made("a/round", ["a/trip"]),
            try made("a/trip", ["a/round"]), try made("a/own", ["a/own"]),
        ]
        let byID = Dictionary(uniqueKeysWithValues: all.map { (ExactName($0.id), $0) })
        let lineage = MarketLineage(byID)
        func related(_ index: Int, _ side: String) -> [String] {
            lineage.json(all[index])[side]?.array?.compactMap { $0["name"]?.string } ?? []
        }
        #expect(related(2, "bases") == ["a/tuned", "a/base"])
        #expect(related(0, "derived") == ["a/tuned", "a/merge", "a/quantized"])
        #expect(related(3, "bases") == ["a/tuned", "b/elsewhere", "a/base"])
        #expect(related(4, "bases") == ["a/trip"] && related(4, "derived") == ["a/trip"])
        #expect(related(6, "bases").isEmpty && related(6, "derived").isEmpty)
    }

    @Test func manyQuestionsAreOneLook() throws {
        let source = Shelves(several)
        let shelf = MarketShelf(source)
        for _ in 0..<50 { #expect(shelf.current().models.count == 3) }
        #expect(source.looks.withLock { $0 } == 1)
        #expect(shelf.model("hf:a/one") != nil && source.questions.withLock { $0 } == 0)
        // Nobody looks through everything for what is not there.
        for _ in 0..<5 { #expect(shelf.model("hf:a/none") == nil) }
        #expect(source.looks.withLock { $0 } == 1)
    }

    @Test func othersSeeWhatIsPublicAlone() throws {
        func stored(_ user: String, _ visibility: String) throws -> MarketModel {
            try model(
                "\(user)/\(visibility)",
                [.init("user", .string(user)), .init("visibility", .string(visibility))])
        }
        let digest = try #require(AccessToken.digest(of: AccessToken.generate()))
        func viewer(_ name: String, _ scope: AccessToken.Scope) -> MarketViewer {
            MarketViewer(AccessToken(name: name, scope: scope, digest: digest))
        }
        let all = [try stored("anna", "private"), try stored("anna", "public"), try model("a/cached")]
        func seen(_ viewer: MarketViewer) -> [Bool] { all.map(viewer.sees) }
        #expect(seen(MarketViewer(nil)) == [true, true, true])
        #expect(seen(viewer("anna", .read)) == [true, true, true])
        #expect(seen(viewer("bert", .write)) == [false, true, true])
        #expect(seen(viewer("bert", .admin)) == [true, true, true])
        let state = MarketShelf(Shelves(all)).current()
        #expect(viewer("bert", .read).shown(state).models.count == 2)
        let places: JSON = ["caches": [["path": "/home/anna", "size": 1]]]
        #expect(viewer("bert", .read).shown(places, without: ["path"]) == ["caches": [["size": 1]]])
        #expect(viewer("bert", .admin).shown(places, without: ["path"]) == places)
    }

    /// A model of anna's that all see.
    private func open(_ name: String) throws -> MarketModel {
        try model("anna/\(name)", [.init("user", "anna"), .init("visibility", "public")])
    }

    @Test func whatIsHiddenIsGoneForOthersAlsoWhileSomebodyLooks() throws {
        let source = Shelves([try open("one"), try open("two")])
        let shelf = MarketShelf(source)
        #expect(seen("bert", shelf) == ["hf:anna/one", "hf:anna/two"])
        // Somebody looks, has read both, and has not come to an end; the others are answered with what is known.
        source.meanwhile.withLock {
            $0 = {
                shelf.forget(hidden: ["hf:anna/one"])
                #expect(seen("bert", shelf) == ["hf:anna/two"])
                #expect(seen("anna", shelf) == ["hf:anna/one", "hf:anna/two"])
            }
        }
        shelf.forget()
        #expect(seen("bert", shelf) == ["hf:anna/two"], "the look that began before")
        source.meanwhile.withLock { $0 = nil }
        #expect(
            seen("bert", shelf) == ["hf:anna/one", "hf:anna/two"], "the next one reads what it is now")
    }

    @Test func whatIsHiddenDuringTheFirstLookIsNotShown() throws {
        let source = Shelves([try open("one"), try open("two")])
        let shelf = MarketShelf(source)
        source.meanwhile.withLock { $0 = { shelf.forget(hidden: ["hf:anna/two"]) } }
        #expect(seen("bert", shelf) == ["hf:anna/one"])
    }

    @Test(arguments: [0, 1, 8])
    func whoeverWaitsForDetailsHoldsNoMoreThreadsThanTheyMay(_ mostWaiting: Int) async throws {
        let source = Shelves(several)
        source.isSlow.store(true, ordering: .releasing)
        let shelf = MarketShelf(source, mostWaiting: mostWaiting)
        let one = try #require(shelf.model("hf:a/one"))
        let refused = Atomic(0)
        try await Threads.run(12) { _ in
            do throws(ModelRefusal) {
                _ = try shelf.details(one, revision: nil, tensors: 0..<1)
            } catch {
                #expect(error.status == 503)
                if refused.wrappingAdd(1, ordering: .relaxed).newValue == 11 - mostWaiting {
                    // All others are where they wait.
                    source.isSlow.store(false, ordering: .releasing)
                }
            }
        }
        #expect(refused.load(ordering: .relaxed) == 11 - mostWaiting)
    }

    @Test func tasksHaveCategories() {
        #expect(MarketCategory.name(task: "Text-Generation", kind: "model") == "language")
        #expect(MarketCategory.name(task: "computer_vision", kind: "model") == "vision")
        #expect(MarketCategory.name(task: "text-generation", kind: "dataset") == "dataset")
        #expect(MarketCategory.name(task: nil, kind: "model") == "other")
    }

    @Test func pathsOfTheMarketplace() {
        #expect(Market.owns(["api", "marketplace", "models"]) && Market.owns(["api", "health"]))
        #expect(
            !Market.owns(["api", "models"]) && !Market.owns(["api"]) && !Market.owns(["api", "health", "x"]))
    }
}
