import Formats
import Manifests
import Storage
import TestSupport
import Testing

@testable import Catalogue

/// Adds a version with one file.
private func add(
    _ catalogue: ModelCatalogue, _ name: String, version: String = "v1", isPublic: Bool = false,
    content: String = "content"
) throws {
    let incoming = try catalogue.store.receive()
    try incoming.write(Array(content.utf8).span)
    let kept = try catalogue.keep(incoming, try incoming.finish())
    let parts = name.utf8.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
    try catalogue.add(
        ModelVersion(
            user: parts[0], model: parts[1], version: version,
            document: [
                "name": .string(parts[1]), "visibility": .string(isPublic ? "public" : "private"),
                "tags": ["a tag"],
            ],
            files: [StoredFile(path: "weights.bin", content: kept.content)]), [kept])
}

struct ModelCatalogueTests {
    @Test(arguments: [true, false], [true, false])
    func oneVersionIsFoundWithoutALookAtTheOthers(_ isNewest: Bool, _ isPublicOnly: Bool) async throws {
        try await withTemporaryDirectory { directory in
            let catalogue = try ModelCatalogue(directory: directory)
            try add(catalogue, "anna/small")
            let plan = try catalogue.look { connection in
                let query = ModelCatalogue.query(isNewest: isNewest, isPublicOnly: isPublicOnly)
                var statement = try connection.statement("EXPLAIN QUERY PLAN " + query)
                var lines: [String] = []
                while let row = try statement.next() { lines.append(row.last?.text ?? "") }
                return lines
            }
            #expect(plan.contains { $0.containsUTF8("user=? AND model=?") })
            #expect(!plan.contains { $0.containsUTF8("SCAN") || $0.containsUTF8("(user=?)") })
        }
    }

    @Test func theNewestVersionCountsAndForOthersTheNewestThatIsPublic() async throws {
        try await withTemporaryDirectory { directory in
            let catalogue = try ModelCatalogue(directory: directory)
            try add(catalogue, "anna/small", version: "v2", isPublic: true)
            try add(catalogue, "anna/small", version: "v1", isPublic: true)
            try add(catalogue, "anna/small", version: "v3")
            try add(catalogue, "bert/other", isPublic: true)
            try add(catalogue, "bert/own")
            func found(_ isPublicOnly: Bool) throws -> String? {
                try catalogue.find(
                    user: "anna", model: "small", version: nil, isPublicOnly: isPublicOnly, withFiles: false)?
                    .version
            }
            #expect(try found(false) == "v3")
            #expect(try found(true) == "v1")
            var seen: [String] = []
            try catalogue.newest { models, count in
                #expect(count == 3)
                seen += models.map { "\($0.version.model) \($0.version.version) \($0.open?.version ?? "-")" }
                return true
            }
            #expect(seen == ["small v3 v1", "other v1 -", "own v1 -"])
            #expect(try catalogue.delete(user: "anna", model: "small", version: "v3") == 1)
            #expect(try found(false) == "v1")
        }
    }

    @Test func theNameOfWhatItsOwnerAloneSawStaysKnownWhenItIsGone() async throws {
        try await withTemporaryDirectory { directory in
            let catalogue = try ModelCatalogue(directory: directory)
            let store = RepositoryStore(catalogue)
            func former() throws -> [String] {
                try catalogue.formerNames(.model).map { "\($0.id) of \($0.owner)" }
            }
            try add(catalogue, "anna/small")
            try add(catalogue, "anna/small", version: "v2")
            try add(catalogue, "anna/open", isPublic: true)
            #expect(try catalogue.delete(user: "anna", model: "small", version: "v1") == 1)
            #expect(try catalogue.delete(user: "anna", model: "open", version: nil) == 1)
            #expect(try former() == [])
            #expect(try catalogue.delete(user: "anna", model: "small", version: nil) == 1)
            #expect(try former() == ["anna/small of anna"])
            try add(catalogue, "anna/small", isPublic: true)
            #expect(try catalogue.delete(user: "anna", model: "small", version: nil) == 1)
            #expect(try former() == [])
            let repository = HubRepository(kind: .model, id: "anna/own")
            try store.create(repository, isPrivate: true, files: [], [], author: "anna")
            let made = try #require(try store.find(repository))
            try store.rename(made, to: HubRepository(kind: .model, id: "anna/moved"))
            #expect(try former() == ["anna/own of anna"])
            try store.delete(try #require(try store.find(HubRepository(kind: .model, id: "anna/moved"))))
            #expect(try former() == ["anna/moved of anna", "anna/own of anna"])
        }
    }

    @Test func aListThatGoesOnLeavesOutWhatBecamePrivate() async throws {
        try await withTemporaryDirectory { directory in
            let catalogue = try ModelCatalogue(directory: directory)
            try add(catalogue, "anna/one", isPublic: true)
            try add(catalogue, "anna/two", isPublic: true)
            let numbers = try catalogue.numbers(ModelFilter(user: "anna", isPublicOnly: true))
            _ = try catalogue.replace(user: "anna", model: "two", version: nil) { _ in
                ["name": "two", "visibility": "private"]
            }
            func count(_ isPublicOnly: Bool) throws -> Int {
                try catalogue.texts(of: numbers[...], isPublicOnly: isPublicOnly, limit: 1 << 20).texts.count
            }
            #expect(try numbers.count == 2 && count(true) == 1 && count(false) == 2)
        }
    }

    @Test func whoeverLooksAtAllModelsCanEndThat() async throws {
        try await withTemporaryDirectory { directory in
            let catalogue = try ModelCatalogue(directory: directory)
            for number in 0..<130 { try add(catalogue, "anna/m\(number)") }
            var parts: [Int] = []
            try catalogue.newest { models, _ in
                parts.append(models.count)
                return parts.count < 2
            }
            #expect(parts == [64, 64])
        }
    }

    @Test func contentIsSweptWithItsLastVersion() async throws {
        try await withTemporaryDirectory { directory in
            let catalogue = try ModelCatalogue(directory: directory)
            try add(catalogue, "anna/one", content: "shared")
            try add(catalogue, "anna/two", content: "shared")
            let digest = try ContentHasher.sha256(Array("shared".utf8).span)
            func isThere() throws -> Bool { try FileStatus.existing(catalogue.store.path(of: digest)) != nil }
            #expect(try catalogue.delete(user: "anna", model: "one", version: nil) == 1)
            try catalogue.sweepDeleted()
            #expect(try isThere())
            #expect(try catalogue.delete(user: "anna", model: "two", version: nil) == 1)
            try catalogue.sweepDeleted()
            #expect(try !isThere())
        }
    }

    @Test func wordsAndTagsAreFoundInAnyCapitalsAndNothingElseIsSpecial() async throws {
        try await withTemporaryDirectory { directory in
            let catalogue = try ModelCatalogue(directory: directory)
            try add(catalogue, "anna/DistilBERT")
            try add(catalogue, "anna/other")
            func count(_ words: [String], _ tags: [String] = []) throws -> Int {
                var filter = ModelFilter(user: "anna", isPublicOnly: false)
                (filter.words, filter.tags) = (words, tags)
                return try catalogue.numbers(filter).count
            }
            #expect(try count(["bert"]) == 1 && count(["BE"]) == 1)
            #expect(try count(["\"", "OR"]) == 0 && count(["dist%"]) == 0 && count(["dist*"]) == 0)
            #expect(try count([], ["a tag"]) == 2 && count([], ["tag"]) == 0)
        }
    }

    @Test func aSecondServerGetsNoCatalogueThatIsInUse() async throws {
        try await withTemporaryDirectory { directory in
            let catalogue = try ModelCatalogue(directory: directory)
            #expect(throws: ModelCatalogue.Problem.self) { try ModelCatalogue(directory: directory) }
            withExtendedLifetime(catalogue) {}
        }
    }
}
