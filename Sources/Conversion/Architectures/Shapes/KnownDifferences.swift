import Formats

/// Classes whose file llama.cpp (0c1e57098) reads otherwise than the model is meant, whatever the configuration states:
/// the file is the reference converter's, and its answers are not the model's (docs/gguf-runs.md).
package enum KnownDifferences {
    private static let classes: [ExactName: String] = [
        "BertForSequenceClassification":
            "its pooler is not in the file, so that the scores are not the model's",
        "CamembertModel":
            "its positions begin at the first row in the file, so that the vectors are not the model's",
        "DistilBertForSequenceClassification":
            "llama.cpp has tanh before the last layer in the place of ReLU, so that the scores are not the model's",
    ]

    /// What differs, as a clause; `nil` where nothing is known to.
    package static func sentence(_ architecture: String) -> String? { classes[ExactName(architecture)] }

    /// The same as a warning.
    static func findings(_ architecture: String) -> [ForeignFinding] {
        guard let sentence = sentence(architecture) else { return [] }
        return [
            ForeignFinding(
                file: "config.json", key: "architectures", weight: .warning,
                reason: "is \(architecture): \(sentence)")
        ]
    }
}
