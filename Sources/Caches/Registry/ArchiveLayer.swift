import Formats
import Manifests
import Storage

/// A layer that is a tar archive of files, opened in memory: Docker's configurations for vLLM, and its directories.
///
/// Nobody vouches for what is in one. The layer's digest proves all of it, so that each file's digest follows from that.
struct ArchiveLayer {
    /// The files, in the order of their paths.
    let files: [RegistryArtifact.File]
    /// Their contents.
    let contents: [SHA256Digest: ArraySlice<UInt8>]

    /// The types of such layers, which are not compressed (docker/model-runner, `pkg/distribution/types/config.go`).
    private static let types = [
        "application/vnd.docker.ai.vllm.config.tar", "application/vnd.docker.ai.dir.tar",
    ]

    /// The most bytes of all archives of an artifact, which are in memory: the largest tokenizers take a third of it.
    static let sizeLimit = 1 << 27
    /// The most files of an archive.
    static let fileLimit = 10_000

    /// Whether a layer of a type is one.
    static func isOne(_ type: String) -> Bool { types.contains { $0.hasSameBytes(as: type) } }

    /// Reads the headers, and hashes the contents.
    ///
    /// - Parameters:
    ///   - bytes: the layer, which is what its digest states.
    ///   - type: the type of the layer, for sentences.
    /// - Throws: where anything is in it besides files and directories, a path is refused or comes twice, or a file ends
    ///   behind the archive's end.
    init(_ bytes: [UInt8], type: String) throws(RegistryArtifact.Refused) {
        func refused(_ reason: String) -> RegistryArtifact.Refused {
            RegistryArtifact.Refused(reason: "has a layer of the type \(quoted(type)) \(reason)")
        }
        var files: [RegistryArtifact.File] = []
        var contents: [SHA256Digest: ArraySlice<UInt8>] = [:]
        do {
            var reader = try ArchiveReader(tarIn: LayerFeed(bytes), compression: .tar)
            while let entry = try reader.next() {
                guard files.count < Self.fileLimit else {
                    throw refused("with more than \(Self.fileLimit) files")
                }
                guard let start = entry.offset, start <= bytes.count, entry.size <= bytes.count - start else {
                    throw refused("that ends within \(quoted(entry.path.text))")
                }
                let content = bytes[start..<start + entry.size]
                let digest = try ContentHasher.sha256(content.span)
                contents[digest] = content
                files.append(RegistryArtifact.File(path: entry.path, size: entry.size, sha256: digest))
            }
        } catch let error as RegistryArtifact.Refused {
            throw error
        } catch let error as ArchiveError {
            let place = error.entry.map { "\(quoted($0)) in it " } ?? "it "
            throw refused("that is no archive of files: \(place)\(error.reason)")
        } catch {
            throw refused("that cannot be read: \(error)")
        }
        self.files = files.sorted { $0.path < $1.path }
        self.contents = contents
    }
}

/// A layer that is in memory, for the reader of archives.
private final class LayerFeed: ArchiveFeed {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var path: String { "the layer" }
    var size: Int { bytes.count }

    func read(into buffer: inout Buffer, at offset: Int, limit: Int) throws(ArchiveError) -> Int {
        guard offset >= 0, offset < bytes.count else { return 0 }
        let part = bytes[offset..<offset + min(limit, buffer.count, bytes.count - offset)]
        buffer.store(part, at: 0)
        return part.count
    }
}
