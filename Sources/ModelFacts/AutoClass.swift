import Formats

/// The automatic classes of transformers 5.23 (`models/auto/modeling_auto.py`), which choose a model's own class.
package enum AutoClass {
    /// The class of transformers that loads what `architectures` names; the class itself where none of the automatic
    /// ones is sure to choose it.
    package static func name(of architecture: String?, modelType: String?) -> String {
        guard let architecture else { return "AutoModel" }
        guard architecture.utf8.allSatisfy({ isPartOfName($0) }) else { return "AutoModel" }
        if architecture.hasUTF8Suffix("LMHeadModel") { return "AutoModelForCausalLM" }
        if architecture.hasUTF8Suffix("ForConditionalGeneration") {
            if let modelType, textToText.contains(modelType) { return "AutoModelForSeq2SeqLM" }
            if let modelType, speechToText.contains(modelType) { return "AutoModelForSpeechSeq2Seq" }
            return architecture
        }
        guard let range = architecture.firstRange(of: "For") else { return "AutoModel" }
        let purpose = architecture[range.upperBound...]
        return purposes.contains(String(purpose)) ? "AutoModelFor\(purpose)" : "AutoModel"
    }

    private static func isPartOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Whether transformers has an automatic class of this name.
    package static func has(_ name: String) -> Bool {
        if name.hasSameBytes(as: "AutoModel") { return true }
        let start = "AutoModelFor"
        guard name.utf8.starts(with: start.utf8) else { return false }
        let purpose = String(decoding: name.utf8.dropFirst(start.utf8.count), as: UTF8.self)
        return purposes.contains(purpose) || otherPurposes.contains(purpose)
    }

    /// What follows "For" in a model's class and in that of its automatic class alike.
    private static let purposes: Set<ExactName> = [
        "AudioClassification", "CTC", "CausalLM", "DepthEstimation", "DocumentQuestionAnswering",
        "ImageClassification", "ImageSegmentation", "InstanceSegmentation", "MaskedLM", "MultipleChoice",
        "NextSentencePrediction", "ObjectDetection", "PreTraining", "QuestionAnswering",
        "SemanticSegmentation",
        "SequenceClassification", "TokenClassification", "UniversalSegmentation", "VideoClassification",
        "VisualQuestionAnswering", "ZeroShotImageClassification", "ZeroShotObjectDetection",
    ]

    /// What follows "For" in the other automatic classes, which a model's own class does not share.
    private static let otherPurposes: Set<ExactName> = [
        "AudioFrameClassification", "AudioTokenization", "AudioXVector", "ImageTextToText", "ImageToImage",
        "KeypointDetection", "KeypointMatching", "MaskGeneration", "MaskedImageModeling", "MultimodalLM",
        "Seq2SeqLM", "SpeechSeq2Seq", "TableQuestionAnswering", "TextEncoding", "TextToSpectrogram",
        "TextToWaveform", "TimeSeriesPrediction",
    ]

    /// Model types whose ForConditionalGeneration turns text into text.
    private static let textToText: Set<ExactName> = [
        "bart", "bigbird_pegasus", "blenderbot", "blenderbot-small", "fsmt", "led", "longt5", "m2m_100",
        "marian",
        "mbart", "mt5", "mvp", "nllb-moe", "pegasus", "pegasus_x", "plbart", "prophetnet",
        "switch_transformers", "t5",
        "umt5",
    ]

    /// Model types whose ForConditionalGeneration turns speech into text.
    private static let speechToText: Set<ExactName> = ["speech_to_text", "whisper"]
}
