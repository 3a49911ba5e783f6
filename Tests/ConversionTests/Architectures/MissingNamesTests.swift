import TestSupport
import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// Each committed case, without one of its tensors or one kind of them: what is missing has the name that it has in the
/// files.
@Suite struct MissingNamesTests {
    @Test(.series, arguments: ArchitectureTests.names) func namesEachTensorAsItsFileDoes(name: String) throws
    {
        let whole = try ArchitectureTests.read(name).model()
        // The last of each kind: of a mixture of experts there are hundreds.
        let kinds = Dictionary(grouping: try needed(whole)) { kind($0.name) }.values
        for tensor in kinds.compactMap(\.last) {
            let less = whole.storedTensors.filter { $0.name != tensor.name }
            #expect(MissingTensors.names(whole.config.raw, less) == [tensor.name], "\(name)")
        }
    }

    @Test(.series, arguments: ArchitectureTests.names) func namesEachTensorOfAKindThatNoBlockHas(name: String)
        throws
    {
        let whole = try ArchitectureTests.read(name).model()
        let kinds = Dictionary(grouping: try needed(whole, inAnyBlock: true).map(\.name)) { kind($0) }
        for (kind, names) in kinds.sorted(by: { $0.key < $1.key }) {
            let less = whole.storedTensors.filter { self.kind($0.name) != kind }
            let found = MissingTensors.names(whole.config.raw, less)
            #expect(found.sortedByBytes() == names.sortedByBytes(), "\(name) \(kind)")
        }
    }

    @Test func aBiasOfChatGLMIsNeededWhereTheConfigurationStatesIt() throws {
        let whole = try ArchitectureTests.read("small-chatglm-own").model()
        guard case .object(var members) = whole.config.raw else { return #expect(Bool(false)) }
        members.append(JSON.Member("add_qkv_bias", .bool(true)))
        let bias = "transformer.encoder.layers.1.self_attention.query_key_value.bias"
        let less = whole.storedTensors.filter { $0.name != bias }
        #expect(MissingTensors.names(.object(members), less) == [bias])
    }

    @Test func whatOneBlockHasTheOthersOfItsKindHaveToo() throws {
        // Of these the configuration states nothing, and the class has none of itself.
        for (name, key) in [
            ("small-llama-tied-bias", "attention_bias"), ("small-qwen3-bias", "attention_bias"),
        ] {
            let whole = try ArchitectureTests.read(name).model()
            let config = JSON.object((whole.config.raw.members ?? []).filter { $0.key != key })
            for bias in whole.storedTensors where bias.name.hasSuffix("self_attn.k_proj.bias") {
                let less = whole.storedTensors.filter { $0 != bias }
                #expect(MissingTensors.names(config, less) == [bias.name])
            }
            let without = whole.storedTensors.filter { !$0.name.hasSuffix("self_attn.k_proj.bias") }
            #expect(MissingTensors.names(config, without).isEmpty)
        }
    }

    @Test func theOutputOfChatGLMIsATensorOfItsOwn() throws {
        let whole = try ArchitectureTests.read("small-chatglm-own").model()
        let output = "transformer.output_layer.weight"
        let less = whole.storedTensors.filter { $0.name != output }
        #expect(MissingTensors.names(whole.config.raw, less) == [output])
    }

    @Test func blocksWithoutExpertsAreThoseThatErniesConfigurationStates() throws {
        let whole = try ArchitectureTests.read("small-ernie-moe").model()
        func names(_ key: String, _ value: Int) -> [String] {
            let members = (whole.config.raw.members ?? []).filter { $0.key != key }
            return MissingTensors.names(
                .object(members + [JSON.Member(key, .integer(value))]), whole.storedTensors)
        }
        #expect(names("moe_layer_interval", 1) == [])
        #expect(names("moe_layer_end_index", 1) == [])
        #expect(names("moe_layer_interval", 3).contains("model.layers.1.mlp.gate_proj.weight"))
        #expect(names("moe_layer_end_index", 0).contains("model.layers.1.mlp.gate_proj.weight"))
    }

    @Test(arguments: ArchitectureTests.names) func nothingIsMissingInAWholeOne(name: String) throws {
        let whole = try ArchitectureTests.read(name).model()
        #expect(MissingTensors.names(whole.config.raw, whole.storedTensors).isEmpty)
    }

    /// A method that is not undone, so that names alone count.
    private func unread(_ config: JSON) -> JSON {
        let members = (config.members ?? []).filter { $0.key != "quantization_config" }
        return .object(members + [JSON.Member("quantization_config", ["quant_method": "bitsandbytes"])])
    }

    @Test(arguments: ArchitectureTests.names) func nothingIsMissingInAWholeOneByNamesAlone(name: String)
        throws
    {
        let whole = try ArchitectureTests.read(name).model()
        #expect(MissingTensors.names(unread(whole.config.raw), whole.storedTensors) == [], "\(name)")
    }

    @Test(.series, arguments: ArchitectureTests.names) func namesEachTensorOfAKindByNamesAlone(name: String)
        throws
    {
        let whole = try ArchitectureTests.read(name).model()
        let kinds = Dictionary(grouping: try needed(whole, inAnyBlock: true)) { kind($0.name) }.values
        for tensor in kinds.compactMap(\.last) {
            let less = whole.storedTensors.filter { $0.name != tensor.name }
            #expect(MissingTensors.names(unread(whole.config.raw), less) == [tensor.name], "\(name)")
        }
    }

    /// A name without its numbers.
    private func kind(_ name: String) -> String {
        name.split(separator: ".").map { Int($0) == nil ? String($0) : "*" }.joined(separator: ".")
    }

    /// The tensors that have to be there: all that something is written of, but a last layer that may be the embeddings.
    /// - Parameter isAll: whether only those count that have to be there where no block has one of the kind.
    private func needed(
        _ model: HuggingFaceModel, inAnyBlock isAll: Bool = false
    ) throws -> [CheckpointTensor] {
        let plan = try ArchitecturePlan(model, .f32)
        let hasOwnOutput = RequiredTensors.hasOwnOutput(model.config, type(of: plan.architecture))
        var needed: Set<Int> = []
        for tensor in plan.tensors {
            guard case .views(let views) = tensor.value.content else { continue }
            // transformers and llama.cpp take the embeddings where the configuration does not state otherwise.
            if tensor.description.name == "output.weight", !hasOwnOutput { continue }
            // The class of these models has such a bias only where `add_qkv_bias` is true, which the cases do not state.
            if isAll, model.config.architecture == "ChatGLMModel",
                tensor.description.name.hasSuffix("attn_qkv.bias")
            {
                continue
            }
            needed.formUnion(views.map(\.tensor))
        }
        return needed.sorted().map { model.tensors[$0] }
    }
}
