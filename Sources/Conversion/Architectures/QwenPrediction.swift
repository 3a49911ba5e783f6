import Formats
import Tensors

/// The blocks of Qwen's models that predict more than one token ahead, which checkpoints keep apart (`mtp.`) and GGUF
/// behind the others.
struct QwenPrediction: Sendable {
    /// How many there are: by the configuration, else by the tensors.
    let count: Int
    /// The blocks before them.
    let trunkCount: Int
    private let hasExperts: Bool
    private var isStacked = false
    private var names: Set<ExactName> = []

    /// Looks for the blocks. A model that has no tensor of them is none to complain of: those who train a model on leave
    /// them out, whatever the configuration states. It is converted as with the reference's `--no-mtp`; what that makes
    /// without the option llama.cpp does not load.
    init(_ model: HuggingFaceModel, hasExperts: Bool) throws(ConversionError) {
        trunkCount = try model.config.size("num_hidden_layers")
        self.hasExperts = hasExperts
        let stated = try model.config.integerIfPresent("mtp_num_hidden_layers") ?? 0
        let stored = model.tensors.compactMap { TextTensors.name(of: $0.name).flatMap(Self.name) }
        count =
            stored.isEmpty && !model.tensors.isEmpty
            ? 0 : stated == 0 ? stored.compactMap { Self.layer(of: $0) }.max().map { $0 + 1 } ?? 0 : stated
        guard (0...1024).contains(count) else {
            throw ConversionError(
                .configValueWrong, "config.json: \"mtp_num_hidden_layers\" is \(count)",
                fix: "check that it is the config.json of this model")
        }
    }

    /// The names of their own tensors, behind ``renamed(_:)``.
    static let names: [ExactName: String] = [
        "model.layers.*.eh_proj": "blk.*.nextn.eh_proj", "model.layers.*.enorm": "blk.*.nextn.enorm",
        "model.layers.*.hnorm": "blk.*.nextn.hnorm",
        "model.layers.*.shared_head.norm": "blk.*.nextn.shared_head_norm",
    ]

    /// The own tensors, as checkpoints have them and as GGUF's converter calls them.
    private static let own = [
        ("fc", "eh_proj"), ("pre_fc_norm_embedding", "enorm"), ("pre_fc_norm_hidden", "hnorm"),
        ("norm", "shared_head.norm"),
    ]

    /// A name of such a block's tensor as it begins in most checkpoints; `nil` for other tensors.
    private static func name(_ tensor: String) -> String? {
        if tensor.hasUTF8Prefix("mtp.") { return tensor }
        return tensor.hasUTF8Prefix("model.mtp.")
            ? String(decoding: tensor.utf8.dropFirst(6), as: UTF8.self) : nil
    }

    private static func layer(of name: String) -> Int? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 3, parts[1] == "layers", let number = Int(parts[2]), number >= 0,
            number < Int(Int32.max)
        else { return nil }
        return number
    }

    /// The name of a tensor as if its block were one behind the others; others keep theirs.
    func renamed(_ tensor: String) -> String {
        guard let name = Self.name(tensor) else { return tensor }
        if let layer = Self.layer(of: name) {
            let rest = name.split(separator: ".", omittingEmptySubsequences: false).dropFirst(3)
            return "model.layers.\(trunkCount + layer).\(rest.joined(separator: "."))"
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let own = Self.own.first(where: { $0.0 == parts[1] }) else { return tensor }
        return "model.layers.\(trunkCount).\(own.1).\(parts[2])"
    }

    /// The name in the checkpoint of one that ``renamed(_:)`` made.
    func stored(_ name: String) -> String {
        guard name.hasUTF8Prefix("model.layers."), let block = TensorNames.block(of: name),
            block >= trunkCount
        else { return name }
        let rest = name.split(separator: ".", omittingEmptySubsequences: false).dropFirst(3)
            .joined(separator: ".")
        for (stored, own) in Self.own where rest.hasUTF8Prefix(own + ".") {
            return "mtp.\(stored)" + String(decoding: rest.utf8.dropFirst(own.utf8.count), as: UTF8.self)
        }
        return "mtp.layers.\(block - trunkCount).\(rest)"
    }

    // MARK: What is missing

    /// Takes what was converted, and the name that it had.
    mutating func add(_ tensor: ConvertedTensor, from name: String) {
        if name.containsUTF8("experts.gate_up_proj") { isStacked = true }
        guard count > 0, let block = TensorNames.block(of: tensor.name), block >= trunkCount else { return }
        names.insert(tensor.name)
    }

    /// Looks for what the blocks must have, if the checkpoint has any of it.
    /// - Throws: `tensor-missing` with what is not there.
    func finish() throws(ConversionError) {
        guard count > 0 else { return }
        var missing: [String] = []
        for layer in 0..<count {
            for (stored, inGGUF) in Self.attention + (hasExperts ? experts : Self.dense)
            where !names.contains(ExactName("blk.\(trunkCount + layer).\(inGGUF).weight")) {
                missing.append("mtp.layers.\(layer).\(stored)")
            }
        }
        for (stored, own) in Self.own {
            let inGGUF = Self.names["model.layers.*.\(own)"]?.replacingUTF8("*", with: "\(trunkCount)") ?? ""
            if !names.contains(ExactName(inGGUF + ".weight")) { missing.append("mtp.\(stored).weight") }
        }
        guard missing.isEmpty else { throw .missingTensors(missing) }
    }

    private static let attention =
        [
            ("input_layernorm", "attn_norm"), ("post_attention_layernorm", "post_attention_norm"),
            ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"),
            ("self_attn.o_proj", "attn_output"), ("self_attn.q_norm", "attn_q_norm"),
            ("self_attn.k_norm", "attn_k_norm"),
        ].map { ("\($0.0).weight", $0.1) }
    private static let dense = ["gate", "up", "down"].map { ("mlp.\($0)_proj.weight", "ffn_\($0)") }
    private var experts: [(String, String)] {
        let (gates, down) =
            isStacked
            ? (["gate_up_proj", "gate_up_proj"], "down_proj")
            : (["0.gate_proj.weight", "0.up_proj.weight"], "0.down_proj.weight")
        return [
            ("mlp.gate.weight", "ffn_gate_inp"), ("mlp.shared_expert_gate.weight", "ffn_gate_inp_shexp"),
            ("mlp.experts.\(gates[0])", "ffn_gate_exps"), ("mlp.experts.\(gates[1])", "ffn_up_exps"),
            ("mlp.experts.\(down)", "ffn_down_exps"),
        ] + ["gate", "up", "down"].map { ("mlp.shared_expert.\($0)_proj.weight", "ffn_\($0)_shexp") }
    }
}
