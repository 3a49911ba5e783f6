import Caches
import Formats
import Manifests

/// What Kaggle answers of data sets.
extension KaggleMirror {
    /// The answer to a call of the service of data sets.
    func datasetCall(_ method: String, _ arguments: KaggleArguments, _ request: Request) -> Response {
        if method == "ListDatasets" { return datasets(arguments) }
        guard let owner = arguments.text("ownerSlug"), let slug = arguments.text("datasetSlug"),
            let base = KaggleHandle(.dataset, folders: [owner, slug])
        else { return .kaggleRefusal(400, "ownerSlug and datasetSlug are needed") }
        let handle = base.with(version: arguments.number("datasetVersionNumber"))
        switch method {
        case "GetDataset":
            return current(base, request) {
                .json(KaggleListings.dataset($0, versions: shelf.versions(base)))
            }
        case "GetDatasetStatus": return current(base, request) { _ in .json(["status": "READY"]) }
        case "GetDatasetMetadata": return current(base, request) { _ in .json(KaggleListings.metadata(base)) }
        case "ListDatasetFiles":
            return listed(handle, request) { _, files in
                let rows = files.map { KaggleListings.datasetFile($0, base) }
                return .json(KaggleListings.page("datasetFiles", rows, arguments.page(usual: 20)))
            }
        case "ListTreeDatasetFiles":
            return listed(handle, request) { handle, files in
                let folder = arguments.text("path") ?? ""
                let range = arguments.page(usual: 200)
                guard let tree = KaggleListings.tree(files, in: folder, range) else {
                    return .kaggleRefusal(404, "\(folder) is no folder of \(handle.text)")
                }
                return .json(tree)
            }
        case "DownloadDataset", "DownloadDatasetRaw":
            return lead(handle, to: arguments.text("fileName"), request)
        default: return .kaggleRefusal(404, "this server has no DatasetApiService/\(method)")
        }
    }

    private func datasets(_ arguments: KaggleArguments) -> Response {
        var bases: [KaggleHandle] = []
        for handle in shelf.handles() where handle.kind == .dataset {
            let base = handle.with(version: nil)
            if bases.last != base { bases.append(base) }
        }
        let owner = arguments.text("user")
        let found = bases.filter { base in
            KaggleMirror.matches(base.text, arguments.text("search"))
                && (owner.map { base.parts[0].hasSameBytes(as: $0) } ?? true)
        }
        let range = arguments.page(usual: 20)
        let rows = found.enumerated().map { index, base -> JSON in
            guard range.contains(index), let holding = shelf.holding(base) else { return .null }
            return KaggleListings.dataset(holding, versions: shelf.versions(base))
        }
        return .json(KaggleListings.page("datasets", rows, range))
    }

    /// Whether all words of a search are in a name, in any case.
    static func matches(_ name: String, _ search: String?) -> Bool {
        let words = (search ?? "").lowercased().split(separator: " ")
        let small = name.lowercased()
        return words.allSatisfy { small.containsUTF8(String($0)) }
    }
}
