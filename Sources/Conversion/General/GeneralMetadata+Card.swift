package import Formats
import Tensors

extension GeneralMetadata {
    /// Takes what a model card's front matter states.
    package mutating func take(card: JSON, parameters: Int) {
        guard card.members != nil else {
            if card != .null { remarks.append("the model card's front matter is not a mapping") }
            return
        }
        // The plain names are gguf-py's own, those with `model_` are made to look like the Hub's, and TheBloke's
        // cards have `model_creator` and `model_type`.
        name = text(card, "name", "model_name")
        author = text(card, "author", "model_author", "model_creator")
        version = text(card, "version", "model_version")
        organization = text(card, "organization", "model_organization")
        description = text(card, "description", "model_description")
        finetune = text(card, "finetune", "model_finetune")
        basename = text(card, "basename", "model_basename", "model_type")
        sizeLabel = text(card, "size_label", "model_size_label")
        sourceURL = text(card, "url", "model_url")
        sourceDOI = text(card, "doi", "model_doi")
        sourceUUID = text(card, "uuid", "model_uuid")
        sourceRepositoryURL = text(card, "repo_url", "model_repo_url")
        baseModels = sources(card, parameters, "base_model", "base_models", "base_model_sources")
        datasets = sources(card, parameters, "datasets", "dataset", "dataset_sources")
        if let licenses = card["license"]?.array {
            license = licenses.compactMap { text(of: $0, "license") }.joined(separator: ",")
        } else {
            license = text(card, "license")
        }
        licenseName = text(card, "license_name")
        licenseLink = text(card, "license_link")
        tags = list(card, "tags", "pipeline_tag")
        languages = list(card, "languages", "language")
    }

    private mutating func leftOut(_ key: String, _ what: String) {
        remarks.append("\"\(key)\" of the model card \(what) and was left out")
    }

    /// The text of the first key that has a value.
    private mutating func text(_ card: JSON, _ keys: String...) -> String? {
        for key in keys {
            if let value = card[key], let text = text(of: value, key) { return text }
        }
        return nil
    }

    private mutating func text(of value: JSON, _ key: String) -> String? {
        let text = value.pythonText
        if text == nil, value != .null { leftOut(key, "is not a text") }
        return text
    }

    /// What the first key that is there states, a text or a list.
    private mutating func sources(_ card: JSON, _ parameters: Int, _ keys: String...) -> [ModelSource]? {
        guard let key = keys.first(where: { card[$0] != nil }), let value = card[key] else { return nil }
        var sources: [ModelSource] = []
        for element in value.array ?? [value] {
            if let identifier = element.string {
                sources.append(ModelSource(identifier, parameters: parameters))
            } else if element.members != nil, element["!timestamp"] == nil, value.array != nil {
                sources.append(ModelSource(element) { text(of: $1, "\(key).\($0)") })
            } else if value.array != nil {
                // It keeps its place and number.
                sources.append(ModelSource())
                remarks.append(
                    "an element of \"\(key)\" of the model card is neither a text nor a mapping and states nothing"
                )
            } else if value != .null {
                leftOut(key, "is neither a text nor a list")
            }
        }
        return sources
    }

    /// What all of these keys say, texts and lists, one after the other.
    private mutating func list(_ card: JSON, _ keys: String...) -> GGUFContent? {
        var elements: [JSON]?
        for key in keys {
            guard let value = card[key], value != .null else { continue }
            if value.string == nil, value.array == nil { leftOut(key, "is neither a text nor a list") }
            elements = (elements ?? []) + (value.array ?? (value.string == nil ? [] : [value]))
        }
        guard let elements else { return nil }
        if let content = ValueList.content(elements) { return content }
        remarks.append(
            "\"\(keys[0])\" of the model card has elements of different types, which became texts")
        return ValueList.texts(elements)
    }
}

/// Lists of values of any type as arrays of one.
enum ValueList {
    /// The array where all values are of the same type, which is then the array's: text, whole numbers of 32 bits,
    /// numbers or truth values; else `nil`.
    static func content(_ values: [JSON]) -> GGUFContent? {
        guard let first = values.first else { return .strings([]) }
        switch first {
        case .string:
            let texts = values.compactMap(\.string)
            return texts.count == values.count ? .strings(texts) : nil
        case .integer:
            let numbers = values.compactMap(\.integer).compactMap { Int32(exactly: $0) }
            return numbers.count == values.count ? .int32s(numbers) : nil
        case .number:
            let numbers: [Float] = values.compactMap {
                if case .number = $0 { $0.pythonFloat } else { nil }
            }
            return numbers.count == values.count ? .float32s(numbers) : nil
        case .bool:
            let bools = values.compactMap(\.bool)
            return bools.count == values.count ? .bools(bools) : nil
        case .null, .array, .object: return nil
        }
    }

    /// The values that have a text. `no` of YAML, the code of Norwegian, has been read as `false`.
    static func texts(_ values: [JSON]) -> GGUFContent {
        .strings(
            values.compactMap {
                switch $0 {
                case .string(let text): text
                case .integer(let number): String(number)
                case .number(let number): "\(number)"
                case .bool(let value): value ? "yes" : "no"
                case .null, .array, .object: nil
                }
            })
    }
}
