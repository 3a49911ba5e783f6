import Formats
import Storage

/// What the YAML at the head of a repository's `README.md` states (the Hub's model card metadata).
///
/// Every value is text as it was written: `license: no` and `language: 1` are "no" and "1".
package struct ModelCard: Equatable, Sendable {
    /// Why a card could not be read.
    package struct Problem: Error, Equatable, Sendable {
        /// One sentence without a full stop.
        package let message: String
        /// The line of `README.md`, from 1, where it is known.
        package let line: Int?
    }

    /// `license`; several of a list are joined by ", ".
    package let license: String?
    /// `license_name`: what the licence is called where `license` is "other".
    package let licenseName: String?
    /// `license_link`.
    package let licenseLink: String?
    /// `base_model`, one or a list.
    package let baseModels: [String]
    /// `base_model_relation`: "finetune", "adapter", "quantized" or "merge".
    package let baseModelRelation: String?
    /// `library_name`.
    package let library: String?
    /// `pipeline_tag`.
    package let pipelineTag: String?
    /// `tags`.
    package let tags: [String]
    /// `language`, one or a list.
    package let languages: [String]
    /// `datasets`, one or a list.
    package let datasets: [String]

    /// The licence to go by: the name where `license` only states "other".
    package var effectiveLicense: String? {
        license?.lowercased() == "other" ? licenseName ?? license : license
    }

    /// Reads the card of a `README.md`, of which only the first MiB counts.
    /// - Returns: `nil` where the file has no YAML at its head, which is *not* an error.
    /// - Throws: where the YAML is not valid, not a mapping, has a key twice, or could exhaust memory or
    ///   stack.
    package static func parse(_ readme: [UInt8]) throws(Problem) -> ModelCard? {
        guard let range = FrontMatter.range(in: readme) else { return nil }
        let firstLine = readme[..<range.lowerBound].count { $0 == 0x0A } + 1
        guard range.count <= FrontMatter.sizeLimit else {
            throw Problem(message: "the model card's YAML is longer than 1 MiB", line: firstLine)
        }
        let yaml = Array(readme[range])
        guard String(validating: yaml, as: UTF8.self) != nil else {
            throw Problem(message: "the model card's YAML is not valid UTF-8", line: nil)
        }
        return try ModelCard(yaml, firstLine: firstLine)
    }

    private init(_ yaml: [UInt8], firstLine: Int) throws(Problem) {
        let root = try Self.compose(yaml, firstLine: firstLine)
        if let duplicate = root.flatMap(Self.firstDuplicate) {
            throw Problem(
                message: "the model card's YAML is not valid: a key is there twice: \(duplicate.text)",
                line: firstLine + duplicate.line - 1)
        }
        guard let mapping = root?.mapping else {
            throw Problem(
                message: "the model card's YAML is not a mapping of names to values", line: firstLine)
        }
        var texts: [ExactName: [String]] = [:]
        for pair in mapping {
            guard let name = pair.key.scalar?.text else { continue }
            texts[name] = Self.texts(pair.value)
        }
        let licenses = texts["license"] ?? []
        license = licenses.isEmpty ? nil : licenses.joined(separator: ", ")
        licenseName = texts["license_name"]?.first
        licenseLink = texts["license_link"]?.first
        baseModels = texts["base_model"] ?? []
        baseModelRelation = texts["base_model_relation"]?.first
        library = texts["library_name"]?.first
        pipelineTag = texts["pipeline_tag"]?.first
        tags = texts["tags"] ?? []
        languages = texts["language"] ?? []
        datasets = texts["datasets"] ?? []
    }

    /// The texts of a scalar or of a list of scalars, in order; what is empty, null or nested is left out.
    private static func texts(_ node: YAMLNode) -> [String] {
        if let scalar = node.scalar { return text(scalar).map { [$0] } ?? [] }
        return node.sequence?.compactMap { $0.scalar.flatMap(text) } ?? []
    }

    private static func text(_ scalar: YAMLScalarNode) -> String? {
        if scalar.isPlain, ["", "~", "null", "Null", "NULL"].contains(scalar.text) { return nil }
        // The texts end in tables on terminals, where an escape sequence would do what it states.
        let clean = scalar.text.unicodeScalars.map {
            $0.properties.generalCategory == .control ? " " : Character($0)
        }
        let words = String(clean).split(whereSeparator: \.isWhitespace)
        return words.isEmpty ? nil : words.joined(separator: " ")
    }

    /// Parses YAML; every scalar is text.
    static func compose(_ yaml: [UInt8], firstLine: Int) throws(Problem) -> YAMLNode? {
        do {
            return try YAMLNode.parse(yaml)
        } catch {
            throw Problem(
                message: "the model card's YAML is not valid: \(error.problem)",
                line: error.line.map { firstLine + $0 - 1 })
        }
    }

    /// The first of a key's places, in the mapping that has it more than once; `nil` if no mapping has.
    static func firstDuplicate(in node: YAMLNode) -> YAMLScalarNode? {
        let inner: [YAMLNode]
        switch node {
        case .scalar: return nil
        case .sequence(let elements, _): inner = elements
        case .mapping(let pairs, _):
            var first: [[UInt8]: YAMLScalarNode] = [:]
            for scalar in pairs.compactMap(\.key.scalar) {
                if let known = first[scalar.key] { return known }
                first[scalar.key] = scalar
            }
            inner = pairs.flatMap { [$0.key, $0.value] }
        }
        for node in inner {
            if let found = firstDuplicate(in: node) { return found }
        }
        return nil
    }
}
