import Formats
import Tensors

/// What makes sound of Liquid AI's LFM2.5 Audio: LFM2 with a window and a layer of its own behind it, and without any
/// tokens of text.
struct Lfm2Audio: ModelArchitecture {
    static let classes = ["Lfm25AudioTokenizer"]
    static let modelTypes: [String] = []

    let name = "lfm2"
    let rulesName = "lfm2-audio"
    private let lfm: Lfm2
    private let config: ModelConfig

    static func spellings(_ config: ModelConfig) -> [TensorNames] { [names] }

    private static let names = Lfm2.names.adding(["dense_2_out": "dense_2"])

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        var required = Lfm2.requiredTensors(config)
        required.whole.append("dense_2+")
        return required
    }

    static func name(of tensor: String) -> String? {
        if tensor == "istft.window" || tensor.hasUTF8Prefix("emb.emb") { return nil }
        let name = tensor.hasUTF8Prefix("lin") ? tensor.replacingUTF8("lin", with: "dense_2_out") : tensor
        let others = ["audio", "codebook", "conformer", "depth_embedding", "depthformer", "depth_linear"]
        if others.contains(where: { name.containsUTF8($0) }) { return nil }
        return TextTensors.name(of: name.replacingUTF8("lfm.", with: "model."))
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        lfm = try Lfm2(model)
        config = model.config
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(name, try Lfm2.squeezed(name, value), self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try lfm.addParameters(to: &metadata, fileType: fileType)
        try metadata.addNeededCount("attention.sliding_window", config, ["sliding_window"])
        try metadata.addNeededCount("embedding_length_out", config, ["output_size"])
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        metadata["tokenizer.ggml.model"] = .string("none")
    }
}
