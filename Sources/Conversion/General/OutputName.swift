package import Formats

extension GeneralMetadata {
    /// The name of the file where none is asked for, as "Qwen3-8B-Instruct-F16.gguf" (`naming_convention` of gguf-py's
    /// `utility.py`).
    ///
    /// Unlike there no part of it can lead into another directory or do something to a terminal: a `/` and control
    /// characters become hyphens everywhere.
    /// - Parameters:
    ///   - type: the type of the tensors, as "F16" or "Q4_K_M".
    ///   - isVocabularyOnly: whether the file has only a tokenizer, which has neither size nor type.
    package func fileName(type: String, isVocabularyOnly: Bool = false) -> String {
        func plain(_ text: String) -> String {
            text.mapping(to: "-") { $0 == "/" || $0.properties.generalCategory == .control }
        }
        func words(_ text: String) -> String { plain(text.pythonStripped).mapping(to: "-") { $0 == " " } }
        let isProjector = kind == .projector
        var parts = [(isProjector ? "mmproj-" : "") + words(basename ?? name ?? "ggml-model")]
        // A projector's number of parameters would be taken for the model's.
        if !isVocabularyOnly, !isProjector, let sizeLabel { parts.append(plain(sizeLabel)) }
        if let finetune { parts.append(words(finetune)) }
        if let version { parts.append(words(version)) }
        if !isVocabularyOnly { parts.append(words(type.uppercased())) }
        if isVocabularyOnly { parts.append("vocab") } else if kind == .adapter { parts.append("LoRA") }
        return parts.joined(separator: "-") + ".gguf"
    }

    /// A file's name with the type of the tensors in its placeholders: `{ftype}` and `{outtype}` for "q8_0",
    /// `{FTYPE}` and `{OUTTYPE}` for "Q8_0", `{}` as the first; `{{` and `}}` stand for braces.
    /// - Parameters:
    ///   - template: the last part of the path.
    ///   - type: the type of the tensors, as "F16" or "Q4_K_M".
    /// - Throws: if there is another placeholder, or a brace alone.
    package static func fileName(filling template: String, type: String) throws(ConversionError) -> String {
        var result = String.UnicodeScalarView()
        var placeholder: String.UnicodeScalarView?
        var rest = Array(template.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch (scalar, placeholder) {
            case ("{", nil) where rest.first == "{", ("}", nil) where rest.first == "}":
                result.append(scalar)
                rest = rest.dropFirst()
            case ("{", nil): placeholder = String.UnicodeScalarView()
            case ("}", let name?):
                switch String(name) {
                case "ftype", "outtype", "", "0": result += type.lowercased().unicodeScalars
                case "FTYPE", "OUTTYPE": result += type.uppercased().unicodeScalars
                default: throw unknownPlaceholder("{\(String(name))}", template)
                }
                placeholder = nil
            case (_, nil) where scalar != "}": result.append(scalar)
            case (_, .some): placeholder?.append(scalar)
            default: throw unknownPlaceholder("}", template)
            }
        }
        if let placeholder { throw unknownPlaceholder("{\(String(placeholder))", template) }
        return String(result)
    }

    private static func unknownPlaceholder(_ text: String, _ template: String) -> ConversionError {
        ConversionError(
            .outfilePlaceholder, "\"\(text)\" in the file name \"\(template)\" is not a placeholder",
            fix: "write {ftype} or {FTYPE}, and {{ and }} for braces")
    }
}
