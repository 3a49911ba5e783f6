import Formats
import Manifests

extension Response {
    /// A refusal as the Hub gives it: huggingface_hub makes its exceptions of `X-Error-Code`, llama.cpp prints the body.
    ///
    /// - Parameters:
    ///   - code: "RepoNotFound", "RevisionNotFound" or "EntryNotFound"; `nil` for what the Hub has no code for.
    ///   - commit: the revision that was looked into.
    static func hubRefusal(
        _ status: Int, _ code: String?, _ message: String, commit: String? = nil
    ) -> Response {
        var response = Response.json(["error": .string(message)], status: status)
        if let code { response.fields.append("X-Error-Code", code) }
        response.fields.append("X-Error-Message", message)
        if let commit { response.fields.append("X-Repo-Commit", commit) }
        return response
    }

    /// What to answer where a repository or a revision cannot be had.
    static func hubRefusal(_ problems: Diagnostics, _ route: HubRoute) -> Response {
        hubRefusal(problems, route.repository, revision: route.revision)
    }

    /// The same for a revision of a repository.
    static func hubRefusal(
        _ problems: Diagnostics, _ repository: HubRepository, revision: String
    ) -> Response {
        switch problems.all.first?.code {
        case .cacheMissing?, .notCached?:
            .hubRefusal(404, "RepoNotFound", "\(repository.id) is not in this server's cache")
        case .revisionNotCached?, .refDangling?, .refMalformed?, .revisionAmbiguous?:
            .hubRefusal(
                404, "RevisionNotFound",
                "the revision \(revision) of \(repository.id) is not in this server's cache")
        case .fetchNotFound?:
            .hubRefusal(
                404, "RepoNotFound", "\(repository.id) is neither in this server's cache nor upstream")
        case .fetchRevisionNotFound?:
            .hubRefusal(
                404, "RevisionNotFound",
                "the revision \(revision) of \(repository.id) is neither in this server's cache nor upstream"
            )
        case .fetchGated?, .fetchTokenNeeded?, .fetchTokenWrong?:
            .hubRefusal(403, "GatedRepo", "\(repository.id) is gated, and this server may not load it")
        case .fetchUnreachable?:
            .hubRefusal(503, nil, "\(repository.id) is being asked for upstream: ask again")
                .with("Retry-After", "2")
        default:
            .hubRefusal(500, nil, "\(repository.id) cannot be read on this server")
        }
    }
}
