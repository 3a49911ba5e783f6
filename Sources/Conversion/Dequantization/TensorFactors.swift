import Formats

/// Numbers by which all of an NVFP4 tensor is multiplied, which llama.cpp does when it is used: they are tensors of
/// their own in GGUF (base.py of the converter, `_repack_nvfp4` and `_flush_nvfp4_experts`).
package struct TensorFactors: Hashable, Sendable {
    /// What the weights are multiplied with.
    let weight: Float
    /// What the inputs are divided by before they are rounded.
    let input: Float

    /// The ends of the names of stored factors.
    static func names(_ isCompressedTensors: Bool) -> (weight: String, input: String) {
        isCompressedTensors
            ? (".weight_global_scale", ".input_global_scale") : (".weight_scale_2", ".input_scale")
    }

    /// The ends of the names of all stored factors, whoever wrote them.
    static let suffixes = [false, true].flatMap { [names($0).weight, names($0).input] }

    /// A converted tensor with what is written beside it: nothing where all factors are 1.
    /// - Parameter factors: of the tensor, or of each expert of a stack.
    static func tensors(_ tensor: ConvertedTensor, _ factors: [TensorFactors]) -> [ConvertedTensor] {
        let tolerance = factors.count == 1 && tensor.value.shape.count == 2 ? 1e-6 : 1e-6 + 1e-5
        var result = [tensor]
        for (end, numbers) in [(".scale", factors.map(\.weight)), (".input_scale", factors.map(\.input))] {
            if numbers.allSatisfy({ abs(Double($0) - 1) < tolerance }) { continue }
            result.append(
                ConvertedTensor(
                    tensor.name.replacingUTF8(".weight", with: end),
                    TensorValue(numbers: numbers, shape: [numbers.count])))
        }
        return result
    }
}
