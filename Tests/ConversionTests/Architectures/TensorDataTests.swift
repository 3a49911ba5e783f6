import Glibc
import TestSupport
import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// The elements that families make, on tensors whose elements are their own numbers.
@Suite struct TensorDataTests {
    /// A model of one family with the tensors given, each of which counts its elements from 0.
    private func model(
        _ config: JSON, _ tensors: [(String, [Int])], files: [RelativePath: JSON] = [:]
    ) throws -> HuggingFaceModel {
        var contents = ModelDocuments(["config.json": Array(config.compactText.utf8)])
        for (name, file) in files { contents[name] = Array(file.compactText.utf8) }
        return try HuggingFaceModel(
            directoryName: "model", files: contents, card: nil,
            tensors: tensors.map { CheckpointTensor(name: $0.0, shape: $0.1, dtype: .f32) })
    }

    private func elements(_ model: HuggingFaceModel, _ name: String) throws -> [Float] {
        let plan = try ArchitecturePlan(model, .f32, isComplete: false)
        let tensor = try #require(plan.tensors.first { $0.description.name == name })
        return evaluate(tensor.value) { place in (0..<model.tensors[place].elementCount).map { Float($0) } }
    }

    private func config(_ architecture: String, _ type: String, _ others: [JSON.Member] = []) -> JSON {
        let members: [JSON.Member] = [
            JSON.Member("architectures", [.string(architecture)]), JSON.Member("model_type", .string(type)),
            JSON.Member("hidden_size", 4), JSON.Member("num_attention_heads", 2),
            JSON.Member("num_key_value_heads", 1), JSON.Member("num_hidden_layers", 1),
            JSON.Member("head_dim", 4),
        ]
        return .object(members + others)
    }

    @Test func interleavesLlamasRotations() throws {
        let model = try model(
            config("LlamaForCausalLM", "llama"),
            [
                ("model.layers.0.self_attn.k_proj.bias", [4]),
                ("model.layers.0.self_attn.q_proj.weight", [8, 4]),
                ("model.layers.0.self_attn.v_proj.bias", [4]),
            ])
        #expect(try elements(model, "blk.0.attn_k.bias") == [0, 2, 1, 3])
        #expect(try elements(model, "blk.0.attn_v.bias") == [0, 1, 2, 3])
        let rows = try elements(model, "blk.0.attn_q.weight").enumerated().filter { $0.offset % 4 == 0 }
        #expect(rows.map { Int($0.element) / 4 } == [0, 2, 1, 3, 4, 6, 5, 7])
    }

    @Test func addsOneToGemmasNorms() throws {
        for (architecture, type) in [
            ("GemmaForCausalLM", "gemma"), ("Gemma2ForCausalLM", "gemma2"),
            ("Gemma3ForCausalLM", "gemma3_text"),
        ] {
            let model = try model(
                config(architecture, type),
                [("model.norm.weight", [4]), ("model.layers.0.mlp.up_proj.weight", [2, 4])])
            #expect(try elements(model, "output_norm.weight") == [1, 2, 3, 4])
            #expect(try elements(model, "blk.0.ffn_up.weight") == [0, 1, 2, 3, 4, 5, 6, 7])
        }
    }

    @Test func leavesOutRowsWithoutTokens() throws {
        let tokenizer: JSON = ["model": ["vocab": ["a": 0, "b": 1]], "added_tokens": [.null]]
        let model = try model(
            config("Gemma3ForCausalLM", "gemma3_text"), [("model.embed_tokens.weight", [5, 4])],
            files: ["tokenizer.json": tokenizer])
        #expect(try elements(model, "token_embd.weight") == (0..<12).map { Float($0) })
    }

    @Test func transposesGPT2s() throws {
        let model = try model(
            config("GPT2LMHeadModel", "gpt2", [JSON.Member("n_inner", 2)]),
            [
                ("transformer.h.0.mlp.c_fc.weight", [4, 2]), ("transformer.h.0.mlp.c_fc.bias", [2]),
                ("transformer.h.0.attn.bias", [1, 1, 4, 4]),
            ])
        #expect(try elements(model, "blk.0.ffn_up.weight") == [0, 2, 4, 6, 1, 3, 5, 7])
        #expect(try elements(model, "blk.0.ffn_up.bias") == [0, 1])
        #expect(try ArchitecturePlan(model, .f32, isComplete: false).tensors.count == 2)
    }

    @Test func stacksExpertsInTheirOrder() throws {
        let config = config(
            "MixtralForCausalLM", "mixtral", [JSON.Member("num_local_experts", 11)])
        let names = (0..<11).flatMap { expert in
            ["w1", "w2", "w3"].map { "model.layers.0.block_sparse_moe.experts.\(expert).\($0).weight" }
        }.sorted()
        let model = try model(
            config, names.map { ($0, $0.hasUTF8Suffix("w2.weight") ? [4, 1] : [1, 4]) })
        let plan = try ArchitecturePlan(model, .f32, isComplete: false)
        #expect(
            plan.tensors.map(\.description.name) == [
                "blk.0.ffn_gate_exps.weight", "blk.0.ffn_down_exps.weight", "blk.0.ffn_up_exps.weight",
            ])
        #expect(plan.tensors.map(\.description.dimensions) == [[4, 1, 11], [1, 4, 11], [4, 1, 11]])
        let sources = try #require(plan.tensors.first).value
        let first = evaluate(sources) { [Float](repeating: Float($0), count: 4) }
        // Expert 10 comes before expert 2 in a list sorted by name, and after 9 in the stack.
        let places = (0..<11).map { expert in
            names.firstIndex { $0.hasSuffix(".\(expert).w1.weight") } ?? -1
        }
        #expect(stride(from: 0, to: 44, by: 4).map { Int(first[$0]) } == places)
    }

    @Test func splitsExpertsThatAreOneTensor() throws {
        let config = config("Qwen3MoeForCausalLM", "qwen3_moe", [JSON.Member("num_experts", 2)])
        let model = try model(
            config,
            [
                ("model.layers.0.mlp.experts.down_proj", [2, 4, 1]),
                ("model.layers.0.mlp.experts.gate_up_proj", [2, 2, 4]),
            ])
        #expect(try elements(model, "blk.0.ffn_gate_exps.weight") == [0, 1, 2, 3, 8, 9, 10, 11])
        #expect(try elements(model, "blk.0.ffn_up_exps.weight") == [4, 5, 6, 7, 12, 13, 14, 15])
        #expect(try elements(model, "blk.0.ffn_down_exps.weight") == (0..<8).map { Float($0) })
    }

    /// The converter loses these tensors; llama.cpp reads them as one of each head's norms.
    @Test func stacksTheNormsOfStableLMsHeads() throws {
        let names = ["q_layernorm.norms.0", "q_layernorm.norms.1", "k_layernorm.norms.0"]
        let model = try model(
            config("StableLmForCausalLM", "stablelm"),
            names.map { ("model.layers.0.self_attn.\($0).weight", [2]) })
        #expect(try elements(model, "blk.0.attn_q_norm.weight") == [0, 1, 0, 1])
        #expect(try elements(model, "blk.0.attn_k_norm.weight") == [0, 1])
        let plan = try ArchitecturePlan(model, .q80, isComplete: false)
        #expect(plan.tensors.map(\.description.dimensions) == [[2, 2], [2, 1]])
        #expect(plan.tensors.allSatisfy { $0.description.type == .f32 })
    }

    @Test(arguments: [true, false]) func keepsTheRowsOfARerankersAnswers(isTied: Bool) throws {
        let tokenizer: JSON = [
            "model": ["vocab": ["a": 0, "no": 1, "yes": 2]], "added_tokens": [["id": 3, "content": "b"]],
        ]
        let name = isTied ? "model.embed_tokens.weight" : "lm_head.weight"
        let model = try model(
            config("Qwen3ForCausalLM", "qwen3", [JSON.Member("tie_word_embeddings", .bool(isTied))]),
            [(name, [4, 4])], files: ["tokenizer.json": tokenizer, "README.md": "# Qwen3-Reranker-0.6B"])
        #expect(try elements(model, "cls.output.weight") == [8, 9, 10, 11, 4, 5, 6, 7])
        let plan = try ArchitecturePlan(model, .f32, isComplete: false)
        #expect(
            plan.tensors.map(\.description.name) == ["cls.output.weight"]
                + (isTied ? ["token_embd.weight"] : []))
        var metadata = ModelMetadata(architecture: "qwen3")
        try plan.architecture.addParameters(to: &metadata, fileType: 0)
        #expect(metadata["qwen3.pooling_type"] == .uint32(4))
        #expect(metadata["qwen3.classifier.output_labels"] == .strings(["yes", "no"]))
    }

    @Test func computesLlama3sFactors() throws {
        let scaling: JSON = [
            "rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
            "original_max_position_embeddings": 8192,
        ]
        let config = config(
            "LlamaForCausalLM", "llama",
            [JSON.Member("rope_theta", 500000), JSON.Member("rope_scaling", scaling)])
        let factors = try elements(try model(config, []), "rope_freqs.weight")
        // The wavelength 2π·500000^½ is between 8192/4 and 8192/1.
        #expect(factors.count == 2 && factors[0] == 1 && abs(factors[1] - 2.6945) < 1e-4)
    }
}

/// The bytes of tensors that are not copied, against those that the reference wrote: the folder that
/// `KNAPSACK_ORACLE` names has the models and what they became.
@Suite(.tags(.oracle), .needsOracle) struct OracleDataTests {
    private static let folder = Oracle.folder ?? ""

    @Test(arguments: names(in: "\(folder)/models", suffix: "")) func computesTheReferencesBytes(
        name: String
    ) throws {
        let path = "\(Self.folder)/models/\(name)"
        var files = ModelDocuments()
        let paths = names(in: path, suffix: "").map { RelativePath(checked: $0) }
        for name in paths where ModelDocuments.isWanted(name) {
            files[name] = fileContents("\(path)/\(name)")
        }
        let config = try #require(try files.json("config.json"))
        let architecture = config["architectures"]?.strings?.first ?? ""
        guard ArchitectureRegistry.classes.contains(architecture) else { return }
        var tensors: [(description: CheckpointTensor, bytes: ArraySlice<UInt8>)] = []
        for part in names(in: path, suffix: ".safetensors") {
            let bytes = fileContents("\(path)/\(part).safetensors")
            let header = try Self.header(bytes)
            for tensor in header.tensors.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) })
            {
                let start = header.dataStart
                tensors.append(
                    (
                        CheckpointTensor(name: tensor.name, shape: tensor.shape, dtype: tensor.dtype),
                        bytes[start + tensor.bytes.lowerBound..<start + tensor.bytes.upperBound]
                    ))
            }
        }
        let model = try HuggingFaceModel(
            directoryName: name, files: files, card: nil, tensors: tensors.map(\.description))
        let expected = try JSON.parse(fileContents("\(Self.folder)/expected/\(name)/convert-f32.json"))
        let digests = Dictionary(
            (expected["tensors"]?.array ?? []).map { ($0["name"]?.string ?? "", $0["sha256"]?.string ?? "") }
        ) { $1 }
        for tensor in try ArchitecturePlan(model, .f32).tensors where Self.isWorthIt(tensor) {
            let elements = evaluate(tensor.value) {
                Self.floats(tensors[$0].bytes, tensors[$0].description.dtype)
            }
            let written = elements.flatMap { element in
                (0..<4).map { UInt8(truncatingIfNeeded: element.bitPattern >> (8 * $0)) }
            }
            #expect(try digests[tensor.description.name] == sha256(written), "\(tensor.description.name)")
        }
    }

    /// Whether a tensor is a small one of the first block or of none, and more than a copy. All bytes of all files
    /// are compared where the binary is tested.
    private static func isWorthIt(_ tensor: HuggingFaceConversion.Tensor) -> Bool {
        let name = tensor.description.name
        guard !name.hasPrefix("blk.") || name.hasPrefix("blk.0."), tensor.value.elementCount <= 1 << 16 else {
            return false
        }
        guard case .views(let views) = tensor.value.content else { return true }
        return views.count > 1 || !views[0].isContiguous || !tensor.value.operations.isEmpty
    }

    private static func header(_ bytes: [UInt8]) throws -> SafetensorsHeader {
        try SafetensorsHeader.parse(bytes.span, fileSize: bytes.count)
    }

    private static func floats(_ bytes: ArraySlice<UInt8>, _ type: DType) -> [Float] {
        let bytes = Array(bytes)
        switch type {
        case .bf16:
            return stride(from: 0, to: bytes.count, by: 2).map {
                Float(bitPattern: UInt32(bytes[$0 + 1]) << 24 | UInt32(bytes[$0]) << 16)
            }
        default:
            return stride(from: 0, to: bytes.count, by: 4).map { place in
                Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) })
            }
        }
    }
}
