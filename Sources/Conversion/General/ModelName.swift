import Formats

/// What the identifier of a model states, as `mistralai/Mixtral-8x7B-Instruct-v0.1`: a guess by words and their order,
/// the same as that of gguf-py's `metadata.py` (`get_model_id_components`).
struct ModelName: Equatable {
    /// The name without the organization.
    private(set) var name: String
    /// What stands before the first `/`.
    private(set) var organization: String?
    /// The first words, as "Mixtral"; `nil` where no size, tuning or version is there to tell them from others.
    private(set) var basename: String?
    /// What the model was tuned for, as "Instruct".
    private(set) var finetune: String?
    /// The version, as "v0.1".
    private(set) var version: String?
    /// The size, as "8x7B".
    private(set) var sizeLabel: String?

    /// What a part of a name can be.
    private struct Kinds: OptionSet {
        let rawValue: UInt8
        static let basename = Kinds(rawValue: 1)
        static let sizeLabel = Kinds(rawValue: 2)
        static let finetune = Kinds(rawValue: 4)
        static let version = Kinds(rawValue: 8)
        static let type = Kinds(rawValue: 16)

        var count: Int { rawValue.nonzeroBitCount }
    }

    /// Guesses.
    /// - Parameters:
    ///   - identifier: a name, with or without an organization before it. One with a space is a name as it is.
    ///   - parameters: ``ParameterCount/total``, to tell a size from the length of a context; 0 where it is unknown.
    init(_ identifier: [Unicode.Scalar], parameters: Int) {
        name = String(scalars: identifier)
        if identifier.contains(" ") { return }
        var full = identifier[...]
        if let slash = identifier.firstIndex(of: "/") {
            full = identifier[(slash + 1)...]
            name = String(scalars: full)
            // "./" and "../" are no organizations.
            if identifier[0] != "." { organization = String(scalars: identifier[..<slash]) }
        }
        var parts = full.split(separator: "-").map { NamePart(Array($0)) }
        var kinds: [Kinds] = []
        for index in parts.indices {
            kinds.append(Self.kind(of: &parts[index], isFirst: index == 0, parameters))
        }
        Self.dropWords(of: parts, &kinds)
        Self.findBasename(parts, &kinds)
        func joined(_ isPart: (Kinds) -> Bool) -> String? {
            let chosen = zip(parts, kinds).filter { isPart($1) }.map { $0.0.text }
            return chosen.isEmpty ? nil : chosen.joined(separator: "-")
        }
        finetune = joined { $0.contains(.finetune) }
        version = joined { $0.contains(.version) && !$0.contains(.basename) }
        var sizes: [String] = []
        for case (let part, let kind) in zip(parts, kinds) where kind.contains(.sizeLabel) {
            if !sizes.containsExactly(part.text) { sizes.append(part.text) }
        }
        sizeLabel = sizes.isEmpty ? nil : sizes.joined(separator: "-")
        // With nothing but a basename it is too ambiguous.
        if finetune != nil || version != nil || sizeLabel != nil {
            basename = joined { $0.contains(.basename) }
        }
    }

    /// What a part is by itself.
    private static func kind(of part: inout NamePart, isFirst: Bool, _ parameters: Int) -> Kinds {
        if part.isVersion { return .version }
        if part.isType {
            part.uppercase()
            return .type
        }
        if isFirst { return [] }
        if part.isSize {
            part.normalizeSize()
            if parameters != 0, let size = part.size, !isPlausible(size, parameters) {
                // It is the length of a context, probably.
                part.lowercaseUnit()
                return .finetune
            }
            return .sizeLabel
        }
        guard ["chat", "instruct", "vision", "lora"].contains(where: { part.scalars.isWord($0) }) else {
            return []
        }
        return parameters < 0 && part.scalars.isWord("lora") ? .type : .finetune
    }

    /// Whether a model with so many parameters can call itself of that size. A LoRA adapter can be of any bigger one.
    private static func isPlausible(_ size: Double, _ parameters: Int) -> Bool {
        if parameters < 0 { return size >= Double(parameters.magnitude / 8) }
        let most = parameters - parameters / 8 - (parameters % 8 == 0 ? 0 : 1)
        return (size - Double(parameters)).magnitude <= Double(most)
    }

    /// If there is a size in digits, "small" and its like are none.
    private static func dropWords(of parts: [NamePart], _ kinds: inout [Kinds]) {
        let hasDigits = zip(parts, kinds).contains {
            $1.contains(.sizeLabel) && $0.scalars.contains(where: \.isPythonDecimal)
        }
        guard hasDigits else { return }
        for index in parts.indices
        where kinds[index].contains(.sizeLabel) && parts[index].scalars.allSatisfy(\.isPythonLetter) {
            kinds[index].remove(.sizeLabel)
        }
    }

    /// The words at the start that are nothing else are the basename, with the versions among them but not those
    /// at its end; all other words are a tuning.
    private static func findBasename(_ parts: [NamePart], _ kinds: inout [Kinds]) {
        var isStart = true
        for index in parts.indices {
            let startsWithLetter = parts[index].scalars.first?.isPythonLetter ?? false
            if isStart, (kinds[index].isEmpty && startsWithLetter) || kinds[index].contains(.version) {
                kinds[index].insert(.basename)
            } else {
                isStart = false
                if kinds[index].isEmpty { kinds[index] = .finetune }
            }
        }
        for index in kinds.indices.reversed() {
            guard kinds[index].contains(.basename), kinds[index].count > 1 else { break }
            kinds[index].remove(.basename)
        }
    }

    // MARK: For people

    /// The name for people.
    var title: String { Self.title(name) }

    /// The organization's name for people.
    var organizationTitle: String? { organization.map(Self.title) }

    /// Words instead of hyphens; those in lower case get a capital letter, but for versions and what starts with a
    /// digit (`id_to_title`).
    static func title(_ text: String) -> String {
        let words = text.unicodeScalars.split { $0 == "-" || $0.isPythonSpace }
        return words.map { word in
            let word = Array(word)
            let isPlain = !word.isPythonLower || word[0].isPythonDecimal || NamePart(word).isLowVersion
            return isPlain ? String(scalars: word) : word.pythonTitle
        }.joined(separator: " ")
    }
}
