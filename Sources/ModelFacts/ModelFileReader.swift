import Formats
import Storage
import Tensors

/// Reads the files of one model before they are hashed: the header of each file of weights, and each small document,
/// once, however many ask for it.
///
/// Of a GGUF file's header only what is asked for is kept, because vocabularies take tens of megabytes.
final class ModelFileReader {
    /// What a file of weights begins with.
    struct Weights {
        /// The first 4 KiB.
        let start: [UInt8]
        let content: Content
    }

    /// What a file of weights is.
    enum Content {
        case safetensors(SafetensorsHeader)
        case gguf(GGUFWeights, templates: [TemplateFinding])
        case malformed(TensorFile.Format, FormatError)
        /// Neither; or the start could be read, and the header not.
        case other, unreadable(FileError)
    }

    /// Where the tensors are in the files that were read, by their paths: what whoever hashes the files has to know.
    /// Archives are left out, whose directories were not read.
    private(set) var tensorFiles: [RelativePath: TensorFile.Reading] = [:]
    private var documents: [RelativePath: [UInt8]] = [:]
    private var weights: [RelativePath: Weights] = [:]

    /// The largest document that is kept; larger ones are asked for once.
    private static let keptSize = 1 << 22

    /// A document as a whole.
    /// - Throws: also where it is larger than `limit` bytes.
    func document(_ file: ModelFile, limit: Int) throws(FileError) -> [UInt8] {
        if let known = documents[file.path], known.count <= limit { return known }
        let bytes = try FileReader.contents(of: file.location, limit: limit)
        if bytes.count <= Self.keptSize { documents[file.path] = bytes }
        return bytes
    }

    /// The start of a file of weights, and its header.
    func weights(_ file: ModelFile) throws(FileError) -> Weights {
        if let known = weights[file.path] { return known }
        let handle = try FileHandle.reading(file.location)
        var buffer = Buffer(count: min(ModelFormat.headLength, max(0, file.size)))
        let length = try handle.read(into: &buffer, at: 0)
        let start = buffer.withBytes(length) { bytes in bytes.indices.map { bytes[$0] } }
        let found = Weights(start: start, content: content(of: file, handle))
        weights[file.path] = found
        return found
    }

    /// What the header of a GGUF file holds; `nil` if it cannot be read or is of another format.
    func gguf(_ file: ModelFile) -> GGUFWeights? {
        guard case .gguf(let weights, _)? = (try? weights(file))?.content else { return nil }
        return weights
    }

    private func content(of file: ModelFile, _ handle: borrowing FileHandle) -> Content {
        do throws(FileError) {
            let size = try handle.status().size
            let reading = try TensorHeader.read(name: file.path.text, fileSize: size) {
                range throws(FileError) in
                try handle.bytes(range)
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
}
