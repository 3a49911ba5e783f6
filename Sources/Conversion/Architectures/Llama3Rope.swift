import Formats
import Glibc

/// The factors by which Llama 3.1 and later stretch the slow rotations (`rope_type` "llama3").
enum Llama3Rope {
    /// The tensor `rope_freqs.weight`; none for models with other rotations.
    ///
    /// All arithmetic is in 32 bits in the order of torch's, in which a number divided by a tensor is the number
    /// times the tensor's reciprocal, so that the bytes are the converter's (llama.py, `generate_extra_tensors`).
    /// - Parameter factor: what a family stretches by where none is stated.
    static func tensors(
        _ config: ModelConfig, factor usual: Double = 8
    ) throws(ConversionError) -> [ConvertedTensor] {
        let rope = RopeParameters(config)
        guard rope.type?.lowercased() == "llama3" else { return [] }
        let base = Float(rope.number("rope_theta") ?? 10000)
        let length = try config.rotatedHeadLength()
        let factor = Float(rope.number("factor") ?? usual)
        let low = rope.number("low_freq_factor") ?? 1
        let high = rope.number("high_freq_factor") ?? 4
        let context = rope.number("original_max_position_embeddings") ?? 8192
        let shortest = Float(context / high)
        let longest = Float(context / low)
        var factors: [Float] = []
        for index in stride(from: 0, to: length, by: 2) {
            let frequency = 1 / powf(base, Float(index) / Float(length))
            let wavelength = (1 / frequency) * Float(2 * Double.pi)
            if wavelength < shortest {
                factors.append(1)
            } else if wavelength > longest {
                factors.append(factor)
            } else {
                let smooth = ((1 / wavelength) * Float(context) - Float(low)) / Float(high - low)
                factors.append(1 / ((1 - smooth) / factor + smooth))
            }
        }
        return [ConvertedTensor("rope_freqs.weight", TensorValue(numbers: factors, shape: [factors.count]))]
    }
}
