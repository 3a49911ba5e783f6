package import Formats

/// All that the conversion of a projector decides from: a model without its weights, its parts for pictures and sound,
/// and what prepares pictures and sounds for it.
package struct ProjectorModel: Sendable {
    /// The model.
    package let model: HuggingFaceModel
    /// `config.json` as it is in the file.
    package let raw: JSON
    /// How long an embedding of the part for text is.
    package let textWidth: Int
    /// The keys of `preprocessor_config.json`, and over them those of `processor_config.json`.
    package private(set) var preprocessor: ModelConfig

    /// Reads a model.
    /// - Throws: where a file is broken, or the length of the embeddings is not known.
    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        raw = model.config.raw
        preprocessor = try Self.preprocessor(model.files)
        // The reference looks into the part for text, then into the whole (base.py, `MmprojModel`), and takes the last of
        // these for the part for text.
        let texts = [
            raw["text_config"], raw["lfm"], raw["language_config"], raw["thinker_config"]?["text_config"],
            raw["lm_config"], raw["llm_config"],
        ]
        let text = texts.compactMap { $0?.members == nil ? nil : $0 }.first
        let stated = [text, raw].compactMap { $0?["hidden_size"] }.first
        if let stated, stated != .null {
            guard let width = stated.integer, width > 0 else {
                throw .wrongValue("hidden_size", stated, "a whole number above 0")
            }
            textWidth = width
        } else {
            textWidth = try model.config.size("hidden_size", "n_embd")
        }
    }

    /// With the means and deviations of Mistral's pictures where none are stated.
    mutating func setMistralPreparation() {
        preprocessor.setDefaults([
            "image_mean": [.number(0.48145466), .number(0.4578275), .number(0.40821073)],
            "image_std": [.number(0.26862954), .number(0.26130258), .number(0.27577711)],
        ])
    }

    /// With one mean and one deviation for all colours where none are stated.
    mutating func setPreparation(mean: Double, deviation: Double) {
        preprocessor.setDefaults([
            "image_mean": .array(Array(repeating: .number(mean), count: 3)),
            "image_std": .array(Array(repeating: .number(deviation), count: 3)),
        ])
    }

    /// With the keys inside of another key of what prepares pictures over the others.
    mutating func takePreparation(in key: String) {
        for member in preprocessor[key]?.members ?? [] { preprocessor[member.key] = member.value }
    }

    /// A part of the configuration as it is in the file; `nil` where there is none.
    package func part(_ key: String) -> ModelConfig? {
        raw[key].flatMap { $0.members == nil ? nil : ModelConfig(members: $0.members ?? []) }
    }

    /// The part for pictures.
    /// - Throws: where there is none.
    package func vision() throws(ConversionError) -> ModelConfig {
        guard let part = part("vision_config") else { throw ModelConfig.missing(["vision_config"]) }
        return part
    }

    /// The part for sound.
    /// - Throws: where there is none.
    package func audio() throws(ConversionError) -> ModelConfig {
        guard let part = part("audio_config") else { throw ModelConfig.missing(["audio_config"]) }
        return part
    }

    /// What the files that say how pictures are prepared state together (base.py, `MmprojModel`): the later one counts,
    /// and in each the keys that are inside another.
    private static func preprocessor(_ files: ModelDocuments) throws(ConversionError) -> ModelConfig {
        var members: [JSON.Member] = []
        let sources: [(path: RelativePath, inner: String)] = [
            ("preprocessor_config.json", "media_proc_cfg"), ("processor_config.json", "image_processor"),
        ]
        for (path, inner) in sources {
            guard let json = try files.json(path) else { continue }
            guard let own = json.members else {
                throw ConversionError(
                    .configMalformed, "\(path) is not an object", fix: "mend it, or download it again"
                )
            }
            members += own + (json[inner]?.members ?? [])
        }
        return ModelConfig(members: members)
    }

    /// The files beside config.json and the tokenizer that are read for a projector alone.
    package static let documents: [RelativePath] = ["processor_config.json"]
}

extension ConversionError {
    /// A value of a configuration that is something else than what is needed.
    static func wrongValue(_ key: String, _ value: JSON, _ wanted: String) -> ConversionError {
        ConversionError(
            .configValueWrong, "\"\(key)\" is \(ForeignReview.shown(value)), which is not \(wanted)",
            fix: "check that the configuration is this model's")
    }
}
