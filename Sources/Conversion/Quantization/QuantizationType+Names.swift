import Tensors

extension QuantizationType {
    /// Every type, in llama-quantize's order, without second names.
    public static let all: [QuantizationType] = []

    /// The type of a name or a number, as llama-quantize takes them: any case of letters, `Q4_K` for `Q4_K_M`.
    /// - Throws: where there is none; the hint says the nearest names.
    public init(named text: String) throws(QuantizationError) {
        throw QuantizationError("not yet: \(text)")
    }
}
