package import Formats

/// A model's `config.json`, as transformers gives it to a program: what it leaves out filled with the defaults of
/// its `model_type`, and the part for text on the top level.
package struct ModelConfig: Sendable {
    /// All values, each key once.
    package private(set) var values: [ExactName: JSON]
    /// The file as it is.
    package let raw: JSON

    /// Reads a configuration.
    /// - Throws: where it is not an object.
    package init(_ raw: JSON) throws(ConversionError) { try self.init(raw, isPart: false) }

    /// - Parameter isPart: whether it is the part for text of another, of which no part is taken out.
    private init(_ raw: JSON, isPart: Bool) throws(ConversionError) {
        guard let members = raw.members else {
            throw ConversionError(
                .configMalformed, "config.json is not an object",
                fix: "mend it, or download it again")
        }
        self.raw = raw
        values = Self.dictionary(members)
        let modelType = values["model_type"]?.string ?? ""
        if let text = values["thinker_config"]?["text_config"] { values["text_config"] = text }
        let isRead = !Self.statesNoQuantization(raw)
        if isRead { ArchitectureRegistry.fillDefaults(&self, modelType: modelType) }
        let place = isPart ? nil : Self.textPart(of: raw)?.place
        if let key = place.map({ $0.contains(".") ? "text_config" : $0 }),
            let inner = values[key], let members = inner.members
        {
            // What transformers cannot read as a whole the converter takes as it stands, without any default.
            var text =
                isRead && Self.composites.contains(ExactName(modelType))
                ? try ModelConfig(inner, isPart: true) : ModelConfig(members: members)
            if text.values["model_type"] == nil { text.values = Self.dictionary(members) }
            values.merge(text.values) { $1 }
            let whole = raw["architectures"]?.array?.first?.string ?? ""
            if inner["architectures"]?.array == nil || Self.decisive.contains(ExactName(whole)) {
                values["architectures"] = raw["architectures"]
            } else if Self.opticalReaders.contains(ExactName(whole)) {
                values["architectures"] = ["DeepseekOCRForCausalLM"]
            }
        }
    }

    /// The part for text, which the converter puts on the top level, and its place: the last of these, and no part of it
    /// (base.py, `load_hparams` and `TextModel`); `nil` where the whole is for text.
    static func textPart(of raw: JSON) -> (place: String, part: JSON)? {
        let parts = [
            ("lfm", raw["lfm"]), ("language_config", raw["language_config"]),
            ("thinker_config.text_config", raw["thinker_config"]?["text_config"]),
            ("lm_config", raw["lm_config"]), ("llm_config", raw["llm_config"]),
            ("text_config", raw["text_config"]),
        ]
        for (place, part) in parts {
            if let part, part.members != nil { return (place, part) }
        }
        return nil
    }

    /// Whether it or a part of it has `"quantization_config": null`, which transformers fails to write out again, so that
    /// the converter takes the file as it stands.
    private static func statesNoQuantization(_ raw: JSON) -> Bool {
        ([raw] + (raw.members ?? []).map(\.value)).contains { $0["quantization_config"] == .null }
    }

    /// The classes of the whole that decide, whatever class the part for text states (base.py of the converter,
    /// `get_model_architecture`).
    private static let decisive: Set<ExactName> = [
        "StepVLForConditionalGeneration", "Sarashina2VisionForCausalLM", "Exaone4_5_ForConditionalGeneration",
        "Step3p7ForConditionalGeneration", "KimiK3ForConditionalGeneration",
    ]
    /// The classes of the whole whose part for text is another family than it states.
    private static let opticalReaders: Set<ExactName> = [
        "DeepseekOCRForCausalLM", "DeepseekOCR2ForCausalLM", "UnlimitedOCRForCausalLM",
    ]

    /// Members as they are, without defaults.
    init(members: [JSON.Member]) {
        raw = .object(members)
        values = Self.dictionary(members)
    }

    private static func dictionary(_ members: [JSON.Member]) -> [ExactName: JSON] {
        Dictionary(members.map { (ExactName($0.key), $0.value) }) { $1 }
    }

    /// The value of a key, `null` included; `nil` where the key is missing.
    package subscript(key: String) -> JSON? {
        get { values[key] }
        set { values[key] = newValue }
    }

    /// Sets a key only where it is missing.
    package mutating func setDefault(_ key: String, _ value: JSON) {
        if values[key] == nil { values[key] = value }
    }

    /// The class in `architectures`, the first one; empty if there is none.
    package var architecture: String { values["architectures"]?.array?.first?.string ?? "" }

    /// All values as one object, sorted by key.
    package var json: JSON {
        .object(
            values.sorted { $0.key < $1.key }.map { JSON.Member($0.key.text, $0.value) })
    }

    // MARK: Values of a type

    /// The value of the first of these keys that is there; `nil` if there is none or it is `null`.
    package func first(_ keys: [String]) -> JSON? {
        guard let key = keys.first(where: { values[$0] != nil }), let value = values[key], value != .null
        else {
            return nil
        }
        return value
    }

    /// A whole number; `nil` where none of the keys is there or it is `null`.
    /// - Throws: where it is something else.
    package func integerIfPresent(_ keys: String...) throws(ConversionError) -> Int? {
        guard let value = first(keys) else { return nil }
        if let integer = value.integer { return integer }
        throw Self.wrong(keys, value, "a whole number")
    }

    /// A whole number.
    /// - Throws: also where none of the keys is there.
    package func integer(_ keys: String...) throws(ConversionError) -> Int {
        guard let value = first(keys) else { throw Self.missing(keys) }
        if let integer = value.integer { return integer }
        throw Self.wrong(keys, value, "a whole number")
    }

    /// A whole number above zero, such as a dimension.
    package func size(_ keys: String...) throws(ConversionError) -> Int {
        guard let value = first(keys) else { throw Self.missing(keys) }
        guard let integer = value.integer, integer > 0, integer <= Int(Int32.max) else {
            throw Self.wrong(keys, value, "a whole number above 0")
        }
        return integer
    }

    /// A number; `nil` where none of the keys is there or it is `null`.
    package func numberIfPresent(_ keys: String...) throws(ConversionError) -> Double? {
        guard let value = first(keys) else { return nil }
        guard let number = value.double else { throw Self.wrong(keys, value, "a number") }
        return number
    }

    /// A number.
    package func number(_ keys: String...) throws(ConversionError) -> Double {
        guard let value = first(keys) else { throw Self.missing(keys) }
        guard let number = value.double else { throw Self.wrong(keys, value, "a number") }
        return number
    }

    /// A truth value; `nil` where none of the keys is there or it is not one, which is told with the configuration's
    /// other faults.
    package func boolIfPresent(_ keys: String...) -> Bool? { first(keys)?.flag }

    /// Whether the layer that makes tokens of states has the embeddings' numbers, so that one that is stored counts for
    /// nothing: what Python takes for true, as both the reference and ``RequiredTensors`` do.
    var isTied: Bool { self["tie_word_embeddings"]?.isTruthy == true }

    /// Whether a tensor is the layer that makes tokens of states, and counts for nothing.
    func leavesOut(head name: String) -> Bool {
        isTied && ["lm_head.weight", "model.lm_head.weight"].containsExactly(name)
    }

    /// A string; `nil` where none of the keys is there or it is not one.
    package func stringIfPresent(_ keys: String...) -> String? { first(keys)?.string }

    /// The number of blocks (`block_count`).
    package func blockCount() throws(ConversionError) -> Int {
        // The last is OpenELM's, of which the converter asks for no other.
        try size("n_layers", "num_hidden_layers", "n_layer", "num_layers", "num_transformer_layers")
    }

    /// The number of elements of a head: `head_dim`, or the hidden size's share.
    package func headLength() throws(ConversionError) -> Int {
        if first(["head_dim"]) != nil { return try size("head_dim") }
        return try size("hidden_size", "n_embd") / size("num_attention_heads", "n_head", "n_heads")
    }

    /// The number of elements of a head where a tensor is made with a number for every second one.
    /// - Throws: also where there are more than any model has.
    func rotatedHeadLength() throws(ConversionError) -> Int { try Self.rotatedHead(try headLength()) }

    /// A number of elements of a head, which is not more than any model has.
    static func rotatedHead(_ length: Int) throws(ConversionError) -> Int {
        guard length <= 1 << 16 else {
            throw ConversionError(
                .configValueWrong, "config.json: heads of \(length) elements are longer than a model has",
                fix: "check that it is the config.json of this model")
        }
        return length
    }

    /// What to say where none of the keys is there.
    package static func missing(_ keys: [String]) -> ConversionError {
        ConversionError(
            .configKeyMissing,
            keys.count == 1
                ? "config.json has no \"\(keys[0])\""
                : "config.json has none of " + keys.map { "\"\($0)\"" }.joined(separator: ", "),
            fix: "check that it is the config.json of this model")
    }

    private static func wrong(_ keys: [String], _ value: JSON, _ wanted: String) -> ConversionError {
        ConversionError(
            .configValueWrong,
            "config.json: \(keys.map { "\"\($0)\"" }.joined(separator: " or ")) is not \(wanted)",
            fix: "check that it is the config.json of this model")
    }
}
