import Formats

/// What a transformers `config.json` states, as far as packing is concerned.
package struct ConfigFacts: Equatable, Sendable {
    /// `model_type`, such as "bert".
    package let modelType: String?
    /// `architectures`: the classes that the weights were saved from.
    package let architectures: [String]
    /// The class of the part for text, where it states one of its own; else the first of ``architectures``.
    package let textArchitecture: String?
    /// The class of the part for pictures or sound, where there is one: the one that it states, else the first of
    /// ``architectures``; `nil` for a model of text alone.
    package let projectorArchitecture: String?
    /// `model_type` of the part for pictures.
    package let visionType: String?
    /// `dtype`, before transformers 5 `torch_dtype`: the type that weights are meant to be loaded in.
    package let dtype: String?
    /// How it states that the weights are quantized; `nil` where it states nothing of it.
    package let quantization: ModelQuantization?
    /// The values of `auto_map`: code that the repository brings along, as "module.Class" or, in another
    /// repository, "organization/name--module.Class".
    package let remoteCode: [String]
    /// Whether the model reads or writes text that a tokenizer makes, which a missing tokenizer breaks.
    let isText: Bool

    /// Reads a configuration; keys that are not there, or hold another type, state nothing.
    init(_ json: JSON) {
        modelType = json["model_type"]?.string
        architectures = (json["architectures"]?.array ?? []).compactMap(\.string)
        textArchitecture =
            json["text_config"]?["architectures"]?.array?.first?.string ?? architectures.first
        let vision = json["vision_config"]
        projectorArchitecture =
            Self.hasMoreThanText(json)
            ? vision?["architectures"]?.array?.first?.string ?? architectures.first : nil
        visionType = vision?["model_type"]?.string
        dtype = json["dtype"]?.string ?? json["torch_dtype"]?.string
        quantization = ModelQuantization(config: json)
        remoteCode = Self.code(json)
        isText = Self.hasVocabulary(json) && !Self.isKnownWithoutTokenizer(json)
    }

    /// The values of `auto_map`, each once, in the order of their bytes; some are lists.
    static func code(_ json: JSON) -> [String] {
        let values = (json["auto_map"]?.members ?? []).flatMap { member in
            member.value.string.map { [$0] } ?? (member.value.array ?? []).compactMap(\.string)
        }
        return Set(exactly: values).sortedTexts
    }

    /// Whether there is a part for pictures or sound.
    private static func hasMoreThanText(_ json: JSON) -> Bool {
        func hasPart(_ key: String) -> Bool { json[key]?.members?.isEmpty == false }
        let parts = ["vision_config", "audio_config", "thinker_config", "speech_config", "whisper_config"]
        if parts.contains(where: hasPart) { return true }
        // Granite Speech's and LFM2-Audio's, whose names others have for something else.
        if hasPart("encoder_config"), hasPart("projector_config") { return true }
        if hasPart("encoder"), hasPart("lfm") { return true }
        return (json["vision_n_layers"]?.integer ?? 0) > 0
    }

    private static func hasVocabulary(_ json: JSON) -> Bool {
        // A part of the model may be the one that reads: of a model for images and text, of a pair.
        let nested = [
            "text_config", "llm_config", "language_config", "decoder", "text_encoder", "thinker_config",
        ]
        // What config.json leaves out has the class's default.
        let writes = (json["architectures"]?.array ?? []).compactMap(\.string).contains { name in
            name.hasUTF8Suffix("ForCausalLM") || name.hasUTF8Suffix("LMHeadModel")
        }
        if writes, json["vocab_size"] == nil { return true }
        // A decision transformer states a vocabulary of 1 that it does not have.
        return ([json] + nested.compactMap { json[$0] }).contains { part in
            (part["vocab_size"]?.integer ?? part["text_config"]?["vocab_size"]?.integer ?? 0) > 1
        }
    }

    /// Models whose `vocab_size` counts something other than a tokenizer's pieces (sounds, parts of
    /// pictures, bytes), or whose tokenizer has files like no other's.
    private static func isKnownWithoutTokenizer(_ json: JSON) -> Bool {
        if json["chronos_config"] != nil { return true }
        let types: Set<ExactName> = [
            "beit", "canine", "data2vec-audio", "dia", "fastspeech2_conformer", "hubert", "imagegpt", "mctct",
            "perceiver", "pop2piano", "reformer", "sew", "sew-d", "speech_to_text_2",
            "trajectory_transformer", "transfo-xl", "unispeech", "unispeech-sat", "vits", "wav2vec2",
            "wav2vec2-bert", "wav2vec2-conformer", "wavlm",
        ]
        return json["model_type"]?.string.map(types.contains) ?? false
    }
}
