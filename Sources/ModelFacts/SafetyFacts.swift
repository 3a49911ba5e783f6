import Formats

/// What a model brings along that runs on the machine that loads it: code, and chat templates.
package struct SafetyFacts: Equatable, Sendable {
    /// Where its configurations ask for Python code, in the order of the files.
    package private(set) var code: [LoadedCode] = []
    /// What does not belong into its chat templates, in the order of the files.
    package private(set) var templates: [TemplateFinding] = []

    /// The largest JSON file that is read; configurations of tokenizers have up to some megabytes.
    static let sizeLimit = 1 << 25

    /// The largest JSON file without the name of a configuration that is read.
    static let documentLimit = 1 << 22

    /// Nothing.
    init() {}

    /// Reads configurations, templates and the headers of GGUF files. What cannot be read is recorded as such.
    static func read(_ files: [ModelFile], _ contents: ModelFileReader = ModelFileReader()) -> SafetyFacts {
        var facts = SafetyFacts()
        for file in files.sorted(by: { $0.path < $1.path }) { facts.read(file, contents) }
        facts.end()
        return facts
    }

    /// Reads one of the files, which have to come in the order of their paths.
    mutating func read(_ file: ModelFile, _ contents: ModelFileReader) {
        let path = ModelPath(file.path)
        let isTemplate = path.file == "chat_template.json"
        if LoadedCode.isConfiguration(file.path) || isTemplate {
            read(configuration: file, contents)
        } else if path.suffix == "json" {
            read(document: file, contents)
        } else if path.suffix == "yaml" || path.suffix == "yml" || path.file == "MLmodel" {
            read(yaml: file, contents)
        } else if file.path == "custom_generate/generate.py" {
            // transformers 4.52 and later take it for the model's generate method.
            code.append(LoadedCode(file: file.path.text, key: "custom_generate"))
        } else if path.suffix == "jinja" {
            read(template: file, contents)
        } else if path.suffix == "gguf" || ModelFormat.isWeightLike(file.path) {
            read(weights: file, contents)
        }
    }

    /// Ends reading: what a lock does not record is left out.
    mutating func end() {
        code = Array(code.prefix(LoadedCode.most))
        templates = Array(templates.prefix(TemplateFinding.most))
    }

    /// The facts that a lock records, sorted by name; none if there is nothing.
    var lockFields: [JSON.Member] {
        var fields: [JSON.Member] = []
        if !code.isEmpty { fields.append(JSON.Member("remote_code", .array(code.map(\.json)))) }
        if !templates.isEmpty { fields.append(JSON.Member("templates", .array(templates.map(\.json)))) }
        return fields
    }

    private mutating func read(configuration file: ModelFile, _ contents: ModelFileReader) {
        guard let bytes = try? contents.document(file, limit: SafetyFacts.sizeLimit),
            let json = try? JSON.parse(bytes.span, nonFinite: true)
        else {
            // A library may read it all the same.
            code.append(LoadedCode(file: file.path.text, key: "unreadable"))
            return
        }
        code += LoadedCode.all(in: json, file: file.path.text)
        templates += TemplateFinding.all(in: json, file: file.path.text)
    }

    /// A JSON file that has not the name of a configuration: what is none, or too long for one, reports nothing.
    private mutating func read(document file: ModelFile, _ contents: ModelFileReader) {
        guard !SafetyFacts.isVocabulary(file.path), file.size <= SafetyFacts.documentLimit,
            let bytes = try? contents.document(file, limit: SafetyFacts.documentLimit),
            let json = try? JSON.parse(bytes.span, nonFinite: true)
        else { return }
        code += LoadedCode.all(in: json, file: file.path.text)
    }

    /// Files that only a tokenizer or a list of shards is read from, and that are long.
    private static func isVocabulary(_ path: RelativePath) -> Bool {
        let name = ModelPath(path)
        return name.isIndex
            || (["vocab.json", "merges.json", "added_tokens.json"] as [ExactName]).contains(name.file)
    }

    private mutating func read(yaml file: ModelFile, _ contents: ModelFileReader) {
        guard let bytes = try? contents.document(file, limit: YAMLDocument.sizeLimit),
            let found = LoadedCode.all(inYAML: bytes, file: file.path.text)
        else { return code.append(LoadedCode(file: file.path.text, key: "unreadable")) }
        code += found
    }

    private mutating func read(template file: ModelFile, _ contents: ModelFileReader) {
        guard let bytes = try? contents.document(file, limit: SafetyFacts.sizeLimit) else {
            return templates.append(SafetyFacts.unread(file))
        }
        templates += TemplateFinding.all(in: bytes, file: file.path.text)
    }

    private mutating func read(weights file: ModelFile, _ contents: ModelFileReader) {
        guard let weights = try? contents.weights(file), weights.start.starts(with: "GGUF".utf8) else {
            return
        }
        guard case .gguf(_, let found) = weights.content else {
            return templates.append(SafetyFacts.unread(file))
        }
        templates += found
    }

    private static func unread(_ file: ModelFile) -> TemplateFinding {
        TemplateFinding(file: file.path.text, template: nil, line: 1, message: "could not be read")
    }
}
