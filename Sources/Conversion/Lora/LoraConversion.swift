package import Formats
import Tensors

extension HuggingFaceConversion {
    /// Decides what a GGUF of an adapter contains, as llama.cpp's `--lora` takes it.
    ///
    /// The tensors' values are of the adapter's tensors. What `alpha_pattern` and `use_rslora` say has no place in
    /// GGUF, which knows one alpha for all; see ``LoraAdapter/remarks``.
    /// - Parameters:
    ///   - base: the model that the adapter was trained for, of which only the configuration is asked.
    /// - Throws: everything that hinders.
    package init(
        adapter: LoraAdapter, base: HuggingFaceModel, _ options: Options = Options()
    ) throws(ConversionError) {
        let family = try ArchitectureRegistry.family(of: base.config.architecture)
        var architecture = try family.init(base)
        outputType = options.outputType ?? .f32
        keptType = nil
        foreign = []
        var converted: [ConvertedTensor] = []
        // What stands under a pair of matrices is the base model's, and no part of a GGUF of the adapter.
        for tensor in adapter.whole where !(tensor.isBaseLayer && tensor.name.hasUTF8Suffix(".weight")) {
            try Self.checkNorm(tensor.name)
            guard let name = family.name(of: tensor.name) else { continue }
            // The first places are the pairs'; what is stored whole comes behind them.
            let place = adapter.pairs.count + tensor.index
            let value = TensorValue(TensorView(place, shape: adapter.tensors[tensor.index].shape))
            for own in try architecture.convert(name, value) {
                guard case .views(let views) = own.value.content, own.value.shape.count == 1 else {
                    throw Self.notLora(tensor.name)
                }
                var value = own.value
                value.content = .views(views.map { $0.moved(to: tensor.index) })
                converted.append(ConvertedTensor(own.name, value))
            }
        }
        for (place, pair) in adapter.pairs.enumerated() {
            guard let name = family.name(of: pair.name) else { continue }
            let product = TensorValue(TensorView(place, shape: [pair.rows, pair.columns]))
            let results = try architecture.convert(name, product)
            if results.isEmpty, pair.name.hasSameBytes(as: "lm_head.weight") {
                throw ConversionError(
                    .adapterTensor,
                    "the adapter changes lm_head, which the base model shares with its embedding",
                    fix: "merge it with PEFT's merge_and_unload, and convert the model")
            }
            for result in results {
                guard let (a, b) = LoraPairView.matrices(of: result.value, adapter.pairs) else {
                    throw ConversionError(
                        .adapterTensor,
                        "the adapter's matrices for \"\(pair.name)\" cannot follow what GGUF makes of the weight",
                        fix: "merge it with PEFT's merge_and_unload, and convert the model")
                }
                let isEmbedding = result.name.containsUTF8("token_embd.weight")
                converted.append(
                    ConvertedTensor(result.name + ".lora_a", isEmbedding ? a.transposed ?? a : a))
                converted.append(ConvertedTensor(result.name + ".lora_b", b))
            }
        }
        let type = outputType
        tensors = converted.map { tensor in
            HuggingFaceConversion.Tensor(
                description: TensorDescription(
                    name: tensor.name, dimensions: tensor.value.shape.reversed(),
                    type: type.type(of: tensor.name, shape: tensor.value.shape)),
                value: tensor.value)
        }
        let generation = GeneralMetadata.generationConfig(of: adapter.files)
        var general = try GeneralMetadata(
            card: adapter.card, config: try adapter.files.json("config.json"),
            generationConfig: generation.json,
            directoryName: adapter.directoryName, modelName: options.modelName, overrides: options.overrides,
            parameterCount: ParameterCount(tensors.map(\.description)), kind: .adapter)
        if let remark = generation.remark { general.remarks.append(remark) }
        self.general = general
        var metadata = ModelMetadata(architecture: architecture.name)
        general.add(to: &metadata)
        metadata["adapter.lora.alpha"] = .float32(Float(try adapter.alpha()))
        if let tokens = adapter.config["alora_invocation_tokens"]?.array {
            metadata["adapter.alora.invocation_tokens"] = .uint32s(
                tokens.compactMap { $0.integer.flatMap { UInt32(exactly: $0) } })
        }
        metadata["general.quantization_version"] = .uint32(2)
        self.metadata = metadata
    }
}

extension HuggingFaceConversion {
    /// GGUF has a place for norms beside the pairs, and for nothing else.
    private static func checkNorm(_ name: String) throws(ConversionError) {
        guard name.containsUTF8("_layernorm") || name.containsUTF8(".norm") else { throw notLora(name) }
    }

    private static func notLora(_ name: String) -> ConversionError {
        let isVocabulary = name.containsUTF8("embed_tokens") || name.containsUTF8("lm_head")
        return ConversionError(
            .adapterTensor,
            "the adapter has \"\(name)\" as a whole, which a GGUF of an adapter has no place for",
            notes: isVocabulary ? ["tokens may have been added when it was trained"] : [],
            fix: "merge the adapter into the model, and convert that")
    }
}

extension LoraAdapter {
    /// What a GGUF of the adapter cannot say, or means in another way than PEFT, a sentence each; empty where it states
    /// all.
    package var remarks: [String] {
        // These have their place in a GGUF.
        var remarks = configuration.problems.filter { $0.key != "alora_invocation_tokens" }.map {
            "\($0.sentence); llama.cpp takes the matrices as plain LoRA for this model"
        }
        if configuration.isRankStabilized {
            remarks.append(
                "the adapter is rank-stabilized (use_rslora), but llama.cpp scales by alpha / rank: run it with the "
                    + "scale \"square root of rank\" times as large, or merge it")
        }
        if let patterns = config["alpha_pattern"]?.members, !patterns.isEmpty {
            remarks.append(
                "the adapter has an alpha_pattern, but GGUF knows one alpha for all: merge it instead")
        }
        return remarks
    }
}

extension TensorValue {
    /// A matrix's transpose; `nil` for what is no single view of a matrix.
    fileprivate var transposed: TensorValue? {
        guard let view, view.shape.count == 2 else { return nil }
        return TensorValue(view.swapped(0, 1))
    }
}
