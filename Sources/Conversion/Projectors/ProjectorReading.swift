import Formats
import Tensors

/// What llama.cpp 0c1e57098 (`tools/mtmd`) computes otherwise with a projector than its model means, whatever is in the
/// file. Found beside transformers 5.23; docs/projectors.md lists them.
enum ProjectorReading {
    /// By the kind of projector, each with the key that states what it is of.
    private static let notes: [ExactName: (key: String, reason: String)] = [
        "gemma4v": (
            "vision_config.model_type",
            "is Gemma 4's: llama.cpp 0c1e57098 computes x · sigmoid(1.702 x) between its layers, and not GELU"
        ),
        "internvl": (
            "vision_config.model_type",
            "is InternVL's: llama.cpp 0c1e57098 gives each patch the position before its own"
        ),
        "qwen2.5o": (
            "thinker_config.audio_config",
            "is Qwen2.5-Omni's: llama.cpp 0c1e57098 hears thirty seconds at once, and not in windows of two"
        ),
        "voxtral": (
            "audio_config.model_type",
            "is Voxtral's: llama.cpp 0c1e57098 makes one of two frames, so that there are half as many tokens"
        ),
    ]

    /// What is told of a projector.
    /// - Parameters:
    ///   - metadata: the keys of its file.
    ///   - config: `config.json` as it is in the file.
    static func findings(_ metadata: ModelMetadata, _ config: JSON) -> [ForeignFinding] {
        let types = ["clip.projector_type", "clip.vision.projector_type", "clip.audio.projector_type"]
            .compactMap { key -> ExactName? in
                guard case .string(let type)? = metadata[key] else { return nil }
                return ExactName(type)
            }
        var found = types.compactMap { notes[$0] }.map {
            ForeignFinding(file: "config.json", key: $0.key, weight: .note, reason: $0.reason)
        }
        let omni = config["thinker_config"]?["vision_config"]
        for type in types {
            let asked: (key: String, value: JSON?, taken: Int, by: String)? =
                switch type {
                case "qwen2.5vl_merger":
                    ("window_size", config["vision_config"]?["window_size"], 112, "llama.cpp 0c1e57098 takes")
                case "qwen2.5o": ("window_size", omni?["window_size"], 112, "llama.cpp 0c1e57098 takes")
                case "kimik25":
                    (
                        "vt_num_attention_heads", config["vision_config"]?["vt_num_attention_heads"], 16,
                        "the reference converter orders rows as those of"
                    )
                default: nil
                }
            guard let asked, let number = asked.value?.integer, number != asked.taken else { continue }
            let start = type == "qwen2.5o" ? "thinker_config." : ""
            found.append(
                ForeignFinding(
                    file: "config.json", key: "\(start)vision_config.\(asked.key)", weight: .warning,
                    reason: "is \(number): \(asked.by) \(asked.taken), whatever is stated"))
        }
        return found
    }
}
