import Formats
import Tensors

/// Tensors of a few numbers that GGUF has as keys: what an activation is computed with, and the whole numbers by which
/// Qwen 4's groups of tokens are found in their table, which have more bits than a float.
package enum KeyTensors {
    /// The ends of the names of xIELU's numbers, in the order in which a block's are met.
    static let activation = ["alpha_n", "alpha_p", "beta", "eps"]
    /// The ends of the names of the table's numbers.
    static let table = ["layer_multipliers", "ngram_heads_offsets", "ngram_heads_vocab_sizes"].map {
        "ple_embedding.\($0)"
    }

    /// The places of the tensors whose elements are needed before anything is written; more than a few numbers is no
    /// such tensor.
    static func needed(_ tensors: [CheckpointTensor]) -> [Int] {
        tensors.indices.filter { index in
            let tensor = tensors[index]
            if table.contains(where: { tensor.name.hasUTF8Suffix($0) }) { return tensor.elementCount <= 4096 }
            return tensor.dtype.isReal && tensor.shape.allSatisfy { $0 == 1 }
                && activation.contains { tensor.name.hasUTF8Suffix(".act_fn.\($0)") }
        }
    }
}

extension HuggingFaceModel {
    /// The float of a stored tensor of one element, by its place; `nil` where there is none, or nothing but names and
    /// shapes was read.
    func number(_ place: Int) -> Float? {
        let tensor = storedTensors[place]
        guard let bytes = constants?[place], bytes.count == tensor.dtype.bitsPerElement / 8 else {
            return nil
        }
        var number: [Float] = [0]
        var room = number.mutableSpan
        tensor.dtype.floats(from: bytes.span, into: &room)
        return number[0]
    }

    /// The whole numbers of the first tensor whose name ends so; `nil` where nothing but names and shapes was read.
    /// - Throws: where there is no such tensor, or its elements are no such numbers.
    func wholeNumbers(_ end: String) throws(ConversionError) -> [UInt64]? {
        guard let place = storedTensors.firstIndex(where: { $0.name.hasUTF8Suffix(end) }) else {
            // It stands beside the table.
            let beside = storedTensors.lazy.map(\.name).first { $0.containsUTF8(".ple_embedding.") }
            let parts = (beside ?? "").split(separator: ".")
            let start = parts.prefix { $0 != "ple_embedding" }.map { "\($0)." }.joined()
            throw .missingTensors([start + end])
        }
        guard let constants else { return nil }
        let tensor = storedTensors[place]
        guard let bytes = constants[place], tensor.dtype == .i64, bytes.count == 8 * tensor.elementCount
        else {
            throw ConversionError.wrongShape(
                tensor.name, tensor.shape, "whose elements are not a few whole numbers of 64 bits")
        }
        return stride(from: 0, to: bytes.count, by: 8).map { start in
            (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
        }
    }
}
