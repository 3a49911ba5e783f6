import Caches
import Formats
import Manifests
import Storage

/// The documents that Kaggle's lists are made of (kagglesdk 0.1.38, `model_api_service.py`, `dataset_api_service.py`).
enum KaggleListings {
    /// A number that names something, the same on every machine.
    static func number(_ text: String) -> JSON {
        let digest = try? ContentHasher.sha256(Array(text.utf8).span)
        let bytes = digest?.bytes.prefix(4) ?? []
        return .integer(max(1, bytes.reduce(0) { $0 << 8 | Int($1) } & 0x7FFF_FFFF))
    }

    /// The bytes of all files.
    static func size(_ files: [CachedFile]) -> JSON {
        .integer(files.reduce(0) { $0.addingReportingOverflow($1.status.size).partialValue })
    }

    /// When the newest file was made, as far as the cache states it.
    static func date(_ files: [CachedFile]) -> JSON {
        .string(HTTPDate.isoText((files.map(\.status.modified).max() ?? 0) / 1_000_000_000))
    }

    /// One page of a list, and where the next one begins.
    static func page(_ name: String, _ rows: [JSON], _ range: Range<Int>, more: [JSON.Member] = []) -> JSON {
        let shown = rows.dropFirst(range.lowerBound).prefix(range.count)
        let end = min(rows.count, range.upperBound)
        let following = end < rows.count && !shown.isEmpty ? String(end) : ""
        return .object(
            [JSON.Member(name, .array(Array(shown))), JSON.Member("nextPageToken", .string(following))] + more
        )
    }

    /// A file as a list has it.
    static func listed(_ file: CachedFile) -> UpstreamFile {
        UpstreamFile(
            path: file.path, size: file.status.size, created: file.status.modified / 1_000_000_000)
    }

    /// A file of a model's version.
    static func modelFile(_ file: UpstreamFile) -> JSON {
        ["name": .string(file.path.text), "size": .integer(file.size), "creationDate": date(file)]
    }

    private static func date(_ file: UpstreamFile) -> JSON { .string(HTTPDate.isoText(file.created)) }

    /// A file of a data set's version.
    static func datasetFile(_ file: UpstreamFile, _ handle: KaggleHandle) -> JSON {
        [
            "ref": .string(file.path.text), "datasetRef": .string(handle.parts.joined(separator: "/")),
            "ownerRef": .string(handle.parts.first ?? ""), "name": .string(file.path.text),
            "creationDate": date(file), "totalBytes": .integer(file.size),
        ]
    }

    /// What is in one directory of a version, files and directories in the order of their names.
    /// - Returns: `nil` where there is no such directory.
    static func tree(_ files: [UpstreamFile], in folder: String, _ range: Range<Int>) -> JSON? {
        var rows: [(isFolder: Bool, json: JSON)] = []
        var seen: Set<ExactName> = []
        let prefix = folder.isEmpty ? "" : folder + "/"
        for file in files where file.path.text.hasUTF8Prefix(prefix) {
            let rest = file.path.text.utf8.dropFirst(prefix.utf8.count)
            guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else {
                rows.append(
                    (
                        false,
                        [
                            "name": .string(file.path.name), "relativeUrl": .string(file.path.text),
                            "totalBytes": .integer(file.size), "creationDate": date(file),
                        ]
                    ))
                continue
            }
            let name = String(Substring(rest[..<slash]))
            guard seen.insert(ExactName(name)).inserted else { continue }
            rows.append((true, ["name": .string(name), "relativeUrl": .string(prefix + name)]))
        }
        guard !rows.isEmpty || folder.isEmpty else { return nil }
        let shown = rows.dropFirst(range.lowerBound).prefix(range.count)
        let end = min(rows.count, range.upperBound)
        return [
            "files": .array(shown.filter { !$0.isFolder }.map(\.json)),
            "directories": .array(shown.filter(\.isFolder).map(\.json)),
            "nextPageToken": .string(end < rows.count && !shown.isEmpty ? String(end) : ""),
        ]
    }

    /// A variation of a model, in its newest version.
    static func variation(_ holding: KaggleHolding) -> JSON {
        let handle = holding.handle
        let base = handle.parts.joined(separator: "/")
        return [
            "id": number(base), "slug": .string(handle.parts.last ?? ""),
            "framework": .string(KaggleFramework.name(of: handle.parts.dropLast().last ?? "")),
            "fineTunable": false, "overview": "", "usage": "", "versionId": number(handle.text),
            "versionNumber": .integer(handle.version ?? 0), "trainingData": [], "url": "", "licenseName": "",
            "modelInstanceType": "MODEL_INSTANCE_TYPE_UNSPECIFIED",
            "totalUncompressedBytes": size(holding.files),
        ]
    }

    /// A model with its variations.
    static func model(_ ref: String, _ variations: [KaggleHolding]) -> JSON {
        let (owner, slug) = parts(ref)
        let files = variations.flatMap(\.files)
        return [
            "id": number(ref), "ref": .string(ref), "title": .string(slug), "subtitle": "",
            "author": .string(owner), "slug": .string(slug), "isPrivate": false, "description": "",
            "instances": .array(variations.map(variation)), "tags": [], "publishTime": date(files),
            "updateTime": date(files), "provenanceSources": "", "url": "", "voteCount": 0,
        ]
    }

    /// A data set in its newest version.
    static func dataset(_ holding: KaggleHolding, versions: [Int]) -> JSON {
        let ref = holding.handle.parts.joined(separator: "/")
        let (owner, slug) = parts(ref)
        return [
            "id": number(ref), "ref": .string(ref), "title": .string(slug), "subtitle": "",
            "creatorName": .string(owner), "ownerName": .string(owner), "ownerRef": .string(owner), "url": "",
            "totalBytes": size(holding.files), "lastUpdated": date(holding.files), "downloadCount": 0,
            "isPrivate": false, "isFeatured": false, "licenseName": "unknown", "description": "",
            "voteCount": 0, "currentVersionNumber": .integer(holding.handle.version ?? 0), "tags": [],
            "versions": .array(versions.map { ["versionNumber": .integer($0)] }),
        ]
    }

    /// What `kaggle datasets metadata` writes down. A cache states no licence.
    static func metadata(_ handle: KaggleHandle) -> JSON {
        let ref = handle.with(version: nil).text
        let (owner, slug) = parts(ref)
        return [
            "info": [
                "datasetId": number(ref), "datasetSlug": .string(slug), "ownerUser": .string(owner),
                "title": .string(slug), "subtitle": "", "description": "", "isPrivate": false, "keywords": [],
                "licenses": [["name": "unknown"]], "collaborators": [], "data": [],
            ]
        ]
    }

    private static func parts(_ ref: String) -> (owner: String, slug: String) {
        (Path.parent(ref), Path.name(ref))
    }
}
