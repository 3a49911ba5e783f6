import Formats
import Tensors

/// Parameters and dtypes, summed over safetensors headers.
struct WeightSummary {
    private struct Share {
        var parameters = 0
        var bytes = 0
    }

    private var shares: [DType: Share] = [:]
    private let packedBits: Int?

    /// - Parameter packedBits: how many bits a quantized weight has where an integer holds several.
    init(packedBits: Int?) { self.packedBits = packedBits }

    /// Adds the tensors of a file; sums that would overflow stay at the largest number.
    mutating func add(_ header: SafetensorsHeader) {
        for tensor in header.tensors {
            var share = shares[tensor.dtype] ?? Share()
            share.parameters = sum(share.parameters, parameters(of: tensor))
            share.bytes = sum(share.bytes, tensor.bytes.count)
            shares[tensor.dtype] = share
        }
    }

    /// The number of parameters; `nil` where no tensor holds any.
    var parameters: Int? {
        let total = shares.values.reduce(0) { sum($0, $1.parameters) }
        return total > 0 ? total : nil
    }

    /// The dtypes of tensors that hold parameters, or of all where none does; the one with most bytes first.
    var dtypes: [DType] {
        let holding = shares.filter { $0.value.parameters > 0 }
        return (holding.isEmpty ? shares : holding).sorted { left, right in
            left.value.bytes != right.value.bytes
                ? left.value.bytes > right.value.bytes
                : left.key.rawValue.precedesByBytes(right.key.rawValue)
        }.map(\.key)
    }

    /// The bytes of all tensors by dtype, the one with most first.
    var sizes: [(dtype: String, bytes: Int)] {
        shares.map { ($0.key.rawValue, $0.value.bytes) }.sorted { left, right in
            left.1 != right.1 ? left.1 > right.1 : left.0.precedesByBytes(right.0)
        }
    }

    /// A floating-point tensor holds its elements; an integer one holds what was packed into it; positions,
    /// zero points and scales are no parameters.
    private func parameters(of tensor: SafetensorsHeader.Tensor) -> Int {
        let name = tensor.name
        func ends(_ suffixes: String...) -> Bool { suffixes.contains { name.hasSuffix($0) } }
        if tensor.dtype.isFloat {
            let isScale =
                packedBits != nil
                && (ends(".scales", "_scale", "_scales", ".biases") || name.contains(".quant_map"))
            return isScale || ends("_scale_inv") ? 0 : tensor.elementCount
        }
        let bits = tensor.dtype.bitsPerElement
        if let packedBits, packedBits < bits, ends(".qweight", ".weight_packed", "_blocks", ".weight") {
            let (product, overflow) = tensor.elementCount.multipliedReportingOverflow(by: bits)
            return overflow ? 0 : product / packedBits
        }
        return bits == 8 && ends(".weight") ? tensor.elementCount : 0
    }

    private func sum(_ left: Int, _ right: Int) -> Int {
        let (total, overflow) = left.addingReportingOverflow(right)
        return overflow ? Int.max : total
    }

    /// The weight files that are the model, where a repository holds it more than once.
    ///
    /// In each directory the set of a usual name, else the largest; in the directories below the top only
    /// those of a pipeline, or all where the top has none ("original/" is a second copy).
    static func chosen(_ files: [ModelFile], isPipeline: Bool) -> [ModelFile] {
        let weights = files.filter { ModelPath($0.path).suffix == "safetensors" }
        var byDirectory: [ExactName: [ModelFile]] = [:]
        for file in weights {
            byDirectory[ExactName(ModelPath(file.path).directory), default: []].append(file)
        }
        if !isPipeline, let top = byDirectory[""] { byDirectory = ["": top] }
        return byDirectory.values.flatMap(largestSet).sorted { $0.path < $1.path }
    }

    private static func largestSet(_ files: [ModelFile]) -> [ModelFile] {
        var sets: [ExactName: [ModelFile]] = [:]
        for file in files {
            let path = ModelPath(file.path)
            sets[path.part.map { ExactName($0.set) } ?? path.file, default: []].append(file)
        }
        func isUsual(_ set: ExactName) -> Bool {
            let set = set.text
            let stem = set.split(separator: ".").first.map { $0.split(separator: "-").first ?? "" } ?? ""
            return set.split(separator: ".").count == 2
                && ["model", "diffusion_pytorch_model", "pytorch_model"].contains(stem)
        }
        func size(_ files: [ModelFile]) -> Int {
            files.reduce(0) { total, file in
                let (sum, overflow) = total.addingReportingOverflow(file.size)
                return overflow ? Int.max : sum
            }
        }
        return sets.min { left, right in
            if isUsual(left.key) != isUsual(right.key) { return isUsual(left.key) }
            let (first, second) = (size(left.value), size(right.value))
            if first != second { return first > second }
            return left.key < right.key
        }?.value ?? []
    }
}
