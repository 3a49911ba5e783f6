import Formats
import Manifests
import Synchronization

/// The files of a version on Kaggle: each is at a signed address of a store, which is asked for once.
final class KaggleContents: RemoteContents {
    private let client: KaggleClient
    private let request: KaggleRequest
    private let reading: RangeReading
    private let places = Mutex<[RelativePath: WebAddress]>([:])

    /// - Parameter handle: with its version.
    init(_ client: KaggleClient, _ handle: KaggleHandle) {
        self.client = client
        request = KaggleRequest(handle)
        // The store knows whoever has the address.
        reading = RangeReading(
            requester: client.requester, authorization: { _ in nil }, refuse: { _, _, _ in })
    }

    func bytes(_ range: Range<Int>, of path: RelativePath) throws -> [UInt8] {
        guard !range.isEmpty else { return [] }
        return try reading.bytes(range, at: place(of: path))
    }

    private func place(of path: RelativePath) throws -> WebAddress {
        if let known = places.withLock({ $0[path] }) { return known }
        let (method, body) = request.download(path)
        let found = try client.location(method, body)
        places.withLock { $0[path] = found }
        return found
    }
}
