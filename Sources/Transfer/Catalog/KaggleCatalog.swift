import Caches
import Formats
package import Manifests

/// Searches Kaggle, and asks it about one model or data set.
package struct KaggleCatalog: Sendable {
    private let client: KaggleClient

    /// The most pages of a list of files that are asked for, and the most files that are taken.
    private static let filePages = 100
    private static let files = 100_000

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
        var page: String?
        for _ in 0..<KaggleSearchRequest.pages {
            let answer = try client.answer(
                request.call(page: page), of: nil, limit: CatalogQuery.pageBytes)
            for entry in answer[request.results]?.array ?? [] where found.count < query.limit {
                let read =
                    request.isOfModels
                    ? FoundRepository.kaggleModels(entry)
                    : [FoundRepository.kaggleDataset(entry)].compactMap(\.self)
                found += read.filter { KaggleCatalog.accepts($0, query) }
            }
            page = answer["nextPageToken"]?.string
            guard found.count < query.limit, page?.isEmpty == false else { break }
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
        do {
            var info = try stated(handle)
            guard let version = info.revision.flatMap({ Int($0) }) else { return info }
            try addFiles(of: handle.with(version: version), to: &info)
            return info
        } catch let refusal as KaggleRefusal {
            throw client.refined(refusal, handle)
        }
    }

    /// What Kaggle states of it, without the files.
    private func stated(_ handle: KaggleHandle) throws -> RepositoryInfo {
        // Of what has no versions nothing is asked here.
        guard let (call, member) = KaggleCall.currentVersion(handle) else {
            return RepositoryInfo(FoundRepository(.kaggle(handle)), page: client.endpoint.page(handle))
        }
        let answer = try client.answer(call, of: handle.kind)
        let model = handle.kind == .model ? try client.answer(.model(handle), of: .model) : answer
        // The names are those that were asked for, whatever the answers call them.
        let found =
            handle.kind == .model
            ? FoundRepository.kaggleModel(handle, model, answer)
            : FoundRepository.kaggleDataset(handle, answer)
        var info = RepositoryInfo(found, page: client.endpoint.page(handle))
        let current = member.reduce(Optional(answer)) { $0?[$1] }.flatMap { CleanText.count($0) }
        info.revision = (handle.version ?? current).map(String.init)
        info.subtitle = CleanText.line(model["subtitle"]?.string)
        info.description =
            CleanText.line(answer["overview"]?.string) ?? CleanText.line(model["description"]?.string)
        info.usability = answer["usabilityRating"]?.double.flatMap { (0...1).contains($0) ? $0 : nil }
        return info
    }

    /// Adds the list of files, as far as it is not endless.
    private func addFiles(of handle: KaggleHandle, to info: inout RepositoryInfo) throws {
        var listing = KaggleListingReader(handle)
        var pages = 0
        while let call = listing.next() {
            guard pages < KaggleCatalog.filePages, listing.files.count < KaggleCatalog.files else {
                info.isCut = true
                break
            }
            pages += 1
            try listing.take(client.answer(call, of: handle.kind), from: client.endpoint.address.host)
        }
        info.take(listing.files.prefix(KaggleCatalog.files).map { ($0.name, $0.size) })
    }

    /// The files of a version.
    /// - Parameter handle: with its version.
    package func contents(_ handle: KaggleHandle) -> RemoteContents {
        RemoteContents { [client] file in
            KaggleSource(
                client, KaggleCall.file(handle, file.path), of: handle.kind, file: file.path.text,
                size: file.size)
        }
    }
}
