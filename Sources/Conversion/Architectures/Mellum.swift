import Formats
import Tensors

/// JetBrains' Mellum 2: experts in every layer, windows in some.
struct Mellum: PlainFamily {
    static let classes = ["MellumForCausalLM"]
    static let names = TensorNames.llama.without(TensorNames.denseLayers).adding(TensorNames.headNorms)

    let name = "mellum"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] { [StoredExperts()] }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        .mixed(
            RequiredTensors.llama + RequiredTensors.headNorms, dense: 0, experts: [])
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addCount("expert_feed_forward_length", config, ["moe_intermediate_size"])
        let isAsked = config["use_sliding_window"] ?? .null
        guard isAsked == .null || isAsked == .bool(true), config.first(["sliding_window"]) != nil else {
            return
        }
        try metadata.addCount("attention.sliding_window", config, ["sliding_window"])
        try metadata.addWindows(config)
    }
}
