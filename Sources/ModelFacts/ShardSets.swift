import Formats

/// The sets of files that are one model's weights together, and what of them is there. By names alone.
struct ShardSet: Equatable {
    /// What states which files belong to it: an index, or the pattern of their names.
    let name: String
    /// Whether ``name`` is an index.
    let isIndexed: Bool
    /// The directory of the index or of the files.
    let directory: String
    /// How many files belong to it.
    let count: Int
    /// The paths of those that are there.
    let present: [RelativePath]
    /// The paths of the first ones that are not: no more than ``shownLimit``, because a name may claim to be
    /// one of a hundred thousand.
    let missing: [RelativePath]

    /// How many missing files are told by name.
    static let shownLimit = 5

    /// How many are not there.
    var missingCount: Int { count - present.count }
    /// Whether nothing of it is there.
    var isAbsent: Bool { present.isEmpty && count > 0 }
    /// Whether all of it is there.
    var isComplete: Bool { missingCount == 0 && count > 0 }

    /// All sets of an entry: those of its indexes, then those of numbered files that no index names.
    static func all(
        _ paths: Set<RelativePath>, indexes: [(index: RelativePath, files: [RelativePath])]
    ) -> [ShardSet] {
        let indexed = indexes.map { index in
            ShardSet(
                name: index.index.text, isIndexed: true, directory: ModelPath(index.index).directory,
                count: index.files.count, present: index.files.filter(paths.contains),
                missing: Array(index.files.lazy.filter { !paths.contains($0) }.prefix(shownLimit)))
        }
        let known = Set(indexes.flatMap(\.files))
        var numbers: [ExactName: Set<Int>] = [:]
        var examples: [ExactName: (directory: String, part: ModelPath.Part)] = [:]
        for path in paths where !known.contains(path) {
            let name = ModelPath(path)
            guard let part = name.part else { continue }
            let pattern = ExactName(name.directory.isEmpty ? part.set : "\(name.directory)/\(part.set)")
            numbers[pattern, default: []].insert(part.number)
            examples[pattern] = (name.directory, part)
        }
        let numbered = examples.keys.sorted()
            .compactMap { pattern -> ShardSet? in
                guard let (directory, part) = examples[pattern], let present = numbers[pattern] else {
                    return nil
                }
                // Some count from 0 and end before the total; nearly all count from 1.
                let wanted = present.contains(0) ? 0...(part.total - 1) : 1...part.total
                func path(_ number: Int) -> RelativePath {
                    let name = part.name(of: number)
                    return RelativePath(checked: directory.isEmpty ? name : "\(directory)/\(name)")
                }
                let missing = wanted.lazy.filter { !present.contains($0) }.prefix(shownLimit)
                return ShardSet(
                    name: pattern.text, isIndexed: false, directory: directory, count: wanted.count,
                    present: present.filter(wanted.contains).sorted().map(path),
                    missing: missing.map(path))
            }
        return indexed + numbered
    }
}

/// What of an entry's weights is there whole, and so can stand in for a set that is not.
struct WholeWeights {
    private var setsByDirectory: [ExactName: Set<ExactName>] = [:]
    private var filesByDirectory: Set<ExactName> = []
    private var hasOtherRuntime = false

    /// Takes all paths of an entry and the sets among them; files of sets that are not complete do not count.
    init(_ paths: Set<RelativePath>, _ sets: [ShardSet]) {
        for set in sets where set.isComplete {
            setsByDirectory[ExactName(set.directory), default: []].insert(ExactName(set.name))
        }
        let incomplete = Set(sets.filter { !$0.isComplete }.flatMap(\.present))
        for path in paths where !incomplete.contains(path) {
            let name = ModelPath(path)
            if ["gguf", "onnx", "tflite", "mlmodel"].contains(name.suffix)
                || name.file == "openvino_model.xml"
            {
                hasOtherRuntime = true
            } else if name.part == nil, Self.isWholeModel(name) {
                filesByDirectory.insert(ExactName(name.directory))
            }
        }
    }

    /// Whether the weights of a set are there in another form: a complete set or a single file in the same
    /// directory, or the format of another runtime anywhere.
    func canReplace(_ set: ShardSet) -> Bool {
        hasOtherRuntime || filesByDirectory.contains(ExactName(set.directory))
            || setsByDirectory[ExactName(set.directory), default: []].contains { $0 != ExactName(set.name) }
    }

    private static func isWholeModel(_ name: ModelPath) -> Bool {
        let stems = [
            "model", "pytorch_model", "tf_model", "flax_model", "diffusion_pytorch_model",
            "diffusion_flax_model", "consolidated", "weights",
        ]
        let suffixes = ["safetensors", "bin", "h5", "msgpack", "pt", "pth", "npz"]
        return suffixes.contains(name.suffix)
            && name.file.text.split(separator: ".").first.map { stems.contains(String($0)) } ?? false
    }
}
