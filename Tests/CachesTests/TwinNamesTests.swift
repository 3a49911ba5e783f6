import Glibc
import TestSupport
import Testing

@testable import Caches
@testable import Formats
@testable import Manifests
@testable import Storage

/// Names in caches that `String` takes for equal, and names that are not UTF-8.
@Suite struct TwinNamesTests {
    private static let pairs = [
        ("a-Q4_K_M.txt", "a-Q4_\u{212A}_M.txt"), ("caf\u{E9}.txt", "cafe\u{301}.txt"),
        ("\u{C5}.txt", "\u{212B}.txt"),
    ]
    private static let commit = String(repeating: "a", count: 40)

    private static func listing(_ files: [(name: String, text: String)]) throws -> String {
        let members = try files.map { name, text -> JSON.Member in
            let bytes = Array(text.utf8)
            var hasher = try ContentHasher(gitBlobLength: bytes.count)
            try hasher.update(bytes.span)
            let blob = try #require(try hasher.finish().gitBlob)
            return JSON.Member(name, ["size": .integer(bytes.count), "blob_id": .string(blob.hex)])
        }
        return JSON.object([JSON.Member("format_version", 1), JSON.Member("files", .object(members))])
            .compactText
    }

    private func hub(
        _ directory: String, _ listed: [(name: String, text: String)],
        _ present: [(name: String, text: String)]
    ) throws
        -> Snapshot
    {
        let folder = directory + "/models--a--b"
        for file in present { try writeFile("\(folder)/snapshots/\(Self.commit)/\(file.name)", file.text) }
        try writeFile("\(folder)/trees/\(Self.commit).json", try Self.listing(listed))
        return try HubCache(root: directory).snapshot(
            HubRepository(kind: .model, id: "a/b"), revision: Self.commit)
    }

    @Test(arguments: pairs)
    func aListingOfOneNameProvesNothingOfTheOther(_ one: String, _ other: String) async throws {
        try await withTemporaryDirectory { directory in
            let snapshot = try hub(directory, [(one, "text")], [(other, "text")])
            #expect(snapshot.files.map(\.path) == [RelativePath(checked: other)])
            #expect(snapshot.files[0].evidence.isEmpty && snapshot.files[0].expectedSize == nil)
        }
    }

    @Test(arguments: pairs)
    func bothNamesHaveTheirOwnRecord(_ one: String, _ other: String) async throws {
        try await withTemporaryDirectory { directory in
            let files = [(one, "text"), (other, "another text")]
            let snapshot = try hub(directory, files, files)
            #expect(snapshot.problems.isEmpty)
            #expect(snapshot.files.count == 2 && snapshot.listed?.count == 2)
            for (name, text) in files {
                let file = try #require(snapshot.files.first { $0.path == RelativePath(checked: name) })
                #expect(file.expectedSize == text.utf8.count && file.status.size == text.utf8.count)
            }
        }
    }

    @Test(arguments: pairs)
    func aMarkerOfOneNameIsNoneOfTheOther(_ one: String, _ other: String) async throws {
        try await withTemporaryDirectory { directory in
            let folder = "\(directory)/datasets/owner/set"
            try writeFile("\(folder)/versions/1/\(other)", "text")
            try writeFile("\(folder)/.complete/1/\(one).complete", "")
            let handle = try KaggleHandle.parse(.dataset, "owner/set/versions/1")
            let snapshot = try KagglehubCache(root: directory).snapshot(handle)
            let codes = snapshot.problems.map(\.code.rawValue)
            #expect(codes.sorted() == ["download-interrupted", "download-partial"])
        }
    }

    @Test func aNameThatIsNotUTF8IsRefusedByItsDirectory() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile("\(directory)/d/good.bin", "x")
            let name: [CChar] =
                Array("\(directory)/d/".utf8CString.dropLast()) + [CChar(bitPattern: 0xE9), 0]
            let file = unsafe name.withUnsafeBufferPointer { name in
                guard let start = name.baseAddress else { return Int32(-1) }
                return unsafe open(start, O_CREAT | O_WRONLY, 0o644)
            }
            #expect(file >= 0)
            close(file)
            let snapshot = try LocalDirectory("d", relativeTo: directory).snapshot()
            #expect(snapshot.files.map(\.path) == ["good.bin"])
            let problem = try #require(snapshot.found.first)
            #expect(problem.diagnostic.code.rawValue == "name-refused")
            #expect(problem.diagnostic.message.contains("is not valid UTF-8"))
            // Whoever takes everything hears of it, and whoever leaves it out does not.
            #expect(snapshot.problems(taking: { $0 != "good.bin" }).count == 1)
            #expect(snapshot.problems(takingFiles: { _ in true }).isEmpty)
        }
    }
}
