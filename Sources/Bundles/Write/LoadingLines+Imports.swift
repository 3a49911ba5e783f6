import Formats

extension LoadingLines {
    /// The lines that import what the lines of a bundle's entries use, each once: libraries in the order of their names.
    static func imports(of lines: [String]) -> [String] {
        var names: [ExactName: Set<ExactName>] = [:]
        var modules: Set<ExactName> = []
        for line in lines {
            for (module, name) in used(in: line) {
                if let name { names[module, default: []].insert(name) } else { modules.insert(module) }
            }
        }
        return modules.sorted().map { "import \($0)" }
            + names.sorted { $0.key < $1.key }.map { module, names in
                "from \(module) import \(names.sortedTexts.joined(separator: ", "))"
            }
    }

    /// What a line uses: a module, or a name of one.
    private static func used(in line: String) -> [(module: String, name: String?)] {
        var found: [(String, String?)] = []
        var word = ""
        var isQuoted = false
        var rest = line.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if isQuoted, scalar == "\\" { _ = rest.popFirst() }
            if scalar == "\"" { isQuoted.toggle() }
            if isQuoted { continue }
            if scalar == "#" { break }
            let isName =
                scalar.isASCII
                && (scalar.properties.isAlphabetic || "0123456789_".unicodeScalars.contains(scalar))
            if isName {
                word.unicodeScalars.append(scalar)
                continue
            }
            if scalar == "." || scalar == "(" {
                if let module = owners[word] {
                    found.append((module, word))
                } else if ["kagglehub", "keras", "onnxruntime"].contains(word) {
                    found.append((word, nil))
                } else if scalar == ".", rest.starts(with: "from_pretrained(".unicodeScalars) {
                    found.append(("transformers", word))
                }
            }
            word = ""
        }
        return found
    }

    /// The names that are not transformers', with their modules.
    private static let owners = [
        "DiffusionPipeline": "diffusers", "PeftModel": "peft", "SentenceTransformer": "sentence_transformers",
        "CrossEncoder": "sentence_transformers", "SparseEncoder": "sentence_transformers",
        "MultiVectorEncoder": "sentence_transformers", "load_dataset": "datasets", "Llama": "llama_cpp",
        "MTMDChatHandler": "llama_cpp.llama_chat_format",
    ]
}
