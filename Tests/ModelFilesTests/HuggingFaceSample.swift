import TestSupport

@testable import Formats
@testable import Manifests
@testable import ModelFiles
@testable import Storage
@testable import Tensors

/// Small Hugging Face models for tests.
enum HuggingFaceSample {
    /// A tensor of a safetensors file.
    struct Tensor {
        let name: String
        let dtype: DType
        let shape: [Int]
        let bytes: [UInt8]

        /// Numbers of a type, of 16 or 32 bits.
        init(_ name: String, _ dtype: DType, _ shape: [Int], _ numbers: [Float]) {
            self.name = name
            self.dtype = dtype
            self.shape = shape
            let type: GGMLType = dtype == .f16 ? .f16 : dtype == .bf16 ? .bf16 : .f32
            var bytes = [UInt8](repeating: 0, count: numbers.count * dtype.bitsPerElement / 8)
            var span = bytes.mutableSpan
            let importance: [Float] = []
            type.format?.quantize(
                numbers.span, rowLength: max(1, numbers.count), importance: importance.span, into: &span)
            self.bytes = bytes
        }

        /// Numbers that count up in steps that every type has.
        init(_ name: String, _ dtype: DType, _ shape: [Int], from start: Int = 0) {
            let count = shape.reduce(1, *)
            self.init(name, dtype, shape, (0..<count).map { Float((start + $0) % 97) / 8 - 4 })
        }
    }

    /// The bytes of a safetensors file.
    static func safetensors(_ tensors: [Tensor]) -> [UInt8] {
        var offset = 0
        var members: [JSON.Member] = []
        for tensor in tensors {
            members.append(
                JSON.Member(
                    tensor.name,
                    [
                        "dtype": .string(tensor.dtype.rawValue),
                        "shape": .array(tensor.shape.map(JSON.integer)),
                        "data_offsets": [.integer(offset), .integer(offset + tensor.bytes.count)],
                    ]))
            offset += tensor.bytes.count
        }
        let header = Array(JSON.object(members).compactText.utf8)
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
        return length + header + tensors.flatMap(\.bytes)
    }

    /// The configuration of a llama of one block.
    static let config = """
        {"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":16,"hidden_size":32,
        "intermediate_size":64,"num_hidden_layers":1,"num_attention_heads":4,"num_key_value_heads":2,
        "max_position_embeddings":64,"rms_norm_eps":1e-5}
        """

    /// The tensors of that llama.
    static func llama(_ dtype: DType = .bf16) -> [Tensor] {
        let block = "model.layers.0"
        let shapes: [(String, [Int])] = [
            ("model.embed_tokens.weight", [16, 32]), ("model.norm.weight", [32]),
            ("lm_head.weight", [16, 32]),
            ("\(block).input_layernorm.weight", [32]), ("\(block).post_attention_layernorm.weight", [32]),
            ("\(block).self_attn.q_proj.weight", [32, 32]), ("\(block).self_attn.k_proj.weight", [16, 32]),
            ("\(block).self_attn.v_proj.weight", [16, 32]), ("\(block).self_attn.o_proj.weight", [32, 32]),
            ("\(block).mlp.gate_proj.weight", [64, 32]), ("\(block).mlp.up_proj.weight", [64, 32]),
            ("\(block).mlp.down_proj.weight", [32, 64]),
        ]
        return shapes.enumerated().map { Tensor($1.0, dtype, $1.1, from: $0 * 13) }
    }

    /// What a conversion is given of the files of a directory.
    static func inputs(_ directory: String) throws -> [ConversionInput] {
        try Directory.names(in: directory).sorted().map { name in
            let location = try Directory.realPath(Path.join(directory, name))
            return ConversionInput(
                path: RelativePath(checked: name), location: location,
                status: try FileStatus.status(of: location))
        }
    }
}
