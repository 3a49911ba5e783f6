import Formats
import Manifests

extension FoundRepository {
    /// Reads a model of Kaggle's lists (kagglesdk 0.1.38, `ApiModel`): each of its variations is one result.
    ///
    /// One whose name is no handle is left out.
    static func kaggleModels(_ json: JSON) -> [FoundRepository] {
        guard let (owner, slug) = KaggleReference.pair(json) else { return [] }
        return (json["instances"]?.array ?? []).prefix(CleanText.listLimit).compactMap { instance in
            guard let handle = handle(owner, slug, instance["framework"], instance["slug"]) else {
                return nil
            }
            return kaggleModel(handle, json, instance)
        }
    }

    /// Reads one variation of a model (`ApiModelInstance`), whose name is not looked at.
    static func kaggleModel(_ handle: KaggleHandle, _ model: JSON, _ instance: JSON) -> FoundRepository {
        var found = FoundRepository(.kaggle(handle))
        found.title = CleanText.line(model["title"]?.string)
        found.framework = handle.parts.dropFirst(2).first
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
            let handle = try? KaggleHandle.parse(.dataset, KaggleReference.trimmed(reference)),
            handle.version == nil
        else { return nil }
        return kaggleDataset(handle, json)
    }

    /// Reads what Kaggle states of a data set, whose name is not looked at.
    static func kaggleDataset(_ handle: KaggleHandle, _ json: JSON) -> FoundRepository {
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

    /// The handle of a variation, if the parts are those of one.
    private static func handle(
        _ owner: String, _ model: String, _ framework: JSON?, _ variation: JSON?
    ) -> KaggleHandle? {
        guard let variation = variation?.string,
            let framework = framework?.string.flatMap(KaggleFramework.handleName),
            let handle = try? KaggleHandle.parse(.model, "\(owner)/\(model)/\(framework)/\(variation)"),
            handle.version == nil
        else { return nil }
        return handle
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
            let model = base["modelSlug"]?.string,
            let handle = handle(owner, model, base["framework"], base["instanceSlug"])
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
