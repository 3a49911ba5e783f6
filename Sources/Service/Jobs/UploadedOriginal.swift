import Catalogue
import Formats
import Manifests
import Storage

/// A version of the registry, or a commit that clients of the Hub uploaded, as it is when a job works with it.
struct UploadedOriginal {
    /// A file of it.
    private struct Item {
        let path: RelativePath
        let digest: SHA256Digest
        let size: Int
        /// What the file was when its content was hashed; `nil` where nobody knows.
        let proved: FileStatus?
    }

    /// Whether others than its owner see it.
    let isPublic: Bool
    /// What its owner states of it; empty of a repository.
    let document: JSON
    private let items: [Item]
    private let store: ContentStore

    /// Looks it up.
    /// - Throws: ``JobFailure`` where it is not there any more, or whoever asked may not see it any more.
    init(
        _ original: OptimizationOriginal, _ keeper: OptimizationKeeper, _ catalogue: ModelCatalogue
    ) throws {
        let gone = JobFailure("\(original.text) is not on this server any more")
        store = catalogue.store
        switch original {
        case .version(let user, let model, let version):
            guard
                let found = try catalogue.find(
                    user: user, model: model, version: version, isPublicOnly: !keeper.seesAll,
                    withFiles: true),
                let document = try? JSON.parse(Array(found.text.utf8))
            else { throw gone }
            self.document = document
            isPublic = document["visibility"]?.string?.hasSameBytes(as: "public") == true
            items = found.files.map {
                Item(
                    path: $0.file.path, digest: $0.file.content.sha256, size: $0.file.content.size,
                    proved: $0.proved)
            }
        case .repository(let repository, let name):
            let repositories = RepositoryStore(catalogue)
            guard let stored = try repositories.find(repository), keeper.seesAll || !stored.isPrivate,
                let commit = try repositories.commit(stored, name)
            else { throw gone }
            document = [:]
            isPublic = !stored.isPrivate
            items = try repositories.files(commit).map {
                Item(
                    path: $0.path, digest: $0.sha256, size: $0.size,
                    proved: repositories.status(of: $0.sha256))
            }
        case .cached, .uploaded: throw gone
        }
    }

    /// Weights of other formats than those that are read, which are not copied.
    private static let others = ["bin", "pt", "pth", "ckpt", "onnx", "h5", "msgpack", "pb", "tflite", "npz"]

    /// Puts the files of it that are needed into a directory: copies, because a second name of a file would have the server
    /// hash it again. Each is what its name states.
    /// - Parameter file: the GGUF file that is read; `nil` for the safetensors and all beside them.
    func lay(out directory: String, _ file: RelativePath?, _ control: JobControl) throws {
        let wanted = items.filter { item in
            guard let file else {
                return !(UploadedOriginal.others + ["gguf"]).containsExactly(item.path.pathExtension ?? "")
            }
            return item.path == file || item.path == "README.md"
                || UploadedOriginal.isSibling(item.path, of: file)
        }
        // Nothing of it is swept meanwhile, whoever deletes it.
        let hold = store.hold(wanted.map(\.digest))
        defer { withExtendedLifetime(hold) {} }
        try Directory.make(directory)
        let size = wanted.saturatedSum(\.size)
        guard try Directory.freeBytes(at: directory) / 2 >= size else {
            throw JobFailure("the disk has no room for a copy of the model")
        }
        var buffer = Buffer(count: FileReader.blockSize)
        for item in wanted {
            let place = item.path.joined(to: directory)
            try Directory.make(Path.parent(place))
            let source = store.path(of: item.digest)
            let status = try FileStatus.status(of: source)
            if status == item.proved, status.size == item.size {
                let reading = try FileHandle.reading(source)
                if try reading.clone(to: place) != nil { continue }
            }
            let copy = try FileHandle.creating(place)
            let read = try FileReader.read(source, gitBlob: false, buffer: &buffer) { bytes in
                if control.isCancelled { throw JobFailure("it was cancelled") }
                try copy.write(bytes)
            }
            guard read.digests.sha256 == item.digest else {
                throw JobFailure("\(item.path) is damaged in the store: upload it again")
            }
        }
    }

    /// Whether a file is another part of the same split model.
    private static func isSibling(_ path: RelativePath, of file: RelativePath) -> Bool {
        guard file.name.containsUTF8("-00001-of-") else { return false }
        // NAME-00001-of-00005.gguf
        let name = String(decoding: file.text.utf8.dropLast(20), as: UTF8.self)
        return path.text.hasUTF8Prefix(name + "-") && path.hasSuffix(".gguf")
    }
}
