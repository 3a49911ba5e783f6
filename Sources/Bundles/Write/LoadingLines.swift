import Caches
import Formats
import Manifests
import ModelFacts

/// The lines of Python that load one entry in a notebook, after `knapsack.activate()`; from the lock alone.
///
/// The classes are those of transformers 5.23, sentence-transformers 6.2, diffusers 0.42, peft 0.21, datasets 5.2,
/// llama-cpp-python 0.3 and vLLM 0.1x. A lock without the fact that a line needs gives a line that needs less.
struct LoadingLines {
    private let entry: LockedEntry
    private let lock: Lock
    private let paths: [RelativePath]

    /// Takes an entry and the lock that it is in, whose other entries it may need.
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
        if paths.contains("modules.json"), hasTorchWeights ?? true {
            let loaded = stated(LoadClass.isOfSentences) ?? "SentenceTransformer"
            return ["\(loaded)(\(source)\(trust))\(orPath)"]
        }
        if paths.contains("config.json"), hasWeightsOfTransformers { return transformers }
        if let gguf {
            let handler = projector.map {
                ", chat_handler=MTMDChatHandler(clip_model_path=\(path(of: $0)))"
            }
            let embedding = isEmbedder ? ", embedding=True" : ""
            return ["Llama(model_path=\(path(of: gguf))\(embedding)\(handler ?? ""))  # llama-cpp-python"]
        }
        if let file = paths.first(where: { $0.hasSuffix(".keras") }) {
            return ["keras.saving.load_model(\(path(of: file)))"]
        }
        if let file = onnx {
            return ["onnxruntime.InferenceSession(\(path(of: file)))"]
        }
        return [otherwise]
    }

    private var orPath: String { source == path ? "" : "  # or \(path)" }

    /// Whether one of the formats is PyTorch's or safetensors; `nil` where the lock has no formats.
    private var hasTorchWeights: Bool? {
        entry.fact("formats")?.strings.map { formats in
            formats.contains { $0.hasSameBytes(as: "safetensors") || $0.hasSameBytes(as: "pytorch") }
        }
    }

    /// Whether there are weights under one of the names that transformers looks for: those of `utils/__init__.py`.
    private var hasWeightsOfTransformers: Bool {
        let names: [RelativePath] = ["model.safetensors", "pytorch_model.bin"]
        return names.contains {
            paths.contains($0) || paths.contains(RelativePath(checked: "\($0).index.json"))
        }
    }

    /// The class that the model's files name, if it is one of these.
    private func stated(_ isWanted: (String) -> Bool) -> String? {
        entry.fact(LoadClass.fact)?.string.flatMap { isWanted($0) ? $0 : nil }
    }

    /// The model among the ONNX files, by its usual name if there is one.
    private var onnx: RelativePath? {
        let models = paths.filter { $0.hasSuffix(".onnx") }
        return models.first { $0.name.hasSameBytes(as: "model.onnx") } ?? models.first
    }

    /// The model among the GGUF files, or its first part: not the projector of a model that also sees.
    private var gguf: RelativePath? {
        let models = paths.filter { path in
            path.hasSuffix(".gguf") && !path.name.utf8.starts(with: "mmproj".utf8)
        }
        return models.min()
    }

    /// The part for pictures or sound beside it; `nil` if there is none, or more than one of them.
    private var projector: RelativePath? {
        let found = paths.filter { $0.hasSuffix(".gguf") && $0.name.utf8.starts(with: "mmproj".utf8) }
        return found.count == 1 ? found[0] : nil
    }

    /// Whether it gives numbers for a text instead of more text, as its card states it.
    private var isEmbedder: Bool {
        let tasks = ["sentence-similarity", "feature-extraction"]
        let task = entry.fact("pipeline_tag")?.string
        return entry.fact("library")?.string == "sentence-transformers" || task.map(tasks.contains) ?? false
    }

    private var trust: String { entry.fact("remote_code") == nil ? "" : ", trust_remote_code=True" }

    private var architecture: String? { entry.fact("architectures")?.array?.first?.string }

    private var transformers: [String] {
        if let loaded = stated(LoadClass.isOfSentences) ?? (isCrossEncoder ? "CrossEncoder" : nil) {
            return ["\(loaded)(\(source)\(trust))\(orPath)"]
        }
        let loaded =
            stated(AutoClass.has)
            ?? AutoClass.name(of: architecture, modelType: entry.fact("model_type")?.string)
        var lines: [String] = []
        if case .kaggle = entry.origin { lines.append(otherwise) }
        lines.append("\(loaded).from_pretrained(\(source)\(trust))\(orPath)")
        if loaded == "AutoModelForCausalLM" {
            // Both at once do not fit into most memories, and vLLM is a program of its own to install.
            lines.append("# or with vLLM: from vllm import LLM; LLM(model=\(path)\(trust))")
        }
        return lines
    }

    /// sentence-transformers' rerankers are saved like any model for classification: where the configuration does not state what
    /// they are, the card distinguishes them.
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
        let own = lock.packed.first { other in
            guard case .hub(let repository, _, _) = other.origin else { return false }
            return repository.id.hasSameBytes(as: base)
        }.map { LoadingLines($0, in: lock) }
        // A class that the base's own code names is the only one by which transformers finds it.
        let loaded = own?.stated(AutoClass.has) ?? classes[task] ?? "AutoModel"
        // What no entry of this lock has is named as the adapter names it.
        let arguments = own.map { $0.source + $0.trust } ?? quoted(base)
        return ["PeftModel.from_pretrained(\(loaded).from_pretrained(\(arguments)), \(source))"]
    }
}
