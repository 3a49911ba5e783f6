package import Formats
package import Tensors

/// What `prune = …` asks for: safetensors with zeros.
package struct PruneRequest: Hashable, Sendable {
    /// Which weights of a row become zero.
    package let sparsity: Sparsity
    /// What the floating-point tensors are cast to; `nil` where they stay.
    package let type: CastType?
    /// The importance matrix's path, relative to the manifest; `nil` where the absolute value alone decides.
    package let imatrix: String?
    /// Tensors that are pruned though they are usually kept.
    package let tensors: [String]

    /// States a request.
    package init(
        _ sparsity: Sparsity, type: CastType? = nil, imatrix: String? = nil, tensors: [String] = []
    ) {
        self.sparsity = sparsity
        self.type = type
        self.imatrix = imatrix
        self.tensors = tensors
    }

    /// The manifest's keys, sorted.
    package var parameters: [JSON.Member] {
        var members: [JSON.Member] = []
        if let type { members.append(JSON.Member("dtype", .string(type.rawValue))) }
        if let imatrix { members.append(JSON.Member("imatrix", .string(imatrix))) }
        members.append(JSON.Member("prune", .string(sparsity.text)))
        if !tensors.isEmpty { members.append(JSON.Member("prune-tensors", .array(tensors.map(JSON.string)))) }
        return members
    }

    /// "pruned 2:4 as f16, imatrix x.gguf".
    var text: String {
        "pruned \(sparsity.text)" + (type.map { " as \($0.rawValue)" } ?? "")
            + (imatrix.map { ", imatrix \($0)" } ?? "")
            + (tensors.isEmpty ? "" : ", also \(tensors.joined(separator: ", "))")
    }
}
