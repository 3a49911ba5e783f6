import Formats

/// A directory of a snapshot that is loaded as one model: the top, or one part of a pipeline.
struct ModelPart: Equatable {
    /// What the directory is loaded as.
    enum Role: Equatable {
        /// A model with a configuration and, where it reads text, a tokenizer.
        case model
        /// A part of a pipeline that is nothing but weights and a configuration.
        case weights
        /// A tokenizer, which the pipeline names for itself.
        case tokenizer
    }

    /// The directory's path; empty for the top.
    let directory: String
    /// What it is loaded as.
    let role: Role

    /// The path of a file of the part; `nil` where the directory's name is not one that a file may be in.
    func path(_ file: RelativePath) -> RelativePath? {
        directory.isEmpty ? file : RelativePath(directory)?.appending(file)
    }

    /// The parts of a snapshot, by what states it first: diffusers' `model_index.json`, sentence-transformers'
    /// `modules.json`, else the top alone.
    static func all(pipeline: JSON?, modules: JSON?) -> [ModelPart] {
        if let members = pipeline?.members { return diffusers(members) }
        if let modules = modules?.array { return sentenceTransformers(modules) }
        return [ModelPart(directory: "", role: .model)]
    }

    /// Members are `"unet": ["diffusers", "UNet2DConditionModel"]`, with nulls for a part that is left out.
    private static func diffusers(_ members: [JSON.Member]) -> [ModelPart] {
        let parts = members.compactMap { member -> ModelPart? in
            guard let names = member.value.strings, names.count == 2, isDirectory(member.key) else {
                return nil
            }
            let kind = names[1]
            if kind.hasUTF8Suffix("Tokenizer") || kind.hasUTF8Suffix("TokenizerFast") {
                return ModelPart(directory: member.key, role: .tokenizer)
            }
            let withoutWeights = [
                "Scheduler", "Processor", "Extractor", "ExtractorFast", "ProcessorFast", "Solver",
            ]
            guard !withoutWeights.contains(where: kind.hasSuffix), !kind.contains("Scheduler") else {
                return nil
            }
            return ModelPart(directory: member.key, role: .weights)
        }
        return unique(parts)
    }

    /// Elements are `{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"}`.
    private static func sentenceTransformers(_ modules: [JSON]) -> [ModelPart] {
        let parts = modules.compactMap { module -> ModelPart? in
            guard let path = module["path"]?.string, path.isEmpty || isDirectory(path),
                let kind = module["type"]?.string?.split(separator: ".").last
            else { return nil }
            switch kind {
            case "Transformer", "CLIPModel": return ModelPart(directory: path, role: .model)
            case "StaticEmbedding": return ModelPart(directory: path, role: .tokenizer)
            default: return nil
            }
        }
        return unique(parts)
    }

    private static func isDirectory(_ name: String) -> Bool {
        !name.isEmpty && !name.contains("/") && !name.contains(":") && name != "." && name != ".."
            && !name.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }

    /// One part a directory, and no more than any real pipeline has.
    private static func unique(_ parts: [ModelPart]) -> [ModelPart] {
        var seen: Set<ExactName> = []
        return Array(parts.filter { seen.insert(ExactName($0.directory)).inserted }.prefix(64))
            .sorted { $0.directory.precedesByBytes($1.directory) }
    }

    // MARK: Needs

    /// What must be there for the part to load, as ``ModelFacts/needs`` names it.
    /// - Parameters:
    ///   - files: the files that were chosen.
    ///   - revision: what else the revision has.
    func needs(
        _ files: [ModelFile], _ revision: ModelRevision, _ card: ModelCard?, _ config: ConfigFacts?,
        _ tokenizer: JSON?
    ) -> [String] {
        func need(_ name: String) -> String { Self.need(name, directory) }
        if role == .tokenizer { return Self.hasFiles(tokenizer) ? [need("tokenizer")] : [] }
        let here = files.map { ModelPath($0.path) }.filter { $0.directory.hasSameBytes(as: directory) }
        let names = Set(here.map(\.file))
        // An adapter is loaded on top of another model, whose configuration and tokenizer it uses.
        guard here.contains(where: \.isTransformersWeights), !names.contains("adapter_config.json") else {
            return []
        }
        // Mistral's own format has params.json in place of the configuration.
        let isConsolidated =
            !names.contains("config.json")
            && here.filter(\.isTransformersWeights).allSatisfy { $0.file.hasPrefix("consolidated") }
        let isTransformers =
            ["transformers", "sentence-transformers"].contains(card?.library?.lowercased())
            || here.contains {
                $0.isIndex && ($0.file.hasPrefix("model.") || $0.file.hasPrefix("pytorch_model."))
            }
        let isNamed = here.contains(where: \.isPretrainedWeights)
        var needs: [String] = []
        if isConsolidated {
            needs.append(need("params"))
        } else if config != nil || names.contains("config.json") || role == .weights || isTransformers
            || isNamed || revision.contains(path("config.json"))
        {
            needs.append(need("config"))
        }
        if role == .model, config?.isText == true, !Self.isWithoutText(card), Self.hasFiles(tokenizer) {
            needs.append(need("tokenizer"))
        }
        return needs
    }

    /// What weights need in directories that are no parts, and adapters everywhere: a configuration that the revision has
    /// beside them, and adapter_config.json.
    static func otherNeeds(
        _ files: [ModelFile], _ revision: ModelRevision, _ parts: [ModelPart]
    ) -> [String] {
        let known = Set(parts.map { ExactName($0.directory) })
        var needs: Set<ExactName> = []
        for file in files {
            let path = ModelPath(file.path)
            if path.isAdapter {
                needs.insert(ExactName(need("adapter-config", path.directory)))
            } else if path.isTransformersWeights, !known.contains(ExactName(path.directory)),
                revision.contains(file.path.beside("config.json"))
            {
                needs.insert(ExactName(need("config", path.directory)))
            }
        }
        return needs.sorted().map(\.text)
    }

    private static func need(_ name: String, _ directory: String) -> String {
        directory.isEmpty ? name : "\(name):\(directory)"
    }

    /// Whether a tokenizer of this configuration has a vocabulary on disk: those of bytes have none, and what
    /// a tokenizer of the repository's own code reads cannot be told.
    private static func hasFiles(_ tokenizer: JSON?) -> Bool {
        guard let tokenizer else { return true }
        let withoutFiles = [
            "ByT5Tokenizer", "CanineTokenizer", "PerceiverTokenizer", "MyT5Tokenizer", "DiaTokenizer",
        ]
        let kind = tokenizer["tokenizer_class"]?.string ?? ""
        return !withoutFiles.contains(kind) && ConfigFacts.code(tokenizer).isEmpty
    }

    /// Whether the card states that the model's job has nothing to do with text.
    private static func isWithoutText(_ card: ModelCard?) -> Bool {
        guard let tag = card?.pipelineTag?.lowercased() else { return false }
        let tags = [
            "audio-classification", "audio-to-audio", "depth-estimation", "image-classification",
            "image-feature-extraction", "image-segmentation", "image-to-image", "keypoint-detection",
            "mask-generation", "object-detection", "reinforcement-learning", "robotics",
            "time-series-forecasting", "unconditional-image-generation", "video-classification",
            "voice-activity-detection",
        ]
        return tags.contains(tag) || tag.hasUTF8Prefix("tabular-")
    }
}
