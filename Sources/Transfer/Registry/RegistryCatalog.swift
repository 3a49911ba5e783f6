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
        let (client, manifest, unpacked) = (client, listing.manifest, listing.unpacked)
        let contents = RemoteContents { file in
            let digest = digests[file.path] ?? manifest
            if let bytes = unpacked[digest] {
                return KnownContent(bytes: bytes, patience: client.requester.patience)
            }
            let rules = RegistryBlobRules(client: client, digest: digest, name: file.path.text)
            return WebFile(rules, size: file.size ?? 0, name: file.path.text, client.requester)
        }
        return (info, contents)
    }

    /// The sentence for an error.
    package func finding(_ error: any Error) -> Diagnostic {
        RegistryFindings(client).finding(error, writes: false)
    }
}

/// A file that is in memory.
private struct KnownContent: BlobSource {
    let bytes: ArraySlice<UInt8>
    let patience: Patience

    func open(_ range: Range<Int>?) -> BlobAnswer {
        guard let range, range.upperBound <= bytes.count else { return .whole(KnownStream(bytes)) }
        let start = bytes.startIndex + range.lowerBound
        return .part(KnownStream(bytes[start..<start + range.count]), range)
    }
}

/// The bytes of a file that is in memory.
private final class KnownStream: ByteStream {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    func read(into target: borrowing Buffer, at offset: Int, count: Int) -> Int {
        let part = rest.prefix(count)
        target.store(part, at: offset)
        rest = rest.dropFirst(part.count)
        return part.count
    }
}
