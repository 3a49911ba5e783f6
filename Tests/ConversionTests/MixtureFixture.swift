import Testing

@testable import Conversion
@testable import Tensors

/// A file of `fixtures/quantization/mixtures`: for each mixture the tensors that get another type than its base.
struct MixtureFixture {
    struct Section {
        let name: String
        let base: GGMLType
        var types: [String: GGMLType] = [:]
    }

    static let models = [
        "deepseek-v3.1", "gemma-3-4b-it", "gpt-oss-120b", "meta-llama-3.1-70b-instruct", "qwen3-0.6b",
        "qwen3-coder-next", "qwen3.5-397b-a17b", "step-3.5-flash",
    ]

    private(set) var sections: [Section] = []
    private(set) var numbers: [String: Int] = [:]

    init(_ model: String) throws {
        let text = String(decoding: fixture("mixtures/\(model).schema"), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "," }
            if line.hasPrefix("# n_") {
                for word in words {
                    let parts = word.split(separator: "=")
                    if parts.count == 2 { numbers[String(parts[0])] = Int(parts[1]) }
                }
            } else if line.hasPrefix("[") {
                let name = String(words[0].dropFirst().dropLast())
                sections.append(
                    Section(name: name, base: try #require(GGMLType(name: String(words[1])))))
            } else if !line.hasPrefix("#") {
                let type = try #require(GGMLType(name: String(words[1])))
                sections[sections.count - 1].types[String(words[0])] = type
            }
        }
    }

    func number(_ name: String) throws -> Int { try #require(numbers[name]) }
}

/// A model with the tensors' names and shapes of a real one; of the shapes, what the rules look at is right: the
/// length of rows, the number of dimensions, the number of experts.
struct MockModel {
    let traits: ModelTraits
    /// The tensors that are quantized.
    private(set) var tensors: [TensorDescription] = []

    /// The architecture, the length of the rows of `attn_output` and `ffn_down` of the experts, and of
    /// others that are neither the model's width nor its feed-forward length.
    private static let shapes:
        [String: (architecture: String, heads: Int, expert: Int, other: [String: Int])] = [
            "deepseek-v3.1": (
                "deepseek2", 16_384, 2_048, ["attn_q_b": 1_536, "attn_k_b": 128, "attn_v_b": 512]
            ),
            "gemma-3-4b-it": ("gemma3", 2_048, 0, [:]),
            "gpt-oss-120b": ("gpt-oss", 4_096, 2_880, [:]),
            "meta-llama-3.1-70b-instruct": ("llama", 8_192, 0, [:]),
            "qwen3-0.6b": ("qwen3", 2_048, 0, [:]),
            "qwen3-coder-next": ("qwen3next", 4_096, 512, ["ssm_out": 4_096]),
            "qwen3.5-397b-a17b": ("qwen35moe", 8_192, 1_024, ["ssm_out": 8_192]),
            "step-3.5-flash": ("step35", 8_192, 1_280, [:]),
        ]

    /// Makes the model of a fixture. Every tensor that is quantized gets another type than the base in some
    /// mixture, so that the fixture has the names of all, but for DeepSeek's `attn_v_b`.
    init(_ model: String, _ fixture: MixtureFixture) throws {
        let shape = try #require(Self.shapes[model])
        let blocks = try fixture.number("n_layer")
        traits = ModelTraits(
            architecture: shape.architecture, blockCount: blocks, headCount: try fixture.number("n_head"),
            keyValueHeadCount: try fixture.number("n_head_kv"),
            expertCount: fixture.numbers["n_expert"] ?? 0)
        var names = Set(fixture.sections.flatMap { $0.types.keys })
        if model.hasPrefix("deepseek") { names.formUnion((0..<blocks).map { "blk.\($0).attn_v_b.weight" }) }
        for name in names.sorted() {
            let kind = String(name.split(separator: ".").dropLast().last ?? "")
            let columns =
                switch kind {
                case "attn_output": shape.heads
                case "ffn_down": try fixture.number("n_ff")
                case "ffn_down_exps", "ffn_down_shexp": shape.expert
                default: try shape.other[kind] ?? fixture.number("n_embd")
                }
            var dimensions = [columns, 64]
            if kind.hasSuffix("_exps") { dimensions.append(traits.expertCount) }
            if kind == "attn_k_b" || kind == "attn_v_b" { dimensions.append(traits.headCount) }
            tensors.append(TensorDescription(name: name, dimensions: dimensions, type: .f32))
        }
    }

    /// Tensors of the same blocks that are copied, whatever the mixture.
    var copied: [TensorDescription] {
        [TensorDescription(name: "output_norm.weight", dimensions: [64], type: .f32)]
            + (0..<traits.blockCount).flatMap { block in
                [("attn_norm.weight", [64]), ("ffn_gate_inp.weight", [64, 8]), ("attn_k.bias", [64])].map {
                    TensorDescription(name: "blk.\(block).\($0.0)", dimensions: $0.1, type: .f32)
                }
            }
    }
}
