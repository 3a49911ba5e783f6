import Formats
import Tensors

/// The whole numbers by which Qwen 4's groups of tokens are found in their table: checkpoints have them as tensors, and
/// GGUF as keys, since they have more bits than a float.
package enum PLEConstants {
    /// The ends of the tensors' names.
    static let ends = [
        "ple_embedding.layer_multipliers", "ple_embedding.ngram_heads_offsets",
        "ple_embedding.ngram_heads_vocab_sizes",
    ]

    /// The places of the tensors whose elements are needed before anything is written; more than a few numbers is no
    /// such tensor.
    package static func needed(_ tensors: [CheckpointTensor]) -> [Int] {
        tensors.indices.filter { index in
            tensors[index].elementCount <= 4096 && ends.contains { tensors[index].name.hasUTF8Suffix($0) }
        }
    }

    /// The numbers of the first tensor of that name; `nil` where no elements were read.
    /// - Throws: where there is no such tensor, or its elements are no such numbers.
    static func numbers(_ end: String, of model: HuggingFaceModel) throws(ConversionError) -> [UInt64]? {
        guard let place = model.storedTensors.firstIndex(where: { $0.name.hasUTF8Suffix(end) }) else {
            // It stands beside the table.
            let beside = model.storedTensors.lazy.map(\.name).first { $0.containsUTF8(".ple_embedding.") }
            let parts = (beside ?? "").split(separator: ".")
            let start = parts.prefix { $0 != "ple_embedding" }.map { "\($0)." }.joined()
            throw .missingTensors([start + end])
        }
        guard let constants = model.constants else { return nil }
        let tensor = model.storedTensors[place]
        guard let bytes = constants[place], tensor.dtype == .i64, bytes.count == 8 * tensor.elementCount
        else {
            throw ConversionError.wrongShape(
                tensor.name, tensor.shape, "whose elements are not a few whole numbers of 64 bits")
        }
        var numbers: [UInt64] = []
        for start in stride(from: 0, to: bytes.count, by: 8) {
            numbers.append((0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) })
        }
        return numbers
    }
}
