import Caches
import Formats
import Manifests

/// What a path of the Hub asks for.
struct HubRoute {
    /// What is asked of a repository.
    enum Question: Equatable {
        /// What it is, at a revision.
        case info
        /// What is in a folder, at a revision.
        case tree
        /// What is at some paths, at a revision.
        case paths
        /// Its branches and tags.
        case refs
        /// Its commits.
        case commits
        /// Whether one may read it.
        case access
        /// What people discuss.
        case discussions
        /// The content of a file, at a revision.
        case content
        /// What git has of a file, at a revision: of a large one, the pointer to it.
        case pointer
    }

    /// The repository.
    let repository: HubRepository
    /// What is asked of it.
    let question: Question
    /// The revision; `main` where the path names none.
    let revision: String
    /// The path in the repository, "" for its root.
    let path: String

    /// Reads the parts of a path: `api/models/ORG/NAME/tree/REVISION/…`, `ORG/NAME/resolve/REVISION/…`, with `datasets/`,
    /// `spaces/` or `kernels/` in front for repositories of another kind.
    ///
    /// - Parameter exists: whether the cache has a repository, which decides where a name could be read as two things.
    /// - Returns: `nil` for what is no path of the Hub.
    init?(_ segments: [String], exists: (HubRepository) -> Bool) {
        var rest = segments[...]
        let isAPI = rest.first == "api"
        if isAPI { rest.removeFirst() }
        let isCached = isAPI && rest.first == "resolve-cache"
        if isCached { rest.removeFirst() }
        var kind = HubRepository.Kind.model
        if let named = HubRepository.Kind.allCases.first(where: { rest.first == $0.rawValue + "s" }) {
            kind = named
            rest.removeFirst()
        } else if isAPI {
            return nil
        }
        guard let (repository, tail) = HubRoute.repository(kind, rest, exists: exists) else { return nil }
        self.repository = repository
        var words = tail
        let verb = isCached ? "resolve" : words.popFirst() ?? ""
        guard
            let question = isAPI && !isCached ? HubRoute.questions[verb] : HubRoute.contents[verb]
        else {
            return nil
        }
        self.question = question
        switch question {
        case .info where verb.isEmpty, .refs, .access, .discussions:
            revision = words.popFirst() ?? "main"
            path = ""
        default:
            guard let name = words.popFirst(), !name.isEmpty else { return nil }
            revision = name
            path = words.joined(separator: "/")
        }
        if question == .content || question == .pointer, path.isEmpty { return nil }
    }

    private static let questions: [ExactName: Question] = [
        "": .info, "revision": .info, "tree": .tree, "paths-info": .paths, "refs": .refs,
        "commits": .commits, "auth-check": .access, "discussions": .discussions,
    ]
    private static let contents: [ExactName: Question] = ["resolve": .content, "raw": .pointer]

    /// The repository at the head of a path, `ORG/NAME` or as the oldest models have it `NAME`, and what follows.
    private static func repository(
        _ kind: HubRepository.Kind, _ parts: ArraySlice<String>, exists: (HubRepository) -> Bool
    ) -> (HubRepository, ArraySlice<String>)? {
        let candidates = [2, 1].compactMap { length -> (HubRepository, ArraySlice<String>)? in
            guard parts.count >= length else { return nil }
            let id = parts.prefix(length).joined(separator: "/")
            guard HubRepository.problem(inID: id) == nil else { return nil }
            return (HubRepository(kind: kind, id: id), parts.dropFirst(length))
        }
        if let found = candidates.first(where: { exists($0.0) }) { return found }
        // The parts behind the name state whether it has one part or two.
        let verbs = Set(questions.keys).union(contents.keys).subtracting([ExactName("")])
        if let short = candidates.last, candidates.count == 2, let verb = short.1.first, verbs.contains(verb),
            candidates[0].1.first.map({ !verbs.contains($0) }) ?? true
        {
            return short
        }
        return candidates.first
    }
}
