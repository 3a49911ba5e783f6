import Formats
import Tensors

/// Mistral Small 3.1 and later, and Ministral 3: of models with pictures the part for text, which is Llama's.
struct Mistral3: BuiltOnLlama {
    static let classes = ["Mistral3ForConditionalGeneration", "Ministral3ForCausalLM"]
    static let modelTypes = ["mistral3"]

    let name = "mistral3"
    var llama: Llama
    /// The factors of Ministral 3's rotations and temperatures; `nil` for Mistral.
    private let factors: (rotations: Float, temperature: Float)?

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        llama = try Llama(model)
        switch model.config.stringIfPresent("model_type") {
        case "mistral4":
            throw ConversionError(
                .architectureUnknown, "models of the kind mistral4 cannot be converted",
                fix: "take a GGUF that someone made with llama.cpp")
        case "ministral3":
            let rope = RopeParameters(model.config)
            guard rope.type == "yarn" else {
                throw ConversionError(
                    .configValueWrong,
                    "config.json: \"rope_parameters\" of a ministral3 is not of the type yarn",
                    fix: "check that it is the config.json of this model")
            }
            guard let rotations = rope.shared("mscale_all_dim")?.double,
                let temperature = rope.shared("llama_4_scaling_beta")?.double
            else { throw ModelConfig.missing(["mscale_all_dim", "llama_4_scaling_beta"]) }
            factors = (Float(rotations), Float(temperature))
        default: factors = nil
        }
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try llama.addParameters(to: &metadata, fileType: fileType)
        guard let factors else { return }
        metadata.set("rope.scaling.yarn_log_multiplier", .float32(factors.rotations))
        metadata.set("attention.temperature_scale", .float32(factors.temperature))
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        config.setTextKind("mistral")
    }
}
