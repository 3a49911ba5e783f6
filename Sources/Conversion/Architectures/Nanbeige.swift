import Formats
import Tensors

/// Nanbeige 4.2, Llama whose layers may be gone through more than once.
struct Nanbeige: BuiltOnLlama {
    static let classes = ["NanbeigeForCausalLM"]
    static let modelTypes: [String] = []

    let name = "nanbeige"
    var llama: Llama
    private let config: ModelConfig

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        llama = try Llama(model)
        config = model.config
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try llama.addParameters(to: &metadata, fileType: fileType)
        let loops = try config.integerIfPresent("num_loops") ?? 1
        metadata.set("num_loops", try ModelMetadata.count(max(1, loops)))
        metadata.set(
            "skip_loop_final_norm", .bool(config["skip_loop_final_norm"]?.isTruthy ?? false))
    }
}
