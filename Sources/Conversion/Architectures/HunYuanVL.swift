import Formats
import Glibc
import Tensors

/// The part for text of Tencent's Hunyuan OCR and VL: Hunyuan whose positions are of four kinds.
struct HunYuanVL: ModelArchitecture {
    static let classes = ["HunYuanVLForConditionalGeneration"]
    static let modelTypes: [String] = []

    let name = "hunyuan_vl"
    private let model: HuggingFaceModel
    private let config: ModelConfig

    static func spellings(_ config: ModelConfig) -> [TensorNames] { HunYuanDense.spellings(config) }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors { Qwen3.requiredTensors(config) }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        config = model.config
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name == "lm_head.weight", config.isTied { return [] }
        return [try HunYuanDense.names.renamed(name, value, self.name)]
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        var plain = config
        // Some state a number of experts and have none.
        plain["num_experts"] = nil
        try metadata.addGenericParameters(plain, fileType: fileType)
        let rope = RopeParameters(config)
        let sections = rope.shared(rope.type == "xdrope" ? "xdrope_section" : "mrope_section")
        guard rope.type == "xdrope" || rope.type == "dynamic" && sections != nil else {
            guard rope.type != "dynamic" else {
                throw ModelConfig.missing(["rope_scaling.xdrope_section"])
            }
            return
        }
        guard let base = rope.number("rope_theta"), let alpha = rope.number("alpha"),
            let sections = sections?.array?.compactMap({ $0.integer.flatMap(Int32.init(exactly:)) })
        else {
            throw ModelConfig.missing(["rope_scaling.alpha", "rope_scaling.xdrope_section", "rope_theta"])
        }
        _ = try config.size("head_dim")
        let context = try ModelMetadata.count(config.size("max_position_embeddings"))
        metadata.set("rope.freq_base", .float32(Float(base)))
        metadata.set("rope.scaling.type", .string("none"))
        metadata.set("rope.scaling.factor", .float32(Float(rope.number("factor") ?? 1)))
        metadata.set("rope.scaling.alpha", .float32(Float(alpha)))
        metadata.set("rope.scaling.original_context_length", context)
        metadata.set("context_length", context)
        metadata.set("rope.dimension_sections", .int32s(sections))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try HunYuanDense.addVocabulary(to: &metadata, vocabulary, model)
    }
}
