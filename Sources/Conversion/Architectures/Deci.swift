import Formats
import Tensors

/// Deci's models, such as Nemotron 51B and 253B: Llama whose layers differ, some of them without attention or without
/// what follows it.
struct Deci: PlainFamily {
    static let classes = ["DeciLMForCausalLM"]
    static let names = TensorNames.llama.adding(["model.layers.*.self_attn.linear_attn": "blk.*.attn_output"])

    let name = "deci"
    var parts: PlainParts

    /// What a layer has.
    private struct Layer {
        /// The heads of queries; 0 where there is no attention.
        var heads: Int
        /// The heads of keys and values; 0 where attention is one matrix.
        var keyHeads: Int
        /// The width behind attention; 0 where there is nothing.
        var inner: Int
    }

    /// The layers as `block_configs` states them; `nil` where they are alike but for their keys' heads.
    private static func layers(_ config: ModelConfig) throws(ConversionError) -> [Layer]? {
        guard let blocks = config["block_configs"]?.array else { return nil }
        let (heads, width) = (try config.size("num_attention_heads"), try config.size("hidden_size"))
        guard blocks.count == (try config.blockCount()) else { throw ModelConfig.missing(["block_configs"]) }
        var layers: [Layer] = []
        for block in blocks {
            guard let attention = block["attention"], let feedForward = block["ffn"] else {
                throw ModelConfig.missing(["block_configs.attention", "block_configs.ffn"])
            }
            var layer = Layer(heads: 0, keyHeads: 0, inner: 0)
            if let group = attention["n_heads_in_group"]?.integer, group > 0 {
                (layer.heads, layer.keyHeads) = (heads, heads / group)
            } else if attention["replace_with_linear"] == .bool(true) {
                layer.heads = heads
            }
            if let factor = feedForward["ffn_mult"]?.double {
                guard (0...1e4).contains(factor) else { throw ModelConfig.missing(["ffn_mult"]) }
                let length = Int(2 * factor * Double(width) / 3)
                layer.inner = (length + 255) / 256 * 256
            }
            layers.append(layer)
        }
        return layers
    }

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let layers = (try? layers(config)) ?? nil
        let blocks = min((try? config.blockCount()) ?? 0, 1 << 12)
        var parts: [ExactName: [String]] = [:]
        for block in 0..<blocks {
            let isOne = layers.map { $0.indices.contains(block) && $0[block].keyHeads == 0 } ?? false
            parts[ExactName("blk.\(block).attn_output.weight")] = [
                "model.layers.\(block).self_attn.\(isOne ? "linear_attn" : "o_proj").weight"
            ]
        }
        return names.storing(parts).spellings
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        guard let layers = (try? layers(config)) ?? nil else { return .denseLlama }
        return RequiredTensors(RequiredTensors.embeddings) { block in
            guard layers.indices.contains(block) else { return [] }
            let layer = layers[block]
            let attention =
                layer.heads == 0
                ? [] : ["attn_norm"] + (layer.keyHeads == 0 ? ["attn_output"] : RequiredTensors.attention)
            return attention + (layer.inner == 0 ? [] : ["ffn_norm"] + RequiredTensors.dense)
        }
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let block = TensorNames.block(of: name)
        var heads = try config.size("num_attention_heads")
        var keyHeads = try config.integerIfPresent("num_key_value_heads") ?? heads
        if let block {
            let stated = config["num_key_value_heads_per_layer"]?.array ?? []
            if stated.indices.contains(block), let own = stated[block].integer {
                keyHeads = own
            } else if let layers = try Self.layers(config), layers.indices.contains(block) {
                (heads, keyHeads) = (layers[block].heads, layers[block].keyHeads)
            }
        }
        var value = value
        if ["q_proj.weight", "q_proj.bias"].contains(where: { name.hasUTF8Suffix($0) }) {
            value = try RotaryHeads.interleaved(name, value, heads: heads)
        }
        if ["k_proj.weight", "k_proj.bias"].contains(where: { name.hasUTF8Suffix($0) }) {
            value = try RotaryHeads.interleaved(name, value, heads: keyHeads)
        }
        return [try Self.names.renamed(name, value, self.name)]
    }

    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] { try Llama3Rope.tensors(config) }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        if let layers = try Self.layers(config) {
            func set(_ key: String, _ part: (Layer) -> Int) {
                metadata.set(key, .int32s(layers.map { Int32(clamping: part($0)) }))
            }
            if let base = RopeParameters(config).shared("rope_theta") ?? RopeParameters(config)["rope_theta"]
            {
                guard let base = base.double else { throw ModelConfig.missing(["rope_theta"]) }
                metadata.set("rope.freq_base", .float32(Float(base)))
            }
            set("attention.head_count_kv", \.keyHeads)
            set("attention.head_count", \.heads)
            set("feed_forward_length", \.inner)
            metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
            try metadata.addNeededCount("context_length", config, ["max_position_embeddings"])
            try metadata.addNeededCount("embedding_length", config, ["hidden_size"])
            try metadata.addNeededFloat("attention.layer_norm_rms_epsilon", config, "rms_norm_eps")
            let length = try config.size("hidden_size") / config.size("num_attention_heads")
            metadata.set("attention.key_length", try ModelMetadata.count(length))
            metadata.set("attention.value_length", try ModelMetadata.count(length))
            metadata["general.file_type"] = .uint32(fileType)
        } else {
            try metadata.addGenericParameters(config, fileType: fileType)
            try metadata.addCount("attention.head_count_kv", config, ["num_key_value_heads_per_layer"])
        }
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        try metadata.addWholeHeads(config)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        // Llama 3's number of tokens, by which the converter tells the two tokenizers apart.
        if try config.integerIfPresent("vocab_size") ?? 128_256 == 128_256 {
            try vocabulary.addBPE(to: &metadata)
        } else {
            try vocabulary.addByteFallbackBPE(to: &metadata)
        }
    }
}
