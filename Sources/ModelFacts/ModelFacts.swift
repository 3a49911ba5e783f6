package import Formats
package import Manifests
package import Storage

/// A file of a snapshot: where its content is on this machine.
package struct ModelFile: Equatable, Sendable {
    /// The path in the snapshot.
    package let path: RelativePath
    /// The path on disk, without links.
    package let location: String
    /// The size in bytes.
    package let size: Int
    /// What the kernel stated of it when it was found: what is read has to be that file. `nil` where nobody compares.
    let status: FileStatus?

    /// Makes a file.
    package init(path: RelativePath, location: String, size: Int, status: FileStatus? = nil) {
        self.path = path
        self.location = location
        self.size = size
        self.status = status
    }
}

/// What a model is, read from its files without running anything.
package struct ModelFacts: Equatable, Sendable {
    /// The model card; `nil` if there is none or it cannot be read.
    package internal(set) var card: ModelCard?
    /// The configuration: the top one, else that of the first part that has one.
    package let config: ConfigFacts?
    /// The formats of the weights, sorted by name.
    package let formats: [ModelFormat]
    /// The dtypes of safetensors weights as their headers name them, the one with most bytes first.
    package let dtypes: [String]
    /// The number of parameters in safetensors weights; `nil` if there are none or a header is broken.
    package internal(set) var parameters: Int?
    /// The bytes of the weights by dtype, of GGUF by ggml's types, the one with most first: of the files that
    /// are loaded as one model, where a repository holds it more than once. Empty for other formats.
    package internal(set) var weightBytes: [(dtype: String, bytes: Int)] = []
    /// The tensors that the configuration asks for and that the weights lack, as the model's files would call them;
    /// empty where nothing is missing and where the class is not known.
    package internal(set) var missingTensors: [String] = []
    /// What in its configurations hinders that it becomes GGUF, as a clause; `nil` where nothing is known to.
    package internal(set) var conversionHindrance: String?
    /// How the weights are quantized; `nil` where they are not, or nothing shows it.
    package internal(set) var quantization: ModelQuantization?
    /// What must be among the files for the model to load: "config" and "tokenizer", with ":" and a
    /// directory for a part of a pipeline.
    package let needs: [String]
    /// What is not among the files at all, so that nothing loads them as a model: "weights", or "language-model" where
    /// there are only projectors. Empty for a model.
    package internal(set) var lacks: [String] = []
    /// What files of the model ask for by name.
    package internal(set) var requirements: [FileRequirement] = []
    /// The class that loads it, where its files name another one than the architecture shows.
    package internal(set) var loadClass: String?
    /// Every index of shards with the files that it names, as paths in the snapshot; sorted.
    package let shards: [(index: RelativePath, files: [RelativePath])]
    /// Files that are not what they should be.
    package let problems: [Diagnostic]
    /// Code and chat templates that run where the model is loaded.
    package internal(set) var safety = SafetyFacts()
    /// The licence that Kaggle's metadata files state.
    package internal(set) var kaggleLicense: String?
    /// What an adapter is.
    package internal(set) var adapter = AdapterFacts.none

    /// The licence that the model card states: the name where it only states "other".
    package var license: String? { card?.effectiveLicense }

    /// The shards that the index at this path names; `nil` where it is no index.
    package func shards(ofIndex path: RelativePath) -> [RelativePath]? {
        shards.first { $0.index == path }?.files
    }

    /// The frameworks that open the model, sorted: those of its formats and the card's library.
    package var frameworks: [String] {
        // What MLX wrote as safetensors is laid out for MLX alone.
        let own = formats.filter { $0 != .safetensors || !formats.contains(.mlx) }
        let names = own.compactMap(\.framework) + (card?.library.map { [$0.lowercased()] } ?? [])
        return Set(exactly: names).sortedTexts
    }

    /// Whether `name` is one of the frameworks or formats, in any of the spellings in use: "PyTorch",
    /// "pyTorch", "tensorFlow2" and "scikit_learn" are found too.
    package func matches(framework name: String) -> Bool {
        func plain(_ text: String) -> String {
            let letters = text.lowercased().filter { $0.isLetter || $0.isNumber }
            return letters.hasUTF8Prefix("tensorflow") ? "tensorflow" : letters == "flax" ? "jax" : letters
        }
        return (frameworks + formats.map(\.rawValue)).contains { plain($0) == plain(name) }
    }

    /// The facts that a lock records, sorted by name, without those that are unknown or empty. The licence
    /// is not among them, because who stated it is recorded too.
    package func lockFields() -> [JSON.Member] {
        func list(_ name: String, _ texts: [String]) -> JSON.Member? {
            texts.isEmpty ? nil : JSON.Member(name, .array(texts.map(JSON.string)))
        }
        func text(_ name: String, _ text: String?) -> JSON.Member? {
            text.map { JSON.Member(name, .string($0)) }
        }
        let fields = [
            list("architectures", config?.architectures ?? []),
            text("base_model_relation", card?.baseModelRelation),
            list("base_models", card?.baseModels ?? []),
            list("dtypes", dtypes),
            list("formats", formats.map(\.rawValue)),
            list("lacks", lacks),
            text("library", card?.library),
            text(LoadClass.fact, loadClass),
            list("missing_tensors", missingTensors),
            text("model_type", config?.modelType),
            list("needs", needs),
            parameters.map { JSON.Member("parameters", .integer($0)) },
            text("pipeline_tag", card?.pipelineTag),
            quantization.map { JSON.Member("quantization", $0.json) },
            requirements.isEmpty
                ? nil : JSON.Member(FileRequirement.fact, .array(requirements.map(\.json))),
            weightBytes.isEmpty
                ? nil
                : JSON.Member(
                    "weight_bytes",
                    .object(weightBytes.map { JSON.Member($0.dtype, .integer($0.bytes)) }.sortedByKey)),
        ].compactMap(\.self)
        return (fields + adapter.lockFields + safety.lockFields).sortedByKey
    }

    /// ``lockFields()`` of what is no model: without what loading one would ask for.
    package func lockFieldsWithoutNeeds() -> [JSON.Member] {
        lockFields().filter { !["lacks", FileRequirement.fact].contains($0.key) }
    }

    /// Whether all facts are equal.
    package static func == (left: ModelFacts, right: ModelFacts) -> Bool {
        left.card == right.card && left.config == right.config && left.formats == right.formats
            && left.dtypes == right.dtypes && left.parameters == right.parameters
            && left.safety == right.safety && left.kaggleLicense == right.kaggleLicense
            && left.needs == right.needs && left.problems == right.problems
            && left.quantization == right.quantization && left.adapter == right.adapter
            && left.missingTensors == right.missingTensors
            && left.conversionHindrance == right.conversionHindrance && left.loadClass == right.loadClass
            && left.lacks == right.lacks && left.requirements == right.requirements
            && left.weightBytes.elementsEqual(right.weightBytes, by: ==)
            && left.shards.elementsEqual(right.shards, by: ==)
    }
}
