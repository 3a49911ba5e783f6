import Caches
import Formats
package import Manifests

/// Searches Kaggle, and asks it about one model or data set.
package struct KaggleCatalog: Sendable {
    private let client: KaggleClient

    /// The most pages of a list of files that are asked for.
    private static let filePages = 50
    private static let filesOfPage = 200

    /// Puts a catalogue together; nothing is asked yet.
    package init(_ client: KaggleClient) { self.client = client }

    /// The filters that Kaggle has nothing for.
    package static func unknown(_ query: CatalogQuery) -> [CatalogQuery.Filter] {
        KaggleSearchRequest.unknown(query)
    }

    /// What Kaggle finds, in its order; each variation of a model is a result of its own.
    /// - Throws: ``KaggleRefusal`` and ``NetworkError``.
    package func search(_ query: CatalogQuery) throws -> [FoundRepository] {
        let request = KaggleSearchRequest(query)
        var found: [FoundRepository] = []
        var token: String?
        for _ in 0..<KaggleSearchRequest.pages {
            let answer = try client.call(request.method, request.body(pageToken: token))
            let page =
                request.method == .listModels
                ? (answer["models"]?.array ?? []).flatMap(FoundRepository.kaggleModels)
                : (answer["datasets"]?.array ?? []).compactMap(FoundRepository.kaggleDataset)
            found += page.filter { KaggleCatalog.accepts($0, query) }
            token = answer["nextPageToken"]?.string
            guard found.count < query.limit, token?.isEmpty == false else { break }
        }
        return Array(found.prefix(query.limit))
    }

    /// Whether a result has what Kaggle cannot be asked for.
    static func accepts(_ found: FoundRepository, _ query: CatalogQuery) -> Bool {
        if let framework = query.framework {
            guard let own = found.framework, KaggleFramework.isSame(own, framework) else { return false }
        }
        if let license = query.license {
            guard let own = found.license, LicenseName(license).accepts(LicenseName(own)) else {
                return false
            }
        }
        return query.tags.allSatisfy { tag in
            found.tags.contains { $0.lowercased().hasSameBytes(as: tag.lowercased()) }
        }
    }

    /// What Kaggle states of a version of a model, or of a data set; the newest one where the handle names none.
    /// - Throws: ``KaggleRefusal`` and ``NetworkError``.
    package func info(_ handle: KaggleHandle) throws -> RepositoryInfo {
        var info = handle.kind == .model ? try model(handle) : try dataset(handle)
        guard let version = info.revision.flatMap({ Int($0) }) else { return info }
        try addFiles(of: handle.with(version: version), to: &info)
        return info
    }

    private func model(_ handle: KaggleHandle) throws -> RepositoryInfo {
        let request = KaggleRequest(handle)
        let model = try client.call(.getModel, request.model)
        let instance = try client.call(.getModelInstance, request.instance)
        // The names are those that were asked for, whatever the answers call them.
        var found = FoundRepository(.kaggle(handle))
        if let stated = FoundRepository.kaggleModel(
            model,
            instance.setting("slug", .string(handle.parts[3])).setting(
                "framework", .string(KaggleFramework.interfaceName(handle.parts[2]))),
            owner: handle.parts[0], slug: handle.parts[1])
        {
            found = stated
        }
        var info = RepositoryInfo(
            found, page: client.endpoint.page("models/\(handle.parts.joined(separator: "/"))"))
        info.revision = (handle.version ?? CleanText.count(instance["versionNumber"])).map(String.init)
        info.subtitle = CleanText.line(model["subtitle"]?.string)
        info.description =
            CleanText.line(instance["overview"]?.string) ?? CleanText.line(model["description"]?.string)
        return info
    }

    private func dataset(_ handle: KaggleHandle) throws -> RepositoryInfo {
        let dataset = try client.call(.getDataset, KaggleRequest(handle).dataset)
        let found =
            FoundRepository.kaggleDataset(
                dataset.setting("ref", .string(handle.parts.joined(separator: "/"))))
            ?? FoundRepository(.kaggle(handle))
        var info = RepositoryInfo(
            found, page: client.endpoint.page("datasets/\(handle.parts.joined(separator: "/"))"))
        let newest = CleanText.count(dataset["currentVersionNumber"])
        info.revision = (handle.version ?? newest).map(String.init)
        info.subtitle = CleanText.line(dataset["subtitle"]?.string)
        info.description = CleanText.line(dataset["description"]?.string)
        info.usability = dataset["usabilityRating"]?.double.flatMap { (0...1).contains($0) ? $0 : nil }
        return info
    }

    private func addFiles(of handle: KaggleHandle, to info: inout RepositoryInfo) throws {
        let request = KaggleRequest(handle)
        let isModel = handle.kind == .model
        var token: String?
        for _ in 0..<KaggleCatalog.filePages {
            let body = (isModel ? request.modelFiles : request.datasetFiles)
                .setting("pageSize", .integer(KaggleCatalog.filesOfPage))
            let answer = try client.call(
                isModel ? .listModelFiles : .listDatasetFiles,
                token.map { body.setting("pageToken", .string($0)) } ?? body)
            let files = answer[isModel ? "files" : "datasetFiles"]?.array ?? []
            info.take(
                files.map { ($0["name"]?.string, CleanText.count($0[isModel ? "size" : "totalBytes"])) })
            token = answer["nextPageToken"]?.string
            guard !files.isEmpty, token?.isEmpty == false else { return }
        }
        info.isCut = true
    }

    /// Reads parts of the files of a version.
    package func contents(_ handle: KaggleHandle) -> any RemoteContents {
        KaggleContents(client, handle)
    }
}
