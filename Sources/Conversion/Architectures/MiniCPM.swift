import Formats
import Tensors

/// OpenBMB's MiniCPM 1 and 2.
struct MiniCPM: ModelArchitecture {
    static let classes = ["MiniCPMForCausalLM"]
    static let modelTypes: [String] = []

    let name = "minicpm"
    private let config: ModelConfig
    private let heads: RotaryHeads

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        heads = try RotaryHeads(config)
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let isMatrix = name.hasUTF8Suffix(".weight")
        return [
            try TensorNames.llama.renamed(
                name, isMatrix ? try heads.interleaved(name, value) : value, self.name)
        ]
    }

    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] {
        let rope = RopeParameters(config)
        let lists = ["long", "short"].map { ($0, rope.shared("\($0)_factor")?.array ?? []) }
        guard lists.contains(where: { !$0.1.isEmpty }) else { return [] }
        let length = try config.size("hidden_size") / heads.count
        var tensors: [ConvertedTensor] = []
        for (kind, list) in lists {
            let factors = list.compactMap { $0.double.map { Float($0) } }
            guard factors.count == list.count, 2 * factors.count == length else {
                throw ConversionError(
                    .configValueWrong,
                    "config.json: \"\(kind)_factor\" in \"rope_scaling\" is not a list of \(length / 2) numbers",
                    fix: "check that it is the config.json of this model")
            }
            tensors.append(
                ConvertedTensor(
                    "rope_factors_\(kind).weight", TensorValue(numbers: factors, shape: [factors.count])))
        }
        return tensors
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        metadata.set("embedding_scale", .float32(Float(try config.number("scale_emb"))))
        let blocks = Double(try config.size("num_hidden_layers"))
        metadata.set(
            "residual_scale", .float32(Float(try config.number("scale_depth") / blocks.squareRoot())))
        let base = try config.number("dim_model_base")
        guard base != 0 else { throw ModelConfig.missing(["dim_model_base"]) }
        metadata.set("logit_scale", .float32(Float(Double(try config.size("hidden_size")) / base)))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addSentencePiece(to: &metadata)
    }
}
