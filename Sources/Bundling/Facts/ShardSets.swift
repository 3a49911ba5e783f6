/// The sets of files that are one model's weights together, and what of them is there. By names alone.
struct ShardSet: Equatable {
    /// What says which files belong to it: an index, or the pattern of their names.
    let name: String
    /// Whether ``name`` is an index.
    let isIndexed: Bool
    /// The directory of the index or of the files.
    let directory: String
    /// The paths of all.
    let files: [String]
    /// The paths of those that are not there.
    let missing: [String]

    /// Whether nothing of it is there.
    var isAbsent: Bool { missing.count == files.count && !files.isEmpty }

    /// All sets of an entry: those of its indexes, then those of numbered files that no index names.
    static func all(_ paths: Set<String>, indexes: [(index: String, files: [String])]) -> [ShardSet] {
        let indexed = indexes.map { index in
            ShardSet(
                name: index.index, isIndexed: true, directory: ModelPath(index.index).directory,
                files: index.files, missing: index.files.filter { !paths.contains($0) })
        }
        let known = Set(indexes.flatMap(\.files))
        var numbers: [String: Set<Int>] = [:]
        var examples: [String: (directory: String, part: ModelPath.Part)] = [:]
        for path in paths where !known.contains(path) {
            let name = ModelPath(path)
            guard let part = name.part else { continue }
            let pattern = name.directory.isEmpty ? part.set : "\(name.directory)/\(part.set)"
            numbers[pattern, default: []].insert(part.number)
            examples[pattern] = (name.directory, part)
        }
        let numbered = examples.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            .compactMap { pattern -> ShardSet? in
                guard let (directory, part) = examples[pattern], let present = numbers[pattern] else {
                    return nil
                }
                // Some count from 0 and end before the total; nearly all count from 1.
                let wanted = present.contains(0) ? 0...(part.total - 1) : 1...part.total
                func path(_ number: Int) -> String {
                    directory.isEmpty ? part.name(of: number) : "\(directory)/\(part.name(of: number))"
                }
                return ShardSet(
                    name: pattern, isIndexed: false, directory: directory, files: wanted.map(path),
                    missing: wanted.filter { !present.contains($0) }.map(path))
            }
        return indexed + numbered
    }

    /// Whether the entry has these weights whole in another form: a complete set or a single file in the same
    /// directory, or the format of another runtime anywhere.
    func hasAlternative(_ sets: [ShardSet], _ paths: Set<String>) -> Bool {
        let complete = sets.contains {
            $0.directory == directory && $0.name != name && $0.missing.isEmpty && !$0.files.isEmpty
        }
        if complete { return true }
        let incomplete = Set(sets.filter { !$0.missing.isEmpty }.flatMap(\.files))
        return paths.contains { path in
            let name = ModelPath(path)
            guard !incomplete.contains(path) else { return false }
            if ["gguf", "onnx", "tflite", "mlmodel"].contains(name.suffix)
                || name.file == "openvino_model.xml"
            {
                return true
            }
            return name.directory == directory && name.part == nil && Self.isWholeModel(name)
        }
    }

    private static func isWholeModel(_ name: ModelPath) -> Bool {
        let stems = [
            "model", "pytorch_model", "tf_model", "flax_model", "diffusion_pytorch_model",
            "diffusion_flax_model", "consolidated", "weights",
        ]
        let suffixes = ["safetensors", "bin", "h5", "msgpack", "pt", "pth", "npz"]
        return suffixes.contains(name.suffix)
            && name.file.split(separator: ".").first.map { stems.contains(String($0)) } ?? false
    }
}
