import Formats
import Storage

/// A random Hugging Face model in the shape of llama, in safetensors with weights of BF16: 0.835 billion parameters,
/// or few of them, and a SentencePiece vocabulary of pieces that mean nothing.
struct HuggingFaceData {
    /// The model's directory.
    let directory: String
    /// The size of the weights' file in bytes.
    let size: Int

    private static let vocabulary = 32_000
    private static let (columns, wide, narrow) = (2048, 5632, 256)

    /// Makes the model; one that is there with its size is taken as it is.
    init(directory: String, layers blocks: Int) throws {
        self.directory = "\(directory)/llama-\(blocks)"
        try Directory.make(self.directory)
        let shapes = Self.shapes(blocks: blocks)
        let header = Self.header(shapes)
        size = header.count + shapes.reduce(0) { $0 + Self.bytes($1.shape) }
        let path = "\(self.directory)/model.safetensors"
        if try FileStatus.existing(path)?.size == size { return }
        try Self.write("\(self.directory)/config.json", Array(Self.config(blocks: blocks).utf8))
        try Self.write("\(self.directory)/tokenizer.model", Self.sentencePiece())
        let file = try PartialFile(target: path)
        try file.handle.write(header.span)
        var noise = Noise(seed: 1)
        for (_, shape) in shapes {
            let size = Self.bytes(shape)
            for start in stride(from: 0, to: size, by: 1 << 20) {
                try file.handle.write(Self.weights(min(1 << 20, size - start), &noise).span)
            }
        }
        try file.handle.synchronize()
        try file.publish()
    }

    private static func write(_ path: String, _ bytes: [UInt8]) throws {
        try Directory.removeFile(path)
        try FileHandle.creating(path).write(bytes.span)
    }

    private static func bytes(_ shape: [Int]) -> Int { shape.reduce(2, *) }

    private static func shapes(blocks: Int) -> [(name: String, shape: [Int])] {
        var shapes: [(String, [Int])] = [
            ("lm_head.weight", [vocabulary, columns]), ("model.embed_tokens.weight", [vocabulary, columns]),
            ("model.norm.weight", [columns]),
        ]
        for block in 0..<blocks {
            let own: [(String, [Int])] = [
                ("input_layernorm", [columns]), ("mlp.down_proj", [columns, wide]),
                ("mlp.gate_proj", [wide, columns]), ("mlp.up_proj", [wide, columns]),
                ("post_attention_layernorm", [columns]), ("self_attn.k_proj", [narrow, columns]),
                ("self_attn.o_proj", [columns, columns]), ("self_attn.q_proj", [columns, columns]),
                ("self_attn.v_proj", [narrow, columns]),
            ]
            shapes += own.map { ("model.layers.\(block).\($0).weight", $1) }
        }
        return shapes
    }

    private static func header(_ shapes: [(name: String, shape: [Int])]) -> [UInt8] {
        var offset = 0
        var members: [JSON.Member] = []
        for (name, shape) in shapes {
            let end = offset + bytes(shape)
            members.append(
                JSON.Member(
                    name,
                    [
                        "dtype": "BF16", "shape": .array(shape.map(JSON.integer)),
                        "data_offsets": [.integer(offset), .integer(end)],
                    ]))
            offset = end
        }
        var text = Array(JSON.object(members).compactText.utf8)
        while !text.count.isMultiple(of: 8) { text.append(UInt8(ascii: " ")) }
        return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
    }

    private static func config(blocks: Int) -> String {
        let json: JSON = [
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16",
            "vocab_size": .integer(vocabulary), "hidden_size": .integer(columns),
            "intermediate_size": .integer(wide), "num_hidden_layers": .integer(blocks),
            "num_attention_heads": 32, "num_key_value_heads": 4, "max_position_embeddings": 2048,
            "rms_norm_eps": .number(1e-5), "hidden_act": "silu", "tie_word_embeddings": false,
            "bos_token_id": 1, "eos_token_id": 2,
        ]
        return json.prettyText + "\n"
    }

    /// A SentencePiece model (sentencepiece_model.proto): pieces of text, score and kind, and that it is BPE.
    private static func sentencePiece() -> [UInt8] {
        func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
            [number << 3 | 2, UInt8(bytes.count)] + bytes
        }
        let special: [(String, UInt8)] = [("<unk>", 2), ("<s>", 3), ("</s>", 3)]
        var result: [UInt8] = []
        for index in 0..<vocabulary {
            var (text, kind) = index < 3 ? special[index] : ("w\(index)", UInt8(1))
            if (3..<259).contains(index) {
                let digits = String(index - 3, radix: 16, uppercase: true)
                (text, kind) = ("<0x" + (digits.count == 1 ? "0" : "") + digits + ">", 6)
            }
            let score = Float(kind == 1 ? -index : 0).bitPattern
            let bytes = (0..<4).map { UInt8(truncatingIfNeeded: score >> (8 * $0)) }
            result += field(1, field(1, Array(text.utf8)) + [2 << 3 | 5] + bytes + [3 << 3, kind])
        }
        // Its trainer's model_type is BPE, with byte_fallback; its normalizer is none.
        return result + field(2, [3 << 3, 2, 0x98, 0x02, 1]) + field(3, field(1, Array("identity".utf8)))
    }

    /// Numbers of 16 bits, close to a normal distribution of deviation 0.02: sums of four uniform ones.
    private static func weights(_ count: Int, _ noise: inout Noise) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        for index in stride(from: 0, to: count, by: 2) {
            let word = noise.next()
            let sum =
                Int(word & 0xFFFF) + Int(word >> 16 & 0xFFFF) + Int(word >> 32 & 0xFFFF) + Int(word >> 48)
            let bits = (Float(sum - 131_070) * (0.02 / 37_837)).bitPattern
            bytes[index] = UInt8(truncatingIfNeeded: bits >> 16)
            bytes[index + 1] = UInt8(truncatingIfNeeded: bits >> 24)
        }
        return bytes
    }

    /// Reads the weights once, so that all measurements start with a warm page cache.
    func warm() throws {
        var buffer = Buffer(count: FileReader.blockSize)
        let file = try FileHandle.reading("\(directory)/model.safetensors")
        while try file.read(into: &buffer) > 0 {}
    }
}
