import Formats

/// The configurations that decide a GGUF made of a Hugging Face model, all their known keys, and what is found in those
/// of one model.
package enum ForeignConfigurations {
    /// The keys of `config.json` of a family.
    /// - Parameter architecture: the family's name in GGUF.
    package static func config(_ architecture: String) -> ForeignTable {
        ForeignTable(
            "config.json, \(architecture)",
            ConfigKeys.family(architecture) + ConfigKeys.common + ConfigKeys.generic)
    }

    /// What the configurations of a model state that the GGUF does not follow, or may not.
    /// - Parameter architecture: the family's name in GGUF; `nil` where only the tokenizer is wanted.
    /// - Throws: where a file is not JSON.
    static func findings(
        _ model: HuggingFaceModel, _ architecture: String?
    ) throws(ConversionError) -> [ForeignFinding] {
        var all: [ForeignFinding] = []
        if let architecture {
            all += findings(model.config.raw, architecture)
            // One that is broken states nothing, which is said with the metadata.
            if let json = try? model.files.json("generation_config.json") {
                var review = ForeignReview(file: "generation_config.json")
                review.check(json, GenerationKeys.table)
                all += review.findings
            }
            all += try SentenceKeys.findings(model.files)
        }
        return all + (try TokenizerKeys.findings(model.files))
    }

    /// What a configuration alone states.
    static func findings(_ config: JSON, _ architecture: String) -> [ForeignFinding] {
        var review = ForeignReview(file: "config.json")
        check(config, "", architecture, &review)
        ExpertGating.check(config, architecture, &review)
        return review.findings
    }

    private static func check(
        _ config: JSON, _ place: String, _ architecture: String, _ review: inout ForeignReview
    ) {
        let table = Self.config(architecture)
        review.check(config, table, in: place)
        // The part for text has the rest, if there is one.
        let text = place.isEmpty ? ModelConfig.textPart(of: config) : nil
        if text == nil { review.checkAbsent(config, table, in: place) }
        for key in ["rope_scaling", "rope_parameters"] {
            RopeKeys.check(config[key] ?? .null, place + key, architecture, &review)
        }
        QuantizationKeys.check(config["quantization_config"] ?? .null, in: place, &review)
        if let text { check(text.part, "\(text.place).", architecture, &review) }
    }

    /// The error that some findings are; `nil` where none is one.
    static func error(_ findings: [ForeignFinding]) -> ConversionError? {
        let errors = findings.filter { $0.weight == .error }
        guard let first = errors.first else { return nil }
        return ConversionError(
            .configValueWrong, first.sentence, notes: errors.dropFirst().prefix(9).map(\.sentence),
            fix:
                "see that the file is this model's; if it is, run the model with the program that it was made for"
        )
    }
}
