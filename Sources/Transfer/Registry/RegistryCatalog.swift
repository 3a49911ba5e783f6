import Caches
import Formats
package import Manifests
import Storage

/// What a registry states of one artifact that is not loaded.
package struct RegistryCatalog: Sendable {
    private let client: RegistryClient

    /// Asks nothing yet.
    package init(_ client: RegistryClient) { self.client = client }

    /// The artifact's files, and where parts of them are read. Holds its thread until the answers are there.
    package func info(_ source: RegistrySource) throws -> (info: RepositoryInfo, contents: RemoteContents) {
        let listing = try RegistryListing(source, pinned: source.reference.digest, nil, client)
        var info = RepositoryInfo(
            FoundRepository(.registry(source)), page: source.reference.at(listing.manifest))
        info.revision = "sha256:\(listing.manifest.hex)"
        info.files = listing.files.map { RemoteFile(path: $0.path, size: $0.size) }
        let digests = Dictionary(
            listing.files.map { ($0.path, $0.sha256) }, uniquingKeysWith: { one, _ in one })
        let (client, manifest) = (client, listing.manifest)
        let contents = RemoteContents { file in
            let rules = RegistryBlobRules(
                client: client, digest: digests[file.path] ?? manifest, name: file.path.text)
            return WebFile(rules, size: file.size ?? 0, name: file.path.text, client.requester)
        }
        return (info, contents)
    }

    /// The sentence for an error.
    package func finding(_ error: any Error) -> Diagnostic {
        RegistryFindings(client).finding(error, writes: false)
    }
}
