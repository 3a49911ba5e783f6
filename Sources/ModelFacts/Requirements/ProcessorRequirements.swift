import Formats
import Manifests

/// What prepares pictures and sounds for a model: `preprocessor_config.json`, or in its place `processor_config.json`.
///
/// As `AutoProcessor`, `AutoImageProcessor` and `AutoFeatureExtractor` look for it (transformers 5.23.0,
/// `models/auto/processing_auto.py`). A model that `AutoModelForCausalLM` loads for text alone does without.
enum ProcessorRequirements {
    /// The files of which one is enough.
    static let names = [
        "preprocessor_config.json", "processor_config.json", "video_preprocessor_config.json",
    ]

    /// - Parameter config: the model's configuration.
    static func all(_ files: RequirementFiles, _ config: ConfigFacts?) -> [FileRequirement] {
        guard files.contains("config.json"), files.file(PipelineRequirements.index) == nil,
            let type = config?.modelType, TransformersModels.prepared.contains(type),
            files.paths.contains(where: { path in
                let path = ModelPath(path)
                return path.directory.isEmpty && path.isTransformersWeights
            })
        else { return [] }
        return [
            FileRequirement(
                .processor, by: "config.json", oneOf: names,
                isOptional: TransformersModels.textual.contains(type))
        ]
    }
}
