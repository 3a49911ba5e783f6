import Formats
import Manifests

extension FoundRepository {
    /// Reads a model of Kaggle's lists (kagglesdk 0.1.38, `ApiModel`): each of its variations is one result.
    ///
    /// One whose name is no handle is left out.
    static func kaggleModels(_ json: JSON) -> [FoundRepository] {
        guard let (owner, slug) = KaggleReference.pair(json) else { return [] }
        return (json["instances"]?.array ?? []).prefix(CleanText.listLimit).compactMap { instance in
            kaggleModel(json, instance, owner: owner, slug: slug)
        }
    }

    /// One variation of a model (`ApiModelInstance`).
    static func kaggleModel(_ model: JSON, _ instance: JSON, owner: String, slug: String) -> FoundRepository?
    {
        guard let variation = instance["slug"]?.string, let stated = instance["framework"]?.string,
            let framework = KaggleFramework.handleName(stated),
            let handle = try? KaggleHandle.parse(.model, "\(owner)/\(slug)/\(framework)/\(variation)")
        else { return nil }
        var found = FoundRepository(.kaggle(handle))
        found.title = CleanText.line(model["title"]?.string)
        found.framework = framework
        found.license = CleanText.line(instance["licenseName"]?.string)
        found.access = access(model)
        found.likes = CleanText.count(model["voteCount"])
        found.size = CleanText.count(instance["totalUncompressedBytes"]).flatMap { $0 == 0 ? nil : $0 }
        found.updated =
            CleanText.day(model["updateTime"]?.string) ?? CleanText.day(model["publishTime"]?.string)
        found.tags = tags(model)
        found.baseModels = base(instance)
        return found
    }

    /// Reads a data set of Kaggle's lists (`ApiDataset`); `nil` for one whose name is no handle.
    static func kaggleDataset(_ json: JSON) -> FoundRepository? {
        guard let reference = json["ref"]?.string,
            let handle = try? KaggleHandle.parse(.dataset, KaggleReference.trimmed(reference))
        else { return nil }
        var found = FoundRepository(.kaggle(handle))
        found.title = CleanText.line(json["title"]?.string)
        found.license = CleanText.line(json["licenseName"]?.string)
        found.access = access(json)
        found.downloads = CleanText.count(json["downloadCount"])
        found.likes = CleanText.count(json["voteCount"])
        found.size = CleanText.count(json["totalBytes"])
        found.updated = CleanText.day(json["lastUpdated"]?.string)
        found.tags = tags(json)
        return found
    }

    private static func access(_ json: JSON) -> Access { json["isPrivate"]?.bool == true ? .private : .open }

    /// The names of categories, else their references.
    private static func tags(_ json: JSON) -> [String] {
        (json["tags"]?.array ?? []).prefix(CleanText.listLimit).compactMap {
            CleanText.line($0["name"]?.string) ?? CleanText.line($0["ref"]?.string)
        }
    }

    private static func base(_ instance: JSON) -> [String] {
        if let address = CleanText.line(instance["externalBaseModelUrl"]?.string) { return [address] }
        guard let base = instance["baseModelInstanceInformation"], let owner = base["owner"]?["slug"]?.string,
            let model = base["modelSlug"]?.string, let variation = base["instanceSlug"]?.string,
            let framework = base["framework"]?.string.flatMap(KaggleFramework.handleName),
            let handle = try? KaggleHandle.parse(.model, "\(owner)/\(model)/\(framework)/\(variation)")
        else { return [] }
        return [handle.parts.joined(separator: "/")]
    }
}

/// References as Kaggle's answers have them: "owner/slug", also with a slash before it.
enum KaggleReference {
    /// Without slashes at both ends.
    static func trimmed(_ text: String) -> String {
        let slash = UInt8(ascii: "/")
        var bytes = Array(text.utf8)[...]
        while bytes.first == slash { bytes.removeFirst() }
        while bytes.last == slash { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The owner and the slug of a model: of its reference, else of its author and slug.
    static func pair(_ json: JSON) -> (owner: String, slug: String)? {
        let parts = trimmed(json["ref"]?.string ?? "").utf8.split(separator: UInt8(ascii: "/"))
            .map { String(Substring($0)) }
        if parts.count == 2 { return (parts[0], parts[1]) }
        guard let author = json["author"]?.string, let slug = json["slug"]?.string else { return nil }
        return (author, slug)
    }
}
