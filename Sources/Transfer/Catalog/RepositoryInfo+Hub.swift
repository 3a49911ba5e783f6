import Formats
import Manifests

extension RepositoryInfo {
    /// Reads what the Hub states of a repository with `blobs` and `securityStatus` (huggingface_hub 2.4, `model_info`).
    /// - Returns: `nil` where it is about another repository, or about none.
    static func hub(_ json: JSON, _ kind: CatalogQuery.Kind, revision: String, page: String)
        -> RepositoryInfo?
    {
        guard var found = FoundRepository.hub(json, kind, revision: revision) else { return nil }
        let card = json["cardData"]
        if found.task == nil { found.task = CleanText.line(card?["pipeline_tag"]?.string) }
        if found.library == nil { found.library = CleanText.line(card?["library_name"]?.string) }
        var info = RepositoryInfo(found, page: page)
        info.revision = found.commit
        info.created = CleanText.day(json["createdAt"]?.string)
        info.isDisabled = json["disabled"]?.bool == true
        info.subtitle = CleanText.line(card?["short_description"]?.string)
        info.security = security(json["securityRepoStatus"])
        info.take(
            (json["siblings"]?.array ?? []).map { file in
                let size = CleanText.count(file["lfs"]?["size"]) ?? CleanText.count(file["size"])
                return (file["rfilename"]?.string, size)
            })
        return info
    }

    /// `{"scansDone": true, "filesWithIssues": [{"path": "a.bin", "level": "unsafe"}]}`.
    private static func security(_ json: JSON?) -> Security? {
        guard let json, json.members != nil else { return nil }
        let issues = (json["filesWithIssues"]?.array ?? []).prefix(CleanText.listLimit).map { issue in
            Security.Issue(
                path: CleanText.line(issue["path"]?.string) ?? "?",
                level: CleanText.line(issue["level"]?.string, limit: 40) ?? "unknown")
        }
        return Security(isDone: json["scansDone"]?.bool == true, issues: Array(issues))
    }
}
