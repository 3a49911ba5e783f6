package import Formats

/// The class that loads a model, where its files name another one than its architecture shows.
package enum LoadClass {
    /// What a lock calls it.
    package static let fact = "load_class"

    /// Whether a class is sentence-transformers' own, other than the usual `SentenceTransformer`.
    package static func isOfSentences(_ name: String) -> Bool {
        sentenceClasses.contains { $0.value.hasSameBytes(as: name) }
    }

    /// What `model_type` in `config_sentence_transformers.json` is loaded with: sentence-transformers 6.2
    /// (`base/model.py`, `_get_model_type`; "ColBERT" is PyLate's, `multi_vector_encoder/model.py`). Others convert it
    /// to what they are.
    private static let sentenceClasses: [ExactName: String] = [
        "ColBERT": "MultiVectorEncoder", "CrossEncoder": "CrossEncoder",
        "MultiVectorEncoder": "MultiVectorEncoder", "SparseEncoder": "SparseEncoder",
    ]

    /// What the files name; `nil` where they name nothing, or what ``AutoClass/name(of:modelType:)`` finds as well.
    /// - Parameters:
    ///   - config: `config.json`.
    ///   - sentences: `config_sentence_transformers.json`.
    ///   - hasModules: whether there is a `modules.json`, which shows that sentence-transformers loads it.
    package static func stated(config: JSON?, sentences: JSON?, hasModules: Bool) -> String? {
        if let type = sentences?["model_type"]?.string, let name = sentenceClasses[ExactName(type)] {
            return name
        }
        // Without a type, its modules make a SentenceTransformer.
        guard !hasModules, let config else { return nil }
        return isCrossEncoder(config) ? "CrossEncoder" : automatic(config)
    }

    /// Whether sentence-transformers' CrossEncoder wrote the configuration: from version 4 to 5.3 with an object of its
    /// own, before with its activation function (`cross_encoder/CrossEncoder.py`).
    private static func isCrossEncoder(_ config: JSON) -> Bool {
        let own = config["sentence_transformers"]
        return own?["activation_fn"]?.string != nil || own?["version"]?.string != nil
            || config["sbert_ce_default_activation_function"]?.string != nil
    }

    /// The class of `auto_map`, without which transformers 5.23 does not find a model's own code
    /// (`models/auto/auto_factory.py`): that of the architecture before others, and one with a purpose before
    /// `AutoModel`, which leaves its head out.
    private static func automatic(_ config: JSON) -> String? {
        let classes = (config["auto_map"]?.members ?? []).filter {
            AutoClass.has($0.key) && $0.value.string != nil
        }
        let architecture = config["architectures"]?.array?.first?.string
        let usual = AutoClass.name(of: architecture, modelType: config["model_type"]?.string)
        guard !classes.contains(where: { $0.key.hasSameBytes(as: usual) }) else { return nil }
        let own = classes.filter { member in
            let name = member.value.string?.utf8.split(separator: UInt8(ascii: ".")).last.map(Substring.init)
            guard let name, let architecture else { return false }
            return String(name).hasSameBytes(as: architecture)
        }
        let names = (own.isEmpty ? classes : own).map(\.key)
        // The order that a notebook most probably wants, whatever the order in the file.
        let preferred = own.isEmpty ? ["AutoModel", "AutoModelForCausalLM"] : ["AutoModelForCausalLM"]
        for name in preferred where names.containsExactly(name) { return name }
        let sorted = Set(exactly: names).sortedTexts
        return sorted.first { !$0.hasSameBytes(as: "AutoModel") } ?? sorted.first
    }
}
