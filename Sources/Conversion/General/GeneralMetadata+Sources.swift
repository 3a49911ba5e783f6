package import Formats
import Tensors

extension GeneralMetadata {
    /// Finds out all that is said of a model.
    ///
    /// For each value the first of these counts that has it: `overrides`, the card, `_name_or_path` of `config.json`,
    /// the name of the directory; for the numbers to sample with `overrides` and `generation_config.json`. What has
    /// the wrong type in the model's own files is left out, with a remark.
    /// - Parameters:
    ///   - card: the front matter of the model card, of a LoRA adapter its own; all but an object states nothing.
    ///   - config: `config.json`, as it is in the file; all but an object states nothing.
    ///   - generationConfig: `generation_config.json`; all but an object states nothing.
    ///   - directoryName: the last part of the path of the model's directory.
    ///   - modelName: a name that counts before all others.
    ///   - overrides: values by the names of keys, as `general.author`; other keys than those of
    ///     ``GeneralMetadata`` say nothing.
    ///   - parameterCount: what the written tensors have.
    ///   - kind: whether it is a model or an adapter.
    /// - Throws: where `overrides` is not an object, or a value in it has the wrong type.
    package init(
        card: JSON?, config: JSON?, generationConfig: JSON?, directoryName: String, modelName: String?,
        overrides: JSON?, parameterCount: ParameterCount, kind: Kind = .model
    ) throws(ConversionError) {
        self.init()
        self.kind = kind
        if let card { take(card: card, parameters: parameterCount.total) }
        if let path = config?["_name_or_path"]?.string, path.utf8.count(where: { $0 == 0x2F }) <= 1 {
            take(identifier: path, parameters: parameterCount.total)
        }
        take(identifier: directoryName, parameters: parameterCount.total)
        if let generationConfig { take(generationConfig: generationConfig) }
        if let overrides { try take(overrides: overrides) }
        name = modelName ?? name ?? directoryName
        if sizeLabel == nil, parameterCount.total > 0 { sizeLabel = parameterCount.sizeLabel }
    }

    /// `generation_config.json` of a model's files. One that is broken states nothing, as the converter takes it, which
    /// the remark tells.
    static func generationConfig(of files: ModelDocuments) -> (json: JSON?, remark: String?) {
        do throws(ConversionError) {
            return (try files.json("generation_config.json"), nil)
        } catch {
            return (nil, "\(error.message), and was not looked at")
        }
    }

    private mutating func take(identifier: String, parameters: Int) {
        let guess = ModelName(Array(identifier.unicodeScalars), parameters: parameters)
        name = name ?? guess.title
        organization = organization ?? guess.organizationTitle
        basename = basename ?? guess.basename
        finetune = finetune ?? guess.finetune
        version = version ?? guess.version
        sizeLabel = sizeLabel ?? guess.sizeLabel
    }

    private mutating func take(generationConfig: JSON) {
        guard generationConfig.members != nil else {
            remarks.append("generation_config.json is not an object and was not looked at")
            return
        }
        let names = ["temp": "temperature"]
        var wrong: [String] = []
        sampling.take { key in
            var name = names[key] ?? key
            if key == "penalty_repeat", generationConfig[key] == nil { name = "repetition_penalty" }
            let value = generationConfig[name]
            if let flag = value?.bool, key != "sequence" {
                wrong.append(
                    "\"\(name)\" in generation_config.json is \(flag), which is no number and counts as "
                        + (flag ? "1" : "0"))
            }
            return value
        } wrong: { key, expected in
            wrong.append(
                "\"\(names[key] ?? key)\" in generation_config.json is not \(expected) and was left out")
        }
        remarks += wrong
    }

    private mutating func take(overrides: JSON) throws(ConversionError) {
        guard let members = overrides.members else {
            throw ConversionError(
                .metadataMalformed, "the metadata that overrides the model's is not an object",
                fix: #"write {"general.name": "…"}, with the names of keys"#)
        }
        var unknown = Set(exactly: members.map(\.key))
        func value(_ key: String) -> JSON? {
            unknown.remove(ExactName("general.\(key)")).flatMap { overrides[$0.text] }
        }
        for (key, field) in Self.overridable {
            if let value = value(key) { self[keyPath: field] = try Self.text("general.\(key)", value) }
        }
        try sampling.take {
            value("sampling.\($0)")
        } wrong: { (key, expected) throws(ConversionError) in
            throw Self.wrong("general.sampling.\(key)", "is not \(expected)")
        }
        if let value = value("base_models") { baseModels = try Self.sources("general.base_models", value) }
        if let value = value("datasets") { datasets = try Self.sources("general.datasets", value) }
        if let value = value("tags") { tags = try Self.list("general.tags", value) }
        if let value = value("languages") { languages = try Self.list("general.languages", value) }
        for member in members where unknown.remove(ExactName(member.key)) != nil {
            remarks.append(
                "\"\(member.key)\" in the metadata that overrides the model's cannot be set and was left out"
            )
        }
    }

    /// The texts that can be overridden; the licence is none of them.
    private static var overridable: [(String, WritableKeyPath<GeneralMetadata, String?>)] {
        [
            ("name", \.name), ("author", \.author), ("version", \.version), ("organization", \.organization),
            ("finetune", \.finetune), ("basename", \.basename), ("description", \.description),
            ("quantized_by", \.quantizedBy), ("size_label", \.sizeLabel), ("license.name", \.licenseName),
            ("license.link", \.licenseLink), ("url", \.url), ("doi", \.doi), ("uuid", \.uuid),
            ("repo_url", \.repositoryURL), ("source.url", \.sourceURL), ("source.doi", \.sourceDOI),
            ("source.uuid", \.sourceUUID), ("source.repo_url", \.sourceRepositoryURL),
        ]
    }

    // MARK: Types of overrides

    private static func wrong(_ key: String, _ what: String) -> ConversionError {
        ConversionError(
            .metadataMalformed, "\"\(key)\" in the metadata that overrides the model's \(what)",
            fix: "correct it, or remove it")
    }

    private static func text(_ key: String, _ value: JSON) throws(ConversionError) -> String? {
        switch value {
        case .null: return nil
        case .string(let text): return text
        default:
            guard value.pythonText == "" else { throw wrong(key, "is not a text") }
            return ""
        }
    }

    private static func sources(_ key: String, _ value: JSON) throws(ConversionError) -> [ModelSource]? {
        if value == .null { return nil }
        var sources: [ModelSource] = []
        for (index, element) in (value.array ?? [.null]).enumerated() {
            guard element.members != nil else { throw wrong(key, "is not an array of objects") }
            sources.append(
                try ModelSource(element) { (name, value) throws(ConversionError) in
                    try text("\(key)[\(index)].\(name)", value)
                })
        }
        return sources
    }

    private static func list(_ key: String, _ value: JSON) throws(ConversionError) -> GGUFContent? {
        if value == .null { return nil }
        guard let elements = value.array, let list = ValueList.content(elements) else {
            throw wrong(key, "is not an array of texts")
        }
        return list
    }
}
