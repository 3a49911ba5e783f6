import Formats
import Manifests
import Tensors

/// What belongs to a GGUF file: the other parts of a model in several files, and the projector of one that sees or hears.
///
/// Sources: llama.cpp, November 2026: `llama_model_loader` takes the number of parts from `split.count` and their names from
/// that of the first (`llama_split_prefix`); a projector is of the architecture `clip`.
enum GGUFRequirements {
    /// The missing or present parts of every model, and a projector that was left out, which is optional.
    static func all(_ files: RequirementFiles) -> [FileRequirement] {
        let found = files.paths.filter { ModelPath($0).suffix == "gguf" }
        guard !found.isEmpty else { return [] }
        var requirements: [FileRequirement] = []
        for path in found {
            guard let file = files.file(path), let count = files.contents.gguf(file)?.partCount, count > 1,
                count <= 99_999
            else { continue }
            // What the names count is looked at with all other shards.
            let name = ModelPath(path)
            guard name.part?.total != count else { continue }
            let stem = name.part == nil ? String(path.text.dropLast(5)) : String(path.text.dropLast(5 + 15))
            let names = (1...count).map { "\(stem)-\(padded($0))-of-\(padded(count)).gguf" }
            requirements.append(FileRequirement(.part, by: path, all: names))
        }
        let elsewhere = files.elsewhere.filter(isProjector)
        if !found.contains(where: isProjector), !elsewhere.isEmpty, let first = found.first {
            requirements.append(
                FileRequirement(
                    .projector, by: first,
                    oneOf: elsewhere.prefix(16).map { FileRequirement.pattern($0.text) },
                    isOptional: true))
        }
        return requirements
    }

    /// Whether nothing but projectors is there, which no program loads without a model.
    static func lacksModel(_ files: [ModelFile], _ contents: ModelFileReader) -> Bool {
        let found = files.filter { ModelPath($0.path).suffix == "gguf" }
        return !found.isEmpty
            && found.allSatisfy { contents.gguf($0)?.architecture == "clip" }
    }

    /// Whether a file is a projector by its name, as programs choose it.
    private static func isProjector(_ path: RelativePath) -> Bool {
        let name = ModelPath(path)
        return name.suffix == "gguf" && name.file.text.lowercased().contains("mmproj")
    }

    private static func padded(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 5 - text.utf8.count)) + text
    }
}
