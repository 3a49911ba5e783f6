import Formats

/// Which layers of NVFP4 are multiplied with inputs that keep all of their bits (NVIDIA's W4A16_NVFP4), which GGUF states
/// of each such tensor (base.py of the converter, `_tag_prec_a4`).
package struct FullInputs: Sendable {
    /// The algorithm of layers that are not named; `nil` if none is stated.
    private let usual: String?
    /// The algorithms of layers by their names, or the beginnings of those.
    private let layers: [ExactName: String]

    private static let algorithm = "W4A16_NVFP4"

    /// Takes what the configuration states of a checkpoint.
    /// - Parameters:
    ///   - usual: of all layers.
    ///   - layers: those of some by their names in the checkpoint.
    ///   - name: the name by which a tensor goes on; `nil` for one that is not written.
    init(usual: String?, layers: JSON?, name: (String) -> String?) {
        self.usual = usual
        var own: [ExactName: String] = [:]
        for member in layers?.members ?? [] where member.value.members != nil {
            guard let name = name(member.key) else { continue }
            own[ExactName(name)] = member.value["quant_algo"]?.string ?? ""
        }
        self.layers = own
    }

    /// Whether a tensor is of such a layer.
    /// - Parameter name: as the family reads it.
    func contains(_ name: String) -> Bool {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false)
        if parts.last == "weight" || parts.last == "bias" { parts.removeLast() }
        while !parts.isEmpty {
            if let own = layers[ExactName(parts.joined(separator: "."))] {
                return own.hasSameBytes(as: Self.algorithm)
            }
            parts.removeLast()
        }
        return usual?.hasSameBytes(as: Self.algorithm) ?? false
    }
}
