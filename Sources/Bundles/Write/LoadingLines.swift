import Caches
import Formats
import Manifests

/// The lines of Python that load one entry in a notebook, after `knapsack.activate()`; from the lock alone.
///
/// The classes are those of transformers 5.23, sentence-transformers 6.2, diffusers 0.42, peft 0.21, datasets 5.2,
/// llama-cpp-python 0.3 and vLLM 0.1x. A lock without the fact that a line needs gives a line that needs less.
struct LoadingLines {
    private let entry: LockedEntry
    private let lock: Lock
    private let paths: [RelativePath]

    init(_ entry: LockedEntry, in lock: Lock) {
        self.entry = entry
        self.lock = lock
        paths = entry.files.map(\.path)
    }

    /// One line or more, without line breaks of their own.
    var lines: [String] {
        switch entry.kind {
        case .wheels: ["knapsack.install(\(quoted(entry.name)))  # pip install, without an index"]
        case .dataset: dataset
        case .model: model
        case .files: [otherwise]
        }
    }

    // MARK: Where from

    /// A Python string.
    private func quoted(_ text: String) -> String { JSON.string(text).compactText }

    private var path: String { "knapsack.path(\(quoted(entry.name)))" }

    /// The path of one of the entry's files.
    private func path(of file: RelativePath) -> String { "\(path) + \(quoted("/\(file)"))" }

    /// What a library that knows the Hub is given: the repository, else the directory.
    private var source: String {
        guard case .hub(let repository, _, let commit) = entry.origin else { return path }
        let isAlone = lock.packed.allSatisfy { other in
            guard case .hub(let its, _, let another) = other.origin, its == repository else { return true }
            return another == commit
        }
        return isAlone ? quoted(repository.id) : path
    }

    /// What always works, and Kaggle's own call if there is one.
    private var otherwise: String {
        guard case .kaggle(let handle) = entry.origin else { return path }
        return "\(handle.downloadFunction)(\(quoted(handle.text)))  # or \(path)"
    }

    // MARK: Data sets

    private var dataset: [String] {
        // The formats that datasets loads without being told which.
        let known = [
            ".csv", ".tsv", ".json", ".jsonl", ".parquet", ".arrow", ".txt", ".tar", ".jpg", ".jpeg", ".png",
            ".wav",
            ".mp3", ".flac",
        ]
        let isKnown = paths.contains { path in
            known.contains { path.hasSuffix($0) || path.hasSuffix("\($0).gz") || path.hasSuffix("\($0).zst") }
        }
        guard isKnown else { return [otherwise] }
        if case .kaggle = entry.origin { return [otherwise, "load_dataset(\(path))"] }
        return ["load_dataset(\(source))" + (source == path ? "" : "  # or \(path)")]
    }

    // MARK: Models

    private var model: [String] {
        if paths.contains("model_index.json") {
            return ["DiffusionPipeline.from_pretrained(\(source)\(trust))\(orPath)"]
        }
        if paths.contains("adapter_config.json") { return adapter }
        if paths.contains("modules.json") { return ["SentenceTransformer(\(source)\(trust))\(orPath)"] }
        if paths.contains("config.json"), !hasOnly("gguf") { return transformers }
        if let gguf { return ["Llama(model_path=\(path(of: gguf)))  # llama-cpp-python"] }
        if let file = paths.first(where: { $0.hasSuffix(".keras") }) {
            return ["keras.saving.load_model(\(path(of: file)))"]
        }
        if let file = paths.first(where: { $0.hasSuffix(".onnx") }) {
            return ["onnxruntime.InferenceSession(\(path(of: file)))"]
        }
        return [otherwise]
    }

    private var orPath: String { source == path ? "" : "  # or \(path)" }

    private func hasOnly(_ format: String) -> Bool {
        let formats = (entry.fact("formats")?.array ?? []).compactMap(\.string)
        return formats == [format]
    }

    /// The model among the GGUF files, or its first part: not the projector of a model that also sees.
    private var gguf: RelativePath? {
        let models = paths.filter { path in
            path.hasSuffix(".gguf") && !path.name.utf8.starts(with: "mmproj".utf8)
        }
        return models.min()
    }

    private var trust: String { entry.fact("remote_code") == nil ? "" : ", trust_remote_code=True" }

    private var architecture: String? { entry.fact("architectures")?.array?.first?.string }

    private var transformers: [String] {
        if isCrossEncoder { return ["CrossEncoder(\(source)\(trust))\(orPath)"] }
        let loaded = LoadingLines.autoClass(of: architecture, modelType: entry.fact("model_type")?.string)
        var lines: [String] = []
        if case .kaggle = entry.origin { lines.append(otherwise) }
        lines.append("\(loaded).from_pretrained(\(source)\(trust))\(orPath)")
        if loaded == "AutoModelForCausalLM" {
            lines.append("LLM(model=\(path)\(trust))  # vLLM: from vllm import LLM")
        }
        return lines
    }

    /// sentence-transformers' rerankers are saved like any model for classification: the card distinguishes them.
    private var isCrossEncoder: Bool {
        let isClassifier = architecture?.hasUTF8Suffix("ForSequenceClassification") ?? false
        let library = entry.fact("library")?.string
        let task = entry.fact("pipeline_tag")?.string
        return isClassifier && (library == "sentence-transformers" || task == "text-ranking")
    }

    private var adapter: [String] {
        guard let base = entry.fact("adapter_base")?.string else {
            return ["PeftModel.from_pretrained(base, \(source))  # base: the model that it was trained on"]
        }
        let task = entry.fact("adapter_task")?.string ?? ""
        let classes = [
            "CAUSAL_LM": "AutoModelForCausalLM", "SEQ_2_SEQ_LM": "AutoModelForSeq2SeqLM",
            "SEQ_CLS": "AutoModelForSequenceClassification", "TOKEN_CLS": "AutoModelForTokenClassification",
            "QUESTION_ANS": "AutoModelForQuestionAnswering", "FEATURE_EXTRACTION": "AutoModel",
        ]
        let loaded = classes[task] ?? "AutoModel"
        return [
            "PeftModel.from_pretrained(\(loaded).from_pretrained(\(self.base(base))), \(source))"
        ]
    }

    /// The adapter's base: as its name where the bundle has that repository, or as no bundle of this lock has it.
    private func base(_ name: String) -> String {
        let entry = lock.packed.first { other in
            if case .hub(let repository, _, _) = other.origin { repository.id == name } else { false }
        }
        return entry.map { LoadingLines($0, in: lock).source } ?? quoted(name)
    }

    /// The class of transformers that loads what `architectures` names; the class itself where none of the automatic
    /// ones is sure to choose it.
    static func autoClass(of architecture: String?, modelType: String?) -> String {
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

    /// What follows "For" in a model's class and in that of its automatic class alike.
    private static let purposes: Set<ExactName> = [
        "AudioClassification", "CTC", "CausalLM", "DepthEstimation", "DocumentQuestionAnswering",
        "ImageClassification", "ImageSegmentation", "InstanceSegmentation", "MaskedLM", "MultipleChoice",
        "NextSentencePrediction", "ObjectDetection", "PreTraining", "QuestionAnswering",
        "SemanticSegmentation",
        "SequenceClassification", "TokenClassification", "UniversalSegmentation", "VideoClassification",
        "VisualQuestionAnswering", "ZeroShotImageClassification", "ZeroShotObjectDetection",
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
