package import Caches
package import Formats
package import Manifests
import Storage

/// Reads bytes that a registry has of an artifact, proves them, and keeps nothing.
package struct RegistryProof: Sendable {
    private let client: RegistryClient
    private let artifact: RegistryArtifact

    /// Reads nothing yet.
    package init(_ client: RegistryClient, _ artifact: RegistryArtifact) {
        self.client = client
        self.artifact = artifact
    }

    /// The content of a file.
    /// - Throws: ``Diagnostics`` where there is none of that path, and where it is larger than `limit` bytes.
    package func content(_ path: RelativePath, limit: Int) async throws -> [UInt8] {
        let (client, artifact) = (client, artifact)
        do {
            return try await UploadThreads.one {
                guard let file = artifact.files.first(where: { $0.path == path }), file.size <= limit else {
                    throw RegistryArtifact.Refused(
                        reason: "has no \(path) that can be read, so it is not a bundle")
                }
                if let bytes = artifact.unpacked[file.sha256] { return Array(bytes) }
                return try RegistryProof.content(file, client)
            }
        } catch {
            throw Diagnostics(RegistryFindings(client).finding(error, writes: false))
        }
    }

    /// Reads all files and compares them with their digests.
    /// - Throws: ``Diagnostics`` for the first one that is not what the registry states.
    package func run(
        connections: Int, throttle: Throttle, progress: @escaping ProgressHandler
    ) async throws {
        let client = client
        var seen: Set<SHA256Digest> = []
        // What is in archives was proved with them.
        let contents = artifact.files.filter {
            artifact.unpacked[$0.sha256] == nil && seen.insert($0.sha256).inserted
        }
        progress(.began(stage: "verifying", files: contents.count, bytes: contents.saturatedSum(\.size)))
        defer { progress(.ended) }
        do {
            _ = try await UploadThreads.each(
                contents, size: \.size, connections: connections, client.requester.patience.cancellation
            ) {
                ()
            } send: { file, _ in
                try RegistryProof.read(file, client, throttle: throttle) { block in
                    progress(.advanced(bytes: block.count))
                }
                progress(.finished(file: file.path.text))
            }
        } catch {
            throw Diagnostics(RegistryFindings(client).finding(error, writes: false))
        }
    }

    /// The whole of a content that is small.
    static func content(_ file: RegistryArtifact.File, _ client: RegistryClient) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try read(file, client, throttle: Throttle(bytesPerSecond: nil)) { block in
            bytes += block.indices.map { block[$0] }
        }
        return bytes
    }

    /// The whole of a layer that is an archive.
    static func archive(_ layer: RegistryDescriptor, _ client: RegistryClient) throws -> [UInt8] {
        guard let path = RelativePath(layer.digest.hex) else { return [] }
        return try content(
            RegistryArtifact.File(path: path, size: layer.size, sha256: layer.digest), client)
    }

    /// Reads a content from front to back, goes on where the way breaks, and compares all of it with its digest.
    static func read(
        _ file: RegistryArtifact.File, _ client: RegistryClient, throttle: Throttle,
        _ body: (Span<UInt8>) -> Void
    ) throws {
        let source = WebFile(
            RegistryBlobRules(client: client, digest: file.sha256, name: file.path.text), size: file.size,
            name: file.path.text, client.requester)
        var hasher = try ContentHasher()
        let buffer = Buffer(count: FileReader.blockSize)
        var position = 0
        var failures = 0
        while position < file.size {
            do {
                // A registry that knows no ranges sends the beginning again.
                var skipped = 0
                let stream: any ByteStream
                switch try source.open(position..<file.size) {
                case .part(let part, _): stream = part
                case .whole(let whole): (stream, skipped) = (whole, position)
                }
                while position < file.size {
                    let count = try stream.read(
                        into: buffer, at: 0, count: min(buffer.count, throttle.step))
                    guard count > 0 else { throw NetworkError(.dropped, "the answer ended too early") }
                    try throttle.received(count, client.requester.patience.cancellation)
                    let dropped = min(skipped, count)
                    skipped -= dropped
                    let kept = min(count - dropped, file.size - position)
                    try buffer.withBytes(dropped + kept) { bytes in
                        let block = bytes.extracting(dropped..<dropped + kept)
                        try hasher.update(block)
                        body(block)
                    }
                    position += kept
                    if kept > 0 { failures = 0 }
                }
            } catch let error as NetworkError {
                failures += 1
                try client.requester.patience.wait(after: failures, error)
            }
        }
        let found = try hasher.digestSoFar()
        guard found == file.sha256 else { throw TransferFailure(.wrongContent, file: file.path.text) }
    }
}
