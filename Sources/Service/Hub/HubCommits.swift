import Catalogue
import Formats
import Manifests

/// One page of a revision's history.
struct HubCommits {
    private let revision: HubRevision
    private let request: Request
    private let page: Int
    private let limit: Int
    /// The name by which the client asks, for the next page.
    private let name: String

    /// The most commits of one answer, as on the Hub.
    private static let pageSize = 50

    /// Reads what a request asks for.
    init(_ revision: HubRevision, _ request: Request, _ name: String) {
        self.revision = revision
        self.request = request
        let head = request.head
        self.name = name
        page = min(max(0, head.target.first("p").flatMap { Int($0) } ?? 0), 1_000_000_000)
        limit = min(max(1, head.target.first("limit").flatMap { Int($0) } ?? HubCommits.pageSize), 1000)
    }

    /// The commits. Of a cache the only one that is known for certain to be in the history is the revision's own.
    func answer(_ store: RepositoryStore?) -> Response {
        guard let stored = revision.stored, let store else {
            let entry: JSON = [
                "id": .string(revision.commit), "title": "", "message": "", "date": .string(revision.date),
                "authors": [],
            ]
            return .json(page == 0 ? [entry] : []).with("X-Total-Count", "1")
        }
        do throws(RepositoryStore.Problem) {
            let found = try store.history(
                stored.repository, from: stored.commit, skip: page * limit, limit: limit)
            let response = Response.json(.array(found.commits.map(HubCommits.json)))
                .with("X-Total-Count", String(found.count))
            guard found.count > (page + 1) * limit else { return response }
            let path =
                "api/\(revision.repository.kind.rawValue)s/\(revision.repository.id)/commits/"
                + HubAddress.escapedPart(name)
            return response.with(
                "Link", "<\(request.base)/\(path)?p=\(page + 1)&limit=\(limit)>; rel=\"next\"")
        } catch {
            return .hubRefusal(500, nil, "the catalogue cannot be read")
        }
    }

    private static func json(_ commit: RepositoryCommit) -> JSON {
        [
            "id": .string(commit.name), "title": .string(commit.title), "message": .string(commit.message),
            "date": .string(HTTPDate.isoText(commit.time)), "authors": [["user": .string(commit.author)]],
        ]
    }
}

/// Addresses of this server, as the client calls it.
enum HubAddress {
    /// One part of a path, in which a slash is no separator.
    static func escapedPart(_ text: String) -> String {
        RequestTarget.escaped(text).utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .compactMap { String($0) }.joined(separator: "%2F")
    }
}
