import Catalogue
import Formats
import Manifests
import ModelFacts
import Storage

/// Tells the client how to send each file: in the commit, or before it as a large one.
struct HubPreupload {
    private let store: RepositoryStore
    private let repository: StoredRepository
    private let revision: String

    /// From this size on a file is large, in bytes, as on the Hub.
    static let largeSize = 10 << 20
    /// The most files of one question: the client asks for 256.
    private static let fileLimit = 10_000
    /// The most bytes of a `.gitattributes` or `.gitignore` that count.
    private static let textLimit = 1 << 20

    /// Asks for files that would be in the next commit of a branch.
    init(_ store: RepositoryStore, _ repository: StoredRepository, _ revision: String) {
        self.store = store
        self.repository = repository
        self.revision = revision
    }

    /// The answer to a question.
    func answer(_ question: JSON) throws(HubRefusal) -> Response {
        guard let asked = question["files"]?.array, asked.count <= HubPreupload.fileLimit else {
            throw HubRefusal(400, nil, "the question names no files, or too many")
        }
        let present: [RepositoryFile]
        do throws(RepositoryStore.Problem) {
            guard let commit = try store.commit(repository, revision) else {
                throw RepositoryStore.Problem.missing
            }
            present = try store.files(commit)
        } catch {
            throw HubRefusal(error)
        }
        let byPath = Dictionary(present.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        let large = GitPatterns.large(HubPreupload.text(byPath[".gitattributes"], store) ?? "")
        let ignored = GitPatterns.ignoring(
            question["gitIgnore"]?.string ?? HubPreupload.text(byPath[".gitignore"], store) ?? "")
        var answers: [JSON] = []
        var steps = GitPatterns.steps
        for file in asked {
            guard let text = file["path"]?.string, let size = file["size"]?.integer, size >= 0 else {
                throw HubRefusal(400, nil, "a file has no path or no size")
            }
            let path = try HubPreupload.path(text)
            let sample = file["sample"]?.string.flatMap { Base64.bytes($0) } ?? []
            let (isNamed, isIgnored): (Bool, Bool)
            do throws(GitPatterns.TooMuch) {
                isNamed = size > 0 ? try large.contains(path, steps: &steps) : false
                isIgnored = try ignored.contains(path, steps: &steps)
            } catch {
                throw HubPreupload.tooMuch
            }
            let isLarge = size >= HubPreupload.largeSize || isNamed || sample.contains(0)
            var members = [
                JSON.Member("path", .string(text)),
                JSON.Member("uploadMode", .string(isLarge ? "lfs" : "regular")),
                JSON.Member("shouldIgnore", .bool(isIgnored)),
            ]
            if let known = byPath[path] {
                members.append(
                    JSON.Member("oid", .string(known.isLarge ? known.sha256.hex : known.git.hex)))
            }
            answers.append(.object(members))
        }
        return .json(["files": .array(answers)])
    }

    /// The patterns are made to take long, or there are very many of them and of files.
    static let tooMuch = HubRefusal(
        400, nil, "the patterns of .gitattributes or .gitignore take too long: ask for fewer files at once")

    /// The most folders that a path has.
    private static let depthLimit = 100

    /// A path in a repository: none that leads out of it, or into git's own folder.
    static func path(_ text: String) throws(HubRefusal) -> RelativePath {
        if let problem = RelativePath.problem(text) {
            throw HubRefusal(400, nil, "the path \(text.withVisibleScalars.prefix(200)) \(problem)")
        }
        let path = RelativePath(checked: text)
        let parts = path.components
        guard parts.count <= depthLimit else {
            throw HubRefusal(400, nil, "a path has more than \(depthLimit) parts")
        }
        guard !parts.contains(where: { $0.lowercased().hasSameBytes(as: ".git") }) else {
            throw HubRefusal(400, nil, "the path \(text.withVisibleScalars.prefix(200)) is git's own")
        }
        return path
    }

    /// The text of a small file; `nil` where there is none, or it is no text.
    static func text(_ file: RepositoryFile?, _ store: RepositoryStore) -> String? {
        guard let file,
            let bytes = try? FileReader.contents(of: store.contents.path(of: file.sha256), limit: textLimit)
        else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
