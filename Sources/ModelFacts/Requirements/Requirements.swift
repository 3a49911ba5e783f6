import Formats
import Manifests

/// What the files of a model ask for by name, gathered from all of its formats.
enum Requirements {
    /// Every requirement, sorted by the file that asks and then as it was found.
    /// - Parameters:
    ///   - needs: as ``ModelFacts/needs``; what they ask for is not asked for twice.
    static func all(
        _ files: inout RequirementFiles, config: ConfigFacts?, needs: [String]
    ) -> [FileRequirement] {
        let known = Set(needs.map { ExactName($0) })
        var found = ModuleRequirements.all(&files) + PipelineRequirements.all(&files)
        found = found.filter { requirement in
            guard let name = requirement.names.first, requirement.names.count == 1,
                ModelPath(name.text).file == "config.json"
            else { return true }
            return !known.contains(ExactName("config:\(ModelPath(name.text).directory)"))
        }
        found += CodeRequirements.all(&files, modelType: config?.modelType)
        found += ProcessorRequirements.all(files, config)
        found += DataRequirements.all(&files) + GGUFRequirements.all(files)
        var seen: Set<FileRequirement> = []
        return found.filter { seen.insert($0).inserted }.enumerated().sorted { one, other in
            one.element.file == other.element.file
                ? one.offset < other.offset : one.element.file < other.element.file
        }.map(\.element)
    }

    /// The weights that sentence-transformers and transformers look for in a directory, PyTorch's first.
    static func weights(in directory: String) -> [String] {
        ["model*.safetensors", "pytorch_model*.bin"].map(directory.appending(pattern:))
    }
}
