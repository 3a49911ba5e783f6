package import Formats
import Tensors

extension LoraAdapter {
    /// What becomes of a weight of the base model when the adapter is merged into it.
    package enum Change: Hashable, Sendable {
        /// A pair's product is added.
        case product(Pair, scale: Double, isTransposed: Bool)
        /// A tensor of the adapter takes its place; by its place in ``LoraAdapter/tensors``.
        case replaced(Int)
    }

    /// What the base model's config.json states of how its layers keep their weights.
    package struct BaseModel: Sendable {
        /// `model_type`.
        package let modelType: String?
        /// Whether its classes are the repository's own (`auto_map`).
        package let hasOwnClasses: Bool

        /// Whether the output layer shares the embedding's weight (`tie_word_embeddings`); `nil` where that is not
        /// stated.
        let isTied: Bool?
        /// Whether the class has an output layer over the vocabulary (`architectures`).
        let hasHead: Bool
        /// `num_hidden_layers`: files may have more layers, which the class does not load.
        let layerCount: Int?

        /// Takes a base model's configuration; `nil` if there is none.
        package init(_ config: JSON?) {
            modelType = config?["model_type"]?.string
            hasOwnClasses = config?["auto_map"]?.members.map { !$0.isEmpty } ?? false
            isTied = config?["tie_word_embeddings"]?.isTruthy
            let classes = config?["architectures"]?.strings ?? []
            hasHead = classes.contains { name in
                ["ForCausalLM", "LMHeadModel", "ForConditionalGeneration", "ForMaskedLM", "ForPreTraining"]
                    .contains { name.hasUTF8Suffix($0) }
            }
            let text = config?["text_config"] ?? config
            layerCount = text?["num_hidden_layers"]?.integer
        }

        /// Whether a tensor is of a layer that the class does not load: one for predicting several tokens, say.
        func leavesOut(_ tensor: String) -> Bool {
            guard let layerCount else { return false }
            let parts = tensor.split(separator: ".")
            guard let place = parts.firstIndex(where: { ["layers", "h", "blocks"].contains($0) }),
                place + 1 < parts.count, let layer = Int(parts[place + 1])
            else { return tensor.hasUTF8Prefix("mtp.") }
            return layer >= layerCount
        }
    }

    /// Finds the weights of a base model that the adapter changes, as PEFT's `merge_and_unload` does.
    ///
    /// The adapter names them as the program did that trained it, which may have a name in front that the base
    /// model's files leave out, or the other way round.
    /// - Parameter base: the base model's tensors.
    /// - Returns: the changes by the tensors' names, in the order in which they are made.
    /// - Throws: where the configuration states what cannot be honoured, by its name, or a weight is not there or of
    ///   another shape.
    package func changes(
        of base: [CheckpointTensor], _ model: BaseModel = BaseModel(nil)
    ) throws(ConversionError) -> [ExactName: [Change]] {
        try checkConfiguration()
        var shapes: [ExactName: CheckpointTensor] = [:]
        for tensor in base { shapes[ExactName(tensor.name)] = tensor }
        var changes: [ExactName: [Change]] = [:]
        var found: Set<ExactName> = []
        for own in whole {
            try checkTaken(own)
            let tensor = try Self.find(own.name, shapes)
            try checkUntied(own, tensor, base, model)
            guard tensor.shape == tensors[own.index].shape else {
                throw Self.wrongShape(tensor, tensors[own.index].shape)
            }
            found.insert(ExactName(tensor.name))
            changes[ExactName(tensor.name), default: []].append(.replaced(own.index))
        }
        for pair in pairs {
            let tensor = try Self.find(pair.name, shapes)
            let isTransposed = pair.isEmbedding || isTransposed(pair, model)
            let shape = isTransposed ? [pair.columns, pair.rows] : [pair.rows, pair.columns]
            guard tensor.shape == shape else { throw Self.wrongShape(tensor, shape) }
            found.insert(ExactName(tensor.name))
            changes[ExactName(tensor.name), default: []].append(
                .product(pair, scale: try scale(of: pair), isTransposed: isTransposed))
        }
        for (name, own) in changes.sorted(by: { $0.key < $1.key }) {
            let products = own.count { if case .product = $0 { true } else { false } }
            guard products > 1 || own.count - products > 1 else { continue }
            throw ConversionError(
                .adapterTarget, "the adapter changes \"\(name)\" twice",
                fix: "merge it with PEFT's merge_and_unload, and convert the model")
        }
        try checkComplete(base, found)
        try checkPairs(base, found, model)
        return changes
    }

    // MARK: Whole tensors

    /// Makes sure that PEFT takes a tensor that is stored whole: it is below a layer's matrices, of a module in
    /// `modules_to_save`, or a bias of another module where `bias` is `all`.
    private func checkTaken(_ own: Whole) throws(ConversionError) {
        if own.isBaseLayer || configuration.targets.saves(tensor: own.name) { return }
        let isBias = own.name.hasUTF8Suffix(".bias")
        let weight = String(decoding: own.name.utf8.dropLast("bias".utf8.count), as: UTF8.self) + "weight"
        let isOfPair = pairs.contains { ExactName($0.name) == ExactName(weight) }
        if isBias, configuration.takesAllBiases, !isOfPair { return }
        throw ConversionError(
            .adapterTensor,
            "the adapter's \"\(tensors[own.index].name)\" is of no module in modules_to_save and no bias that the key "
                + "bias in adapter_config.json names, and PEFT would leave it out",
            fix: "save the adapter with PEFT's save_pretrained")
    }

    /// Refuses another embedding for a model whose output layer shares the base model's: PEFT separates the two, and
    /// keeps the old weight for the output layer.
    private func checkUntied(
        _ own: Whole, _ tensor: CheckpointTensor, _ base: [CheckpointTensor], _ model: BaseModel
    ) throws(ConversionError) {
        let module = tensor.name.split(separator: ".").dropLast().last.map(String.init) ?? ""
        let isEmbedding = module.containsUTF8("emb") || ["wte", "shared"].contains(module)
        guard !own.isBaseLayer, isEmbedding, tensor.shape.count == 2, !module.hasUTF8Suffix("embed_out")
        else { return }
        let hasOwnHead = base.contains { tensor in
            ["lm_head.weight", "embed_out.weight", "output_layer.weight", "decoder.weight"]
                .contains { tensor.name.hasUTF8Suffix($0) }
        }
        guard model.isTied ?? (model.hasHead && !hasOwnHead) else { return }
        throw ConversionError(
            .adapterTarget,
            "the adapter has an embedding of its own (\"\(own.name)\"), and the base model's output layer shares the "
                + "embedding: PEFT separates them",
            fix: "merge it with PEFT's merge_and_unload, and take the merged model")
    }

    // MARK: Configuration

    private func checkConfiguration() throws(ConversionError) {
        var problems = configuration.problems
        if config["peft_type"] == nil {
            problems.append(LoraConfiguration.Problem(key: "peft_type", reason: "is not there"))
        }
        if let first = problems.first {
            throw ConversionError(
                .adapterConfigUnsupported, first.sentence,
                notes: problems.dropFirst().map(\.sentence),
                fix: "merge it with PEFT's merge_and_unload, and take the merged model")
        }
        for tensor in tensors where !tensor.name.hasUTF8Prefix("base_model.model.") {
            throw ConversionError(
                .adapterTensor,
                "the adapter's \"\(tensor.name)\" does not begin with \"base_model.model.\", and PEFT would leave it out",
                fix: "save the adapter with PEFT's save_pretrained")
        }
        for tensor in tensors where tensor.name.containsUTF8(".modules_to_save.") {
            throw ConversionError(
                .adapterTensor,
                "the adapter's \"\(tensor.name)\" has a name that adapters of PEFT do not have",
                fix: "save the adapter with PEFT's save_pretrained")
        }
    }

    /// The factor of a pair's product.
    /// - Throws: where PEFT would not load the pair: it has another rank than the configuration states, or is of a module
    ///   that the configuration does not name.
    package func scale(of pair: Pair) throws(ConversionError) -> Double {
        let module = String(decoding: pair.name.utf8.dropLast(".weight".utf8.count), as: UTF8.self)
        let isTaken: Bool?
        let rank: Int
        let scale: Double
        do throws(PythonPattern.Problem) {
            isTaken = try configuration.targets.take(module, isEmbedding: pair.isEmbedding)
            rank = try configuration.rank(of: module)
            scale = try configuration.scale(of: module, rank: rank)
        } catch {
            throw ConversionError(
                .adapterTarget,
                "the adapter changes a module in whose name no expression can be looked for: \(error)")
        }
        guard let isTaken else {
            throw ConversionError(
                .adapterTarget,
                "the adapter has matrices for \"\(module)\", and versions of PEFT take different numbers in that name "
                    + "for the layer that layers_to_transform names",
                fix: "merge it with PEFT's merge_and_unload, and take the merged model")
        }
        guard isTaken else {
            throw ConversionError(
                .adapterTarget,
                "the adapter has matrices for \"\(module)\", which its adapter_config.json does not name: PEFT would "
                    + "leave them out",
                notes: [
                    "target_modules, exclude_modules, modules_to_save and layers_to_transform state which"
                ],
                fix: "check that adapter_config.json belongs to adapter_model.safetensors")
        }
        guard rank == pair.rank else {
            throw ConversionError(
                .adapterShape,
                "the adapter's matrices for \"\(module)\" have the rank \(pair.rank), and adapter_config.json states "
                    + "\(rank)",
                fix: "check that adapter_config.json belongs to adapter_model.safetensors")
        }
        return scale
    }

    /// Whether a layer keeps a row for each input. PEFT sees that by its class, whatever `fan_in_fan_out` states: of
    /// transformers' own models those of GPT-2's kind have it (`Conv1D` in `pytorch_utils.py`).
    private func isTransposed(_ pair: Pair, _ model: BaseModel) -> Bool {
        guard let type = model.modelType, !model.hasOwnClasses else { return configuration.isTransposed }
        guard ["gpt2", "openai-gpt", "imagegpt", "decision_transformer"].contains(type) else { return false }
        let module = pair.name.utf8.dropLast(".weight".utf8.count)
        return [".c_attn", ".c_proj", ".c_fc", ".q_attn"].contains {
            String(decoding: module, as: UTF8.self).hasUTF8Suffix($0)
        }
    }

    /// Makes sure that nothing is missing that PEFT would ask for, or fill with numbers drawn by chance.
    private func checkComplete(
        _ base: [CheckpointTensor], _ found: Set<ExactName>
    ) throws(ConversionError) {
        for tensor in base where !found.contains(ExactName(tensor.name)) {
            guard !configuration.targets.saves(tensor: tensor.name) else {
                throw ConversionError(
                    .adapterTensorMissing,
                    "modules_to_save in adapter_config.json names the module of \"\(tensor.name)\", and the adapter "
                        + "does not have it",
                    fix: "check that adapter_config.json belongs to adapter_model.safetensors")
            }
            guard configuration.needsAllMatrices, tensor.name.hasUTF8Suffix(".weight") else { continue }
            if configuration.targets.takesAllLinear, !Self.isLinear(tensor.name) { continue }
            let name = String(decoding: tensor.name.utf8.dropLast(".weight".utf8.count), as: UTF8.self)
            if (try? configuration.targets.take(name, isEmbedding: false)) == true {
                throw ConversionError(
                    .adapterTensorMissing,
                    "the adapter has no matrices for \"\(name)\", and init_lora_weights makes those random",
                    fix: "check that adapter_config.json belongs to adapter_model.safetensors")
            }
        }
    }

    /// Makes sure that the adapter has matrices for each layer that its configuration names, as PEFT's own have.
    ///
    /// Experts are left alone: transformers 5 has them in one tensor for each layer, which PEFT does not take for a
    /// module, whatever the files of the base model have.
    private func checkPairs(
        _ base: [CheckpointTensor], _ found: Set<ExactName>, _ model: BaseModel
    ) throws(ConversionError) {
        let takesAll = configuration.targets.takesAllLinear
        let missing = base.filter { tensor in
            // Only modules that are linear layers in every class that has them: a router of experts may be none.
            if takesAll, !Self.isLinear(tensor.name) { return false }
            guard !found.contains(ExactName(tensor.name)), tensor.shape.count == 2,
                tensor.name.hasUTF8Suffix(".weight"), !tensor.name.containsUTF8(".experts."),
                !model.leavesOut(tensor.name)
            else { return false }
            let module = String(decoding: tensor.name.utf8.dropLast(".weight".utf8.count), as: UTF8.self)
            return (try? configuration.targets.take(module, isEmbedding: false)) == true
        }
        guard let first = missing.first else { return }
        throw ConversionError(
            .adapterTensorMissing,
            "the adapter has no matrices for \"\(first.name)\", which target_modules in adapter_config.json names",
            notes: missing.count > 1 ? ["and for \(missing.count - 1) more of the base model's weights"] : [],
            fix: "check that all of the adapter was downloaded, and that adapter_config.json belongs to it")
    }

    /// The names of linear layers in the classes of transformers, where they are in a block of text.
    private static let linearLayers: Set<ExactName> = [
        "q_proj", "k_proj", "v_proj", "o_proj", "out_proj", "qkv_proj", "gate_proj", "up_proj", "down_proj",
        "gate_up_proj", "query_key_value", "dense_h_to_4h", "dense_4h_to_h", "c_attn", "c_proj", "c_fc",
        "fc1",
        "fc2", "w1", "w2", "w3", "wqkv", "wo", "query", "key", "value",
    ]

    private static func isLinear(_ tensor: String) -> Bool {
        let others = ["vision", "visual", "audio", "image"]
        let module = tensor.split(separator: ".").dropLast().last.map(String.init) ?? ""
        return linearLayers.contains(module) && !others.contains { tensor.containsUTF8($0) }
    }

    // MARK: Weights

    private static func find(
        _ name: String, _ tensors: [ExactName: CheckpointTensor]
    ) throws(ConversionError) -> CheckpointTensor {
        if let tensor = tensors[ExactName(name)] { return tensor }
        let prefixes = ["model.", "transformer.", "bert.", "roberta.", "gpt_neox.", "language_model."]
        for prefix in prefixes {
            if let tensor = tensors[ExactName(prefix + name)] { return tensor }
            if name.hasUTF8Prefix(prefix),
                let tensor = tensors[ExactName(String(Substring(name.utf8.dropFirst(prefix.utf8.count))))]
            {
                return tensor
            }
        }
        throw ConversionError(
            .adapterTarget, "the adapter changes \"\(name)\", which the base model does not have",
            fix:
                "check that the adapter was trained for this model (base_model_name_or_path in adapter_config.json)"
        )
    }

    private static func wrongShape(_ tensor: CheckpointTensor, _ shape: [Int]) -> ConversionError {
        ConversionError(
            .adapterTarget,
            "the adapter changes \"\(tensor.name)\" as a weight of \(shape), and the base model's is \(tensor.shape)",
            fix:
                "check that the adapter was trained for this model (base_model_name_or_path in adapter_config.json)"
        )
    }
}
