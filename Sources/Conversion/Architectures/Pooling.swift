import Formats
import Tensors

extension ModelMetadata {
    /// Adds how a model for embeddings makes one of many, where `modules.json` of sentence-transformers states it.
    /// - Throws: where it states what GGUF has no number for.
    mutating func addPooling(_ files: ModelDocuments, _ config: ModelConfig) throws(ConversionError) {
        let modules = try files.json("modules.json")?.array ?? []
        if let module = modules.first(where: { $0["type"]?.string?.hasUTF8Suffix("Pooling") ?? false }) {
            let path = "\(module["path"]?.string ?? "")/config.json"
            guard let file = RelativePath(path), let pooling = try files.json(file) else {
                throw ConversionError(
                    .configMissing, "there is no \(path), which modules.json names",
                    fix: "check that all files of the model are there")
            }
            set("pooling_type", .uint32(try Self.pooling(pooling, path)))
        }
        guard let classifier = config.first(["classifier_pooling"]) else { return }
        // EuroBERT's default, of which only classifiers make use: the scores of all tokens are averaged.
        if classifier.isText("late"), !config.architecture.hasUTF8Suffix("ForSequenceClassification") {
            return
        }
        guard let name = classifier.string, name != "lasttoken", let number = Self.poolings[name] else {
            throw ConversionError(
                .configValueWrong,
                "config.json: \"classifier_pooling\" is neither \"mean\" nor \"cls\"")
        }
        set("classifier.pooling_type", .uint32(number))
    }

    /// llama.h, `enum llama_pooling_type`.
    private static let poolings: [ExactName: UInt32] = ["mean": 1, "cls": 2, "lasttoken": 3]

    private static func pooling(_ config: JSON, _ path: String) throws(ConversionError) -> UInt32 {
        for (key, number) in [
            ("pooling_mode_mean_tokens", 1), ("pooling_mode_cls_token", 2), ("pooling_mode_lasttoken", 3),
        ] as [(String, UInt32)] where config[key]?.flag == true {
            return number
        }
        guard let mode = config["pooling_mode"]?.string, let number = poolings[mode] else {
            throw ConversionError(
                .configValueWrong, "\(path) pools neither by the mean nor by the first or the last token")
        }
        return number
    }
}
