import Formats
import Manifests

/// Python modules that a model's configurations name, and those that these import from beside them.
///
/// As transformers finds them (5.23.0, `dynamic_module_utils.py`): "module.Class" is `module.py`, and what a module imports
/// with `from .other import` or `import .other` is `other.py`. What is of another repository is not looked for here.
enum CodeRequirements {
    private static let configurations: Set<ExactName> = [
        "config.json", "tokenizer_config.json", "preprocessor_config.json", "processor_config.json",
        "video_preprocessor_config.json",
    ]

    /// - Parameter modelType: where transformers has classes for it, the model loads without its own code.
    static func all(_ files: inout RequirementFiles, modelType: String?) -> [FileRequirement] {
        let isOptional = modelType.map { TransformersModels.isKnown($0) } ?? false
        var found: [FileRequirement] = []
        var modules: [String] = []
        for path in files.paths where configurations.contains(ModelPath(path).file) {
            guard let json = files.json(path) else { continue }
            let directory = ModelPath(path).directory
            // Without any vocabulary that transformers reads, only the repository's own class makes a tokenizer.
            let isOptional =
                isOptional
                && (ModelPath(path).file != "tokenizer_config.json"
                    || TokenizerFiles(Set(files.paths), in: directory).isComplete)
            for reference in ConfigFacts.code(json) {
                guard let module = module(of: reference) else { continue }
                let places = [directory.appending(file: module), module]
                modules += places.prefix(directory.isEmpty ? 1 : 2).filter(files.contains)
                found.append(
                    directory.isEmpty
                        ? FileRequirement(.code, by: path, all: [module], isOptional: isOptional)
                        : FileRequirement(
                            .code, by: path, oneOf: places.map(FileRequirement.pattern),
                            isOptional: isOptional))
            }
        }
        return found + imports(of: modules, files, isOptional)
    }

    /// A class of sentence-transformers modules that is not the library's own.
    static func custom(_ type: String, by file: RelativePath) -> [FileRequirement] {
        // What no module of the repository is, is taken from an installed package.
        guard let module = module(of: type), type.split(separator: ".").count == 2 else { return [] }
        return [FileRequirement(.code, by: file, all: [module])]
    }

    /// The file of "module.Class"; `nil` where it is another repository's, or none.
    private static func module(of reference: String) -> String? {
        guard !reference.contains("--"), let dot = reference.utf8.lastIndex(of: UInt8(ascii: ".")),
            dot != reference.utf8.startIndex
        else { return nil }
        return "\(reference[..<dot]).py"
    }

    /// What modules import from beside them, and what these import in turn.
    private static func imports(
        of modules: [String], _ files: RequirementFiles, _ isOptional: Bool
    ) -> [FileRequirement] {
        var found: [FileRequirement] = []
        var seen: Set<RelativePath> = []
        var next = modules
        while let name = next.popLast(), seen.count < 256 {
            guard let module = RelativePath(name), seen.insert(module).inserted, let code = files.code(module)
            else { continue }
            let directory = ModelPath(module).directory
            let names = relativeImports(code).map { directory.appending(file: "\($0).py") }
            guard !names.isEmpty else { continue }
            found.append(FileRequirement(.code, by: module, all: names, isOptional: isOptional))
            next += names
        }
        return found
    }

    /// The modules of lines `from .NAME import …` and `import .NAME`, which are all that transformers looks for: it reads
    /// lines, not Python. Sorted.
    static func relativeImports(_ code: [UInt8]) -> [String] {
        var names: Set<[UInt8]> = []
        for line in code.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let words = line.split(whereSeparator: { $0 == 0x20 || (0x09...0x0D).contains($0) })
            guard let first = words.first, words.count >= 2 else { continue }
            let isFrom =
                first.elementsEqual("from".utf8) && words.count >= 3
                && words[2].starts(with: "import".utf8)
            let isImport = first.elementsEqual("import".utf8) && words.count == 2
            guard isFrom || isImport, words[1].first == UInt8(ascii: "."), words[1].count > 1 else {
                continue
            }
            names.insert(Array(words[1].dropFirst()))
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }.map { String(decoding: $0, as: UTF8.self) }
    }
}
