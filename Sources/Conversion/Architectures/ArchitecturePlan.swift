import Formats
import Tensors

/// What a model's family makes of its tensors, before anything is known of its name and tokenizer.
struct ArchitecturePlan: Sendable {
    /// The tensors in the order of the file.
    let tensors: [HuggingFaceConversion.Tensor]
    /// The tensors of four bits that are multiplied with inputs that keep all of theirs, sorted.
    let fullInputs: [String]
    /// The family, which has seen all tensors.
    let architecture: any ModelArchitecture

    /// Decides.
    /// - Parameters:
    ///   - isVocabularyOnly: whether the tensors are left out.
    ///   - isComplete: whether all tensors that the family needs have to be there; a part of a model is planned without.
    /// - Throws: where the family does not know a tensor, lacks one, or is not what the configuration states.
    init(
        _ model: HuggingFaceModel, _ wanted: OutputType, isVocabularyOnly: Bool = false,
        isComplete: Bool = true
    ) throws(ConversionError) {
        let family = try ArchitectureRegistry.family(of: model.config.architecture)
        var architecture = try family.init(model)
        var limits = try PlanLimits(architecture, model.config)
        var tensors: [HuggingFaceConversion.Tensor] = []
        var names: Set<ExactName> = []
        let converted =
            isVocabularyOnly ? [] : try Self.converted(model, &architecture, isComplete: isComplete)
        for tensor in converted {
            guard names.insert(tensor.name).inserted else {
                throw ConversionError(
                    .tensorTwice, "two tensors of the checkpoint would become \"\(tensor.name)\"",
                    fix: "check that config.json belongs to these weights")
            }
            try limits.check(tensor)
            let type =
                Self.blockType(tensor.value, model)
                ?? architecture.type(of: tensor.name, shape: tensor.value.shape, wanted: wanted)
                ?? wanted.type(of: tensor.name, shape: tensor.value.shape)
            tensors.append(
                HuggingFaceConversion.Tensor(
                    description: TensorDescription(
                        name: tensor.name, dimensions: tensor.value.shape.reversed(), type: type),
                    value: tensor.value))
        }
        self.tensors = tensors
        fullInputs = tensors.compactMap { tensor in
            Self.isFullInput(tensor, model) ? tensor.description.name : nil
        }.sortedByBytes()
        self.architecture = architecture
    }

    /// What a family makes of all tensors.
    /// - Throws: also where one is missing that the family needs, if the model shall be complete.
    static func converted(
        _ model: HuggingFaceModel, _ architecture: inout any ModelArchitecture, isComplete: Bool
    ) throws(ConversionError) -> [ConvertedTensor] {
        var present = MissingTensors(model, type(of: architecture))
        do throws(ConversionError) {
            let converted = try converted(model, &architecture, &present)
            if isComplete { try present.check() }
            try architecture.finish()
            return converted
        } catch {
            throw present.spelled(error)
        }
    }

    private static func converted(
        _ model: HuggingFaceModel, _ architecture: inout any ModelArchitecture,
        _ present: inout MissingTensors
    ) throws(ConversionError) -> [ConvertedTensor] {
        var converted = try fourBits(model, &architecture)
        converted += try architecture.generatedTensors()
        for tensor in converted { present.add(tensor) }
        for (index, tensor) in model.tensors.enumerated() where tensor.blockType != .nvfp4 {
            guard !TextTensors.leftOut.contains(where: { tensor.name.hasUTF8Suffix($0) }),
                let name = type(of: architecture).name(of: tensor.name)
            else { continue }
            let value = TensorValue(TensorView(index, shape: tensor.shape))
            for own in try architecture.convert(name, value) {
                present.add(own)
                converted.append(own)
            }
        }
        return converted
    }

    /// The tensors that are kept in blocks of NVFP4, each with its factors: they are written before all others.
    private static func fourBits(
        _ model: HuggingFaceModel, _ architecture: inout any ModelArchitecture
    ) throws(ConversionError) -> [ConvertedTensor] {
        var converted: [ConvertedTensor] = []
        var stacks: [ConvertedTensor] = []
        // Where the number of experts is not known by these names, stacks come last.
        let isCounted = model.config.first(["num_local_experts", "num_experts"]) != nil
        for (index, tensor) in model.tensors.enumerated() where tensor.blockType == .nvfp4 {
            guard let name = type(of: architecture).name(of: tensor.name) else { continue }
            let value = TensorValue(TensorView(index, shape: tensor.shape))
            for own in try architecture.convert(name, value) {
                guard case .views(let views) = own.value.content else { continue }
                let factors = views.compactMap { model.dequantization?.tensors[$0.tensor].factors }
                let all = TensorFactors.tensors(own, factors)
                if own.value.shape.count == 2 || isCounted { converted += all } else { stacks += all }
            }
        }
        return converted + stacks
    }

    /// Whether a tensor is of four bits, and its inputs keep all of theirs.
    private static func isFullInput(_ tensor: HuggingFaceConversion.Tensor, _ model: HuggingFaceModel) -> Bool
    {
        guard let inputs = model.fullInputs, tensor.description.type == .nvfp4,
            case .views(let views) = tensor.value.content, let first = views.first
        else { return false }
        let stored = model.tensors[first.tensor].name
        let name = ArchitectureRegistry.read(stored, model.config)
        // The converter looks for a stack by a name without experts' numbers.
        guard tensor.value.shape.count > 2, let block = TensorNames.block(of: tensor.description.name),
            let part = name.split(separator: ".").dropLast().last
        else { return inputs.contains(name) }
        return inputs.contains("model.layers.\(block).mlp.experts.\(part).weight")
    }

    /// The type of ggml's blocks that a tensor is kept in as it is.
    private static func blockType(_ value: TensorValue, _ model: HuggingFaceModel) -> GGMLType? {
        guard case .views(let views) = value.content, let view = views.first else { return nil }
        return model.tensors[view.tensor].blockType
    }
}

/// What the tensors of a model must fit into, so that a wrong configuration is seen here and not by who loads the
/// file.
struct PlanLimits: Sendable {
    private let architecture: String
    private let blockCount: Int?
    private let width: Int?
    /// How long rows of the second layer behind attention are.
    private let innerWidth: Int?
    /// How many rows the layers of queries and of keys have; not known where they are made in two steps.
    private var headRows: [ExactName: Int] = [:]
    /// Whether each block may have shapes of its own.
    private let isUnequal: Bool
    /// The shape of each tensor of a block, by its name without the block: it is the same in all of them.
    private var shapes: [ExactName: (name: String, shape: [Int])] = [:]

    /// Takes the sizes from the keys that will be written.
    /// - Throws: if there is no head, no element in an embedding, or a number that no float is.
    init(_ architecture: any ModelArchitecture, _ config: ModelConfig) throws(ConversionError) {
        self.architecture = architecture.name
        isUnequal = type(of: architecture).hasUnequalBlocks
        var keys = ModelMetadata(architecture: architecture.name)
        try architecture.addParameters(to: &keys, fileType: 0)
        for item in keys.items {
            guard case .float32(let number) = item.value, number.isInfinite else { continue }
            throw ConversionError(
                .configValueWrong, "config.json: the number for \(item.key) is larger than any of 32 bits",
                fix: "check that it is the config.json of this model")
        }
        func size(_ key: String) throws(ConversionError) -> Int? {
            guard case .uint32(let size) = keys["\(architecture.name).\(key)"] else { return nil }
            guard size > 0 else {
                throw ConversionError(
                    .configValueWrong, "config.json states that \(key) is 0",
                    fix: "check that it is the config.json of this model")
            }
            return Int(size)
        }
        blockCount = try size("block_count")
        width = try size("embedding_length")
        // Only what the file itself states counts here: a default may be wrong, which is for llama.cpp to say.
        func said(_ keys: [String]) -> Set<Int> {
            let parts = [config.raw, config.raw["text_config"] ?? .null]
            return Set(parts.flatMap { part in keys.compactMap { part[$0]?.wholeNumber } })
        }
        let inner = try? size("feed_forward_length")
        innerWidth = inner.flatMap {
            said(["intermediate_size", "n_inner", "ffn_hidden_size", "hidden_dim"]).contains($0) ? $0 : nil
        }
        let heads =
            Self.withoutHeads.contains(ExactName(architecture.name)) ? nil : try size("attention.head_count")
        if isUnequal { return }
        guard let width, let heads, !Self.withOtherHeads.contains(ExactName(architecture.name)),
            said(["num_attention_heads", "n_head", "n_heads"]).contains(heads)
        else { return }
        let stated = try? size("attention.key_length")
        let length = stated ?? width / heads
        guard stated == nil || length == width / heads || said(["head_dim"]).contains(length) else { return }
        headRows["attn_q"] = heads &* length
        // Where layers differ, each tensor speaks for itself.
        if case .int32s = keys["\(architecture.name).attention.head_count_kv"] { return }
        let keyHeads = (try? size("attention.head_count_kv")) ?? heads
        guard keyHeads == heads || said(["num_key_value_heads", "n_kv_heads"]).contains(keyHeads) else {
            return
        }
        headRows["attn_k"] = keyHeads &* length
    }

    /// The architectures without any attention.
    private static let withoutHeads: Set<ExactName> = ["mamba", "mamba2"]
    /// The architectures whose queries are made in two steps, or together with gates.
    private static let withOtherHeads: Set<ExactName> = [
        "deepseek2", "qwen3next", "qwen35", "qwen35moe", "qwen4exp",
    ]

    /// Looks at one tensor.
    /// - Throws: where it belongs to a block that is not there, or is of another width than the configuration states, or
    ///   of another shape than in the other blocks.
    mutating func check(_ tensor: ConvertedTensor) throws(ConversionError) {
        if tensor.name.hasUTF8Prefix("blk."), let blockCount {
            let block = TensorNames.block(of: tensor.name)
            guard let block, block < blockCount else {
                throw ConversionError(
                    .tensorUnknown,
                    "tensor \"\(tensor.name)\" is of a block after the \(blockCount) that config.json states",
                    fix: "check that config.json belongs to these weights")
            }
        }
        let shape = tensor.value.shape
        try checkBlocks(tensor)
        if shape.contains(0) { throw ConversionError.wrongShape(tensor.name, shape, "which has no elements") }
        guard let width, let name = tensor.name.split(separator: ".").dropLast().last,
            tensor.name.hasUTF8Suffix(".weight")
        else { return }
        if Self.wideInputs.contains(String(name)), shape.count < 2 || shape.last != width {
            throw ConversionError.wrongShape(tensor.name, shape, "whose rows are not \(width) long")
        }
        if Self.wideNorms.contains(String(name)), shape != [width] {
            throw ConversionError.wrongShape(tensor.name, shape, "which is not [\(width)]")
        }
        if Self.wideOutputs.contains(String(name)), shape.first != width {
            throw ConversionError.wrongShape(tensor.name, shape, "which has not \(width) rows")
        }
        if name == "ffn_down", let innerWidth, shape.last != innerWidth {
            throw ConversionError.wrongShape(tensor.name, shape, "whose rows are not \(innerWidth) long")
        }
        if let rows = headRows[String(name)], shape.first != rows {
            throw ConversionError.wrongShape(tensor.name, shape, "which has not \(rows) rows")
        }
    }

    private mutating func checkBlocks(_ tensor: ConvertedTensor) throws(ConversionError) {
        guard !isUnequal, tensor.name.hasUTF8Prefix("blk.") else { return }
        let key = tensor.name.split(separator: ".").dropFirst(2).joined(separator: ".")
        guard let other = shapes[key] else {
            shapes[key] = (tensor.name, tensor.value.shape)
            return
        }
        guard other.shape == tensor.value.shape else {
            throw ConversionError.wrongShape(
                tensor.name, tensor.value.shape, "and \"\(other.name)\" has \(other.shape)")
        }
    }

    /// Matrices whose rows are as long as an embedding, in every architecture that has them.
    private static let wideInputs: Set<ExactName> = [
        "token_embd", "output", "attn_q", "attn_k", "attn_v", "attn_qkv", "ffn_up", "ffn_gate",
    ]
    /// Matrices with a row for each element of an embedding.
    private static let wideOutputs: Set<ExactName> = ["attn_output", "ffn_down"]
    /// Norms of whole embeddings.
    private static let wideNorms: Set<ExactName> = ["output_norm", "attn_norm", "ffn_norm"]
}
