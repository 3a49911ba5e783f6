import Formats
import Manifests

/// What the modules of a sentence-transformers model are loaded from, which `modules.json` names by their directories.
///
/// As the classes' `load` does it (sentence-transformers 6.2.0, `base/model.py` and the modules themselves; the names of
/// files are the same since 2.0).
enum ModuleRequirements {
    /// The file that makes a directory a sentence-transformers model.
    static let index: RelativePath = "modules.json"
    /// The deepest router in a router; real models have one.
    private static let maximumDepth = 4

    /// The files of every module that the index names; none where there is no index.
    static func all(_ files: inout RequirementFiles) -> [FileRequirement] {
        guard let modules = files.json(index)?.array else { return [] }
        return modules.prefix(64).flatMap { module -> [FileRequirement] in
            guard let type = module["type"]?.string, let path = module["path"]?.string else { return [] }
            return requirements(of: type, in: path, by: index, &files)
        }
    }

    private static func requirements(
        of type: String, in path: String, by file: RelativePath, _ files: inout RequirementFiles,
        depth: Int = 0
    ) -> [FileRequirement] {
        guard path.isEmpty || RelativePath(path) != nil else {
            return [FileRequirement(.module, by: file, all: [path])]
        }
        func all(_ names: String...) -> FileRequirement {
            FileRequirement(.module, by: file, all: names.map(path.appending(file:)))
        }
        func one(_ patterns: [String]) -> FileRequirement {
            FileRequirement(.module, by: file, oneOf: patterns)
        }
        let config = all("config.json")
        let weights = one(Requirements.weights(in: path))
        guard type.utf8.starts(with: "sentence_transformers.".utf8) else {
            return CodeRequirements.custom(type, by: file) + content(of: path, by: file)
        }
        switch type.split(separator: ".").last.map(String.init) {
        case "Transformer", "MLMTransformer", "CLIPModel":
            return [
                one(["config.json", "adapter_config.json"].map(path.appending(pattern:))),
                one(
                    Requirements.weights(in: path)
                        + ["adapter_model*.safetensors", "adapter_model*.bin", "*.onnx", "*.xml"]
                        .map(path.appending(pattern:))),
            ]
        case "Dense", "LayerNorm", "WeightedLayerPooling", "SparseAutoEncoder": return [config, weights]
        case "CNN": return [all("cnn_config.json"), weights]
        case "LSTM": return [all("lstm_config.json"), weights]
        case "WordEmbeddings":
            let tokenizers = [
                "whitespacetokenizer_config.json", "phrasetokenizer_config.json", "tokenizer_config.json",
            ]
            return [
                all("wordembedding_config.json"), weights, one(tokenizers.map(path.appending(pattern:))),
            ]
        case "StaticEmbedding": return [all("tokenizer.json"), weights]
        case "SparseStaticEmbedding":
            return [config, one(Requirements.weights(in: path) + [path.appending(pattern: "idf.json")])]
        case "Router", "Asym": return router(path, file, &files, depth)
        // These have no settings that would have to be there.
        case "Normalize", "Dropout": return []
        case "Pooling", "BoW", "WordWeights", "SpladePooling", "LogitScore": return [config]
        default: return content(of: path, by: file)
        }
    }

    /// A router names its own modules: `types` has their classes by the names of their directories.
    private static func router(
        _ path: String, _ file: RelativePath, _ files: inout RequirementFiles, _ depth: Int
    ) -> [FileRequirement] {
        let names = ["router_config.json", "config.json"].map(path.appending(file:))
        let asked = FileRequirement(.module, by: file, oneOf: names.map(FileRequirement.pattern))
        guard depth < maximumDepth,
            let name = names.first(where: files.contains).flatMap({ RelativePath($0) }),
            let types = files.json(name)?["types"]?.members
        else { return [asked] }
        return [asked]
            + types.prefix(64).flatMap { member -> [FileRequirement] in
                guard let type = member.value.string else { return [] }
                return requirements(
                    of: type, in: path.appending(file: member.key), by: name, &files, depth: depth + 1)
            }
    }

    /// A module of which nothing is known: something has to be in its directory.
    private static func content(of path: String, by file: RelativePath) -> [FileRequirement] {
        path.isEmpty ? [] : [FileRequirement(.module, by: file, oneOf: [path.appending(pattern: "*")])]
    }
}
