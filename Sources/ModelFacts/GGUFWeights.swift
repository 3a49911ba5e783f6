package import Formats
package import Tensors

/// What the headers of GGUF files tell of their weights.
package struct GGUFWeights {
    private var bytes: [GGMLType: Int] = [:]
    /// The architecture that the first file states.
    private(set) var architecture: String?
    /// The number of files that the first file states for its model, if it states one.
    private(set) var partCount: Int?
    /// Which of them the first file states it is, from 0; `nil` where it does not state it.
    private(set) var partNumber: Int?

    /// Adds the tensors of a file.
    package mutating func add(_ header: GGUFHeader) {
        architecture = architecture ?? header["general.architecture"]?.text
        partCount = partCount ?? header["split.count"]?.integer
        partNumber = partNumber ?? header["split.no"]?.integer
        for tensor in header.tensors {
            let (sum, overflow) = (bytes[tensor.type] ?? 0).addingReportingOverflow(tensor.bytes.count)
            bytes[tensor.type] = overflow ? Int.max : sum
        }
    }

    /// Adds what another file has.
    mutating func add(_ other: GGUFWeights) {
        for (type, count) in other.bytes {
            let (sum, overflow) = (bytes[type] ?? 0).addingReportingOverflow(count)
            bytes[type] = overflow ? Int.max : sum
        }
    }

    /// The bytes by the types' names, the one with most first.
    package var sizes: [(dtype: String, bytes: Int)] {
        bytes.map { ($0.key.name, $0.value) }.sorted { left, right in
            left.1 != right.1 ? left.1 > right.1 : left.0.precedesByBytes(right.0)
        }
    }

    /// The type that most bytes have, where that is one of blocks.
    package var quantization: ModelQuantization? {
        guard let most = sizes.first?.dtype, let type = GGMLType(name: most), type.blockLength > 1 else {
            return nil
        }
        return ModelQuantization(method: "gguf", format: most.lowercased())
    }

    /// The files of the largest model, where a repository holds it in several types: the parts of a set
    /// count together, and projectors, which are read beside a model, only where nothing else is there.
    static func chosen(_ files: [(path: RelativePath, size: Int)]) -> [RelativePath] {
        sets(files).max { left, right in
            left.size != right.size
                ? left.size < right.size : right.name.precedesByBytes(left.name)
        }?.paths ?? []
    }

    /// The models among GGUF files, each with its parts, sorted by name.
    package static func sets(
        _ files: [(path: RelativePath, size: Int)]
    ) -> [(name: String, size: Int, paths: [RelativePath])] {
        var sets: [ExactName: (size: Int, paths: [RelativePath])] = [:]
        let models = files.filter { !ModelPath($0.path).file.text.lowercased().hasPrefix("mmproj") }
        for file in models.isEmpty ? files : models {
            let path = ModelPath(file.path)
            let name = ExactName(
                (path.directory.isEmpty ? "" : "\(path.directory)/") + (path.part?.set ?? path.file.text))
            let (sum, overflow) = (sets[name]?.size ?? 0).addingReportingOverflow(file.size)
            sets[name] = (overflow ? Int.max : sum, (sets[name]?.paths ?? []) + [file.path])
        }
        return sets.sorted { $0.key < $1.key }.map { ($0.key.text, $0.value.size, $0.value.paths) }
    }
}
