import Formats
import Tensors

/// LG's EXAONE 4, and the part for text of 4.5: norms behind attention and feed-forward, and windows in three of four
/// layers of the large one.
struct Exaone4: ModelArchitecture {
    static let classes = ["Exaone4ForCausalLM", "Exaone4_5_ForConditionalGeneration"]
    static let modelTypes = ["exaone4"]

    let name = "exaone4"
    private let config: ModelConfig
    static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names = Olmo2.names.adding(TensorNames.prediction).storing(ExaonePrediction.spellings)

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let (all, last) = (Olmo2.requiredTensors(config), (try? config.blockCount()) ?? Int.max)
        return RequiredTensors(all.whole) { block in
            all.block(block) + (block < last ? [] : ExaonePrediction.required)
        }
    }

    /// Of 4.5 alone blocks that predict further tokens are written.
    static func predictionCount(_ config: ModelConfig) -> Int {
        config.architecture.hasUTF8Prefix("Exaone4_5") ? (try? config.predictionCount()) ?? 0 : 0
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) { config = model.config }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        guard config.architecture.hasUTF8Prefix("Exaone4_5"), name.hasUTF8Prefix("mtp.") else {
            return [try Self.names.renamed(name, value, self.name)]
        }
        guard try config.predictionCount() > 0 else { return [] }
        let isShared = config["mtp_share_layers"]?.isTruthy == true
        var all: [ConvertedTensor] = []
        for own in try ExaonePrediction.names(name, config, isShared: isShared) {
            all.append(try Self.names.renamed(own, value, self.name))
        }
        return all
    }

    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] {
        try Llama3Rope.tensors(config, factor: 16)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        let ahead = Self.predictionCount(config)
        metadata.set("block_count", try ModelMetadata.count(config.blockCount() + ahead))
        try Self.addWindows(to: &metadata, config)
        if ahead > 0 { metadata.set("nextn_predict_layers", try ModelMetadata.count(ahead)) }
    }

    /// Adds the number of tokens and which layers have a window.
    static func addWindows(
        to metadata: inout ModelMetadata, _ config: ModelConfig
    ) throws(ConversionError) {
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        guard config.first(["sliding_window"]) != nil else { return }
        try metadata.addCount("attention.sliding_window", config, ["sliding_window"])
        guard let pattern = try windows(config) else { return }
        metadata.set("attention.sliding_window_pattern", .bools(pattern))
    }

    /// Which layers have a window; `nil` where nothing states it.
    private static func windows(_ config: ModelConfig) throws(ConversionError) -> [Bool]? {
        if let types = config["layer_types"]?.array { return types.map { $0.string == "sliding_attention" } }
        let count = min(try config.size("num_hidden_layers"), 1 << 16)
        switch config["sliding_window_pattern"] {
        case .string(let text)? where !text.isEmpty:
            let letters = Array(text.utf8)
            return (0..<count).map { letters[$0 % letters.count] == UInt8(ascii: "L") }
        case .integer(let period)? where period > 0: return (0..<count).map { ($0 + 1) % period != 0 }
        default: return nil
        }
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesLayerTypes(layers: 32) else { return }
        let window = config["sliding_window"] ?? 4096
        let pattern = config["sliding_window_pattern"] ?? 4
        let count = config["num_hidden_layers"]?.integer ?? 32
        if config.first(["layer_types"]) == nil {
            // transformers counts by the pattern, which without a window is 0, and then it fails.
            guard window != .null, let period = pattern.integer, period > 0, (0...(1 << 16)).contains(count)
            else { return }
            config["layer_types"] = .array(
                (0..<count).map { ($0 + 1) % period != 0 ? "sliding_attention" : "full_attention" })
        }
        config.setDefaults([
            "vocab_size": 102_400, "hidden_size": 4096, "intermediate_size": 16384, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 32, "max_position_embeddings": 2048,
            "rms_norm_eps": .number(1e-5), "rope_theta": 10000, "sliding_window": 4096,
            "sliding_window_pattern": 4, "bos_token_id": 0, "eos_token_id": 2,
        ])
    }
}
