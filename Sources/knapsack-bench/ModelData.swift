import Formats
import Storage
import Tensors

/// A random model in the shape of llama, in GGUF with weights of F16: 0.835 billion parameters, or few of them.
struct ModelData {
    /// The GGUF file.
    let path: String
    /// Its size in bytes.
    let size: Int
    /// Its tensors.
    let tensors: [TensorDescription]

    private static let vocabulary = 32_000

    /// Makes the model; one that is there with its size is taken as it is.
    init(directory: String, layers blocks: Int) throws {
        try Directory.make(directory)
        path = "\(directory)/llama-\(blocks).gguf"
        let (tensors, layout) = try Self.layout(blocks: blocks)
        size = layout.fileSize
        self.tensors = tensors
        if try FileStatus.existing(path)?.size == size { return }
        let file = try PartialFile(target: path)
        try file.handle.resize(size)
        try file.handle.write(layout.header.span, at: 0)
        for (number, (tensor, place)) in zip(tensors, layout.tensors).enumerated() {
            var noise = Noise(seed: number)
            for start in stride(from: place.lowerBound, to: place.upperBound, by: 1 << 20) {
                let count = min(1 << 20, place.upperBound - start)
                let block = tensor.type == .f32 ? Self.ones(count) : Self.weights(count, &noise)
                try file.handle.write(block.span, at: start)
            }
        }
        try file.handle.synchronize()
        try file.publish()
    }

    private static func layout(
        blocks: Int
    ) throws(FormatError) -> (tensors: [TensorDescription], layout: GGUFLayout) {
        let (columns, wide, narrow) = (2048, 5632, 256)
        var tensors = [
            TensorDescription(name: "token_embd.weight", dimensions: [columns, vocabulary], type: .f16),
            TensorDescription(name: "output_norm.weight", dimensions: [columns], type: .f32),
            TensorDescription(name: "output.weight", dimensions: [columns, vocabulary], type: .f16),
        ]
        for block in 0..<blocks {
            let shapes: [(String, [Int])] = [
                ("attn_norm", [columns]), ("attn_q", [columns, columns]), ("attn_k", [columns, narrow]),
                ("attn_v", [columns, narrow]), ("attn_output", [columns, columns]),
                ("ffn_norm", [columns]), ("ffn_gate", [columns, wide]), ("ffn_up", [columns, wide]),
                ("ffn_down", [wide, columns]),
            ]
            tensors += shapes.map { name, dimensions in
                TensorDescription(
                    name: "blk.\(block).\(name).weight", dimensions: dimensions,
                    type: dimensions.count == 1 ? .f32 : .f16)
            }
        }
        var header = GGUFHeaderWriter()
        header.add("general.architecture", .string("llama"))
        let numbers = [
            ("block_count", blocks), ("context_length", 2048), ("embedding_length", columns),
            ("feed_forward_length", wide), ("attention.head_count", 32), ("attention.head_count_kv", 4),
            ("vocab_size", vocabulary),
        ]
        for (key, value) in numbers { header.add("llama.\(key)", .uint32(UInt32(value))) }
        header.add("llama.attention.layer_norm_rms_epsilon", .float32(1e-5))
        header.add("general.file_type", .uint32(1))
        return (tensors, try header.finish(tensors: tensors))
    }

    /// Ones of 32 bits.
    private static func ones(_ count: Int) -> [UInt8] {
        (0..<count).map { [0, 0, 0x80, 0x3F][$0 % 4] }
    }

    /// Numbers of 16 bits, close to a normal distribution of deviation 0.02: sums of four uniform ones.
    private static func weights(_ count: Int, _ noise: inout Noise) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        for index in stride(from: 0, to: count, by: 2) {
            let word = noise.next()
            let sum =
                Int(word & 0xFFFF) + Int(word >> 16 & 0xFFFF) + Int(word >> 32 & 0xFFFF) + Int(word >> 48)
            let bits = Float16(Float(sum - 131_070) * (0.02 / 37_837)).bitPattern
            bytes[index] = UInt8(truncatingIfNeeded: bits)
            bytes[index + 1] = UInt8(truncatingIfNeeded: bits >> 8)
        }
        return bytes
    }

    /// Reads the file once, so that all measurements start with a warm page cache.
    func warm() throws {
        var buffer = Buffer(count: FileReader.blockSize)
        let file = try FileHandle.reading(path)
        while try file.read(into: &buffer) > 0 {}
    }
}
