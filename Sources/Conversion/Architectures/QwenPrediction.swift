import Formats
import Tensors

/// The blocks of Qwen's models that predict more than one token ahead, which checkpoints keep apart (`mtp.`) and GGUF
/// behind the others.
struct QwenPrediction: Sendable {
    /// How many there are: by the configuration, else by the tensors.
    let count: Int
    /// The blocks before them.
    let trunkCount: Int
    private let expertCount: Int?
    private var isStacked = false
    private var names: Set<ExactName> = []

    /// Looks for the blocks. A model that has no tensor of them is none to complain of: those who train a model on leave
    /// them out, whatever the configuration states. It is converted as with the reference's `--no-mtp`; what that makes
    /// without the option llama.cpp does not load.
    init(_ model: HuggingFaceModel) throws(ConversionError) {
        trunkCount = try model.config.size("num_hidden_layers")
        expertCount = model.config.first(["num_local_experts", "num_experts"])?.wholeNumber
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

    /// Takes a tensor that was converted, by its name in the checkpoint.
    mutating func add(_ stored: String) {
        if let name = Self.name(stored) { names.insert(name) }
        if stored.containsUTF8("experts.gate_up_proj") { isStacked = true }
    }

    /// Looks for what the blocks must have, if the checkpoint has any of it.
    /// - Throws: `tensor-missing` with what is not there.
    func finish() throws(ConversionError) {
        let missing = Self.required(count, experts: expertCount, isStacked: isStacked).filter {
            !names.contains($0)
        }
        guard missing.isEmpty || count == 0 else { throw .missingTensors(missing) }
    }

    /// What a checkpoint lacks of the blocks by its names alone; nothing where it has none of them.
    /// - Parameter stored: the names that ``QwenHybrid/name(of:)`` has read.
    static func missing(_ config: ModelConfig, stored: [String]) -> [String] {
        let own = Set(exactly: stored.compactMap(name))
        guard !own.isEmpty else { return [] }
        let stated = config.first(["mtp_num_hidden_layers"])?.wholeNumber ?? 0
        let count = stated == 0 ? own.compactMap { layer(of: $0.text) }.max().map { $0 &+ 1 } ?? 0 : stated
        return required(
            min(max(count, 0), 1024),
            experts: config.first(["num_local_experts", "num_experts"])?.wholeNumber,
            isStacked: stored.contains { $0.containsUTF8("experts.gate_up_proj") }
        ).filter { !own.contains(ExactName($0)) }
    }

    /// The names of all that the blocks must have.
    private static func required(_ count: Int, experts: Int?, isStacked: Bool) -> [String] {
        let attention =
            ["input_layernorm", "post_attention_layernorm"]
            + ["q_proj", "k_proj", "v_proj", "o_proj", "q_norm", "k_norm"].map { "self_attn.\($0)" }
        let parts = ["gate_proj", "up_proj", "down_proj"]
        var layer = attention.map { "\($0).weight" }
        if let experts {
            layer += ["mlp.gate.weight", "mlp.shared_expert_gate.weight"]
            layer += parts.map { "mlp.shared_expert.\($0).weight" }
            layer +=
                isStacked
                ? ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]
                : (0..<min(max(experts, 0), 4_096)).flatMap { expert in
                    parts.map { "mlp.experts.\(expert).\($0).weight" }
                }
        } else {
            layer += parts.map { "mlp.\($0).weight" }
        }
        return own.map { "mtp.\($0.0).weight" }
            + (0..<count).flatMap { number in layer.map { "mtp.layers.\(number).\($0)" } }
    }
}
