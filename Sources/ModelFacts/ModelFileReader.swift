package import Formats
import Glibc
package import Storage
package import Tensors

/// Reads the files of one entry before they are hashed: each is opened once, however many ask for its start, its header
/// or the whole of it.
///
/// A small file, and a document that somebody wants as a whole, are kept, so that hashing does not read them again. Of a
/// GGUF file's header only what is asked for is kept, because vocabularies take tens of megabytes.
package final class ModelFileReader {
    /// What a file of weights begins with.
    struct Weights {
        /// The first 4 KiB.
        let start: [UInt8]
        /// What the header holds, or why there is none.
        let content: Content
    }

    /// What a file of weights is.
    enum Content {
        /// A safetensors file, whose header is kept as a whole.
        case safetensors(SafetensorsHeader)
        /// A GGUF file: what is asked for of its header, and what its chat templates do.
        case gguf(GGUFWeights, templates: [TemplateFinding])
        /// A file of this format that breaks it.
        case malformed(TensorFile.Format, FormatError)
        /// Neither; or the start could be read, and the header not.
        case other, unreadable(FileError)
    }

    /// The most bytes that are kept of all files together.
    package static let room = 64 << 20
    /// The largest file that is kept, in bytes.
    private static let keptSize = 32 << 20
    /// The most files that stay open.
    private static let mostOpen = 64

    /// The files that were read as a whole, as they were then.
    package private(set) var kept: [RelativePath: FileContent] = [:]
    /// Where the tensors are in the files that were asked for: what whoever hashes the files has to know.
    package private(set) var tensorFiles: [RelativePath: TensorFile.Reading] = [:]
    /// How many bytes more may be kept.
    package private(set) var room: Int
    private var opened: [RelativePath: OpenedFile] = [:]
    private var order: [RelativePath] = []
    private var weights: [RelativePath: Weights] = [:]
    /// What is known of files that are not on this machine.
    private let served: [RelativePath: ServedFile]

    /// - Parameters:
    ///   - room: the most bytes that are kept.
    ///   - served: files of which parts are given, and nothing is read from the disk.
    package init(room: Int = ModelFileReader.room, served: [RelativePath: ServedFile] = [:]) {
        self.room = room
        self.served = served
    }

    /// The size of a file in bytes, as it is now.
    func size(_ file: ModelFile) throws(FileError) -> Int {
        if let served = served[file.path] { return served.size }
        if let content = kept[file.path] { return content.bytes.count }
        return try open(file)?.status.size ?? kept[file.path]?.bytes.count ?? 0
    }

    /// The bytes of a range of a file, or fewer where it ends in it.
    func bytes(_ range: Range<Int>, of file: ModelFile) throws(FileError) -> [UInt8] {
        if let served = served[file.path] {
            // ENODATA
            guard let bytes = served.bytes(range) else {
                throw FileError("read", file.location, code: ENODATA)
            }
            return bytes
        }
        if let content = kept[file.path] { return content.bytes.within(range) }
        if let opened = try open(file) { return try opened.bytes(range) }
        return kept[file.path]?.bytes.within(range) ?? []
    }

    /// The first bytes of a file, `count` or fewer, of which others will ask for the whole: it is kept if there is room.
    func whole(_ file: ModelFile, atMost count: Int) throws(FileError) -> [UInt8] {
        let size = try size(file)
        return fits(size)
            ? try document(file, limit: size).within(0..<count) : try bytes(0..<count, of: file)
    }

    /// A document as a whole.
    /// - Throws: also where it is larger than `limit` bytes.
    func document(_ file: ModelFile, limit: Int) throws(FileError) -> [UInt8] {
        let size = try size(file)
        guard size <= limit else { throw FileError("read", file.location, code: EFBIG) }
        if let content = kept[file.path] { return content.bytes }
        if served[file.path] != nil { return try bytes(0..<size, of: file) }
        guard let opened = try open(file), fits(size), let content = try opened.content() else {
            return try bytes(0..<size, of: file)
        }
        keep(content, of: file.path)
        return content.bytes
    }

    /// The start of a file of weights, and its header.
    func weights(_ file: ModelFile) throws(FileError) -> Weights {
        if let known = weights[file.path] { return known }
        let start = try bytes(0..<ModelFormat.headLength, of: file)
        let found = Weights(start: start, content: content(of: file))
        weights[file.path] = found
        return found
    }

    /// What the header of a GGUF file holds; `nil` if it cannot be read or is of another format.
    func gguf(_ file: ModelFile) -> GGUFWeights? {
        guard case .gguf(let weights, _)? = (try? weights(file))?.content else { return nil }
        return weights
    }

    /// Finds out where the tensors of a file are, archives' too. What cannot be read is left to whoever hashes it.
    func findTensors(in file: ModelFile) {
        guard tensorFiles[file.path] == nil, let size = try? size(file) else { return }
        tensorFiles[file.path] = try? TensorFile.read(name: file.path.text, fileSize: size) { range in
            try bytes(range, of: file)
        }
    }

    private func content(of file: ModelFile) -> Content {
        do throws(FileError) {
            let reading = try TensorHeader.read(name: file.path.text, fileSize: try size(file)) {
                range throws(FileError) in
                try bytes(range, of: file)
            }
            switch reading {
            case .header(let header):
                tensorFiles[file.path] = .tensors(header.file)
                switch header {
                case .safetensors(let header): return .safetensors(header)
                case .gguf(let header):
                    var weights = GGUFWeights()
                    weights.add(header)
                    return .gguf(weights, templates: TemplateFinding.all(in: header, file: file.path.text))
                }
            case .archive: return .other
            case .opaque:
                tensorFiles[file.path] = .opaque
                return .other
            case .malformed(let format, let error):
                tensorFiles[file.path] = .malformed(format, error)
                return .malformed(format, error)
            }
        } catch {
            return .unreadable(error)
        }
    }

    // MARK: Handles

    /// The open file; `nil` where it is small and was kept.
    private func open(_ file: ModelFile) throws(FileError) -> OpenedFile? {
        if let known = opened[file.path] { return known }
        let made = try OpenedFile(file.location)
        // What is judged here is what will be hashed: another file may have the path for a moment.
        if let status = file.status, made.status != status {
            // ESTALE
            throw FileError(
                "read", file.location, code: 116, reason: "it is not the file that was found there")
        }
        if made.status.size <= OpenedFile.smallSize, fits(made.status.size), let content = try made.content()
        {
            keep(content, of: file.path)
            return nil
        }
        if order.count >= Self.mostOpen { opened[order.removeFirst()] = nil }
        opened[file.path] = made
        order.append(file.path)
        return made
    }

    private func fits(_ size: Int) -> Bool { size <= min(Self.keptSize, room) }

    private func keep(_ content: FileContent, of path: RelativePath) {
        kept[path] = content
        room -= content.bytes.count
        if opened.removeValue(forKey: path) != nil { order.removeAll { $0 == path } }
    }
}
