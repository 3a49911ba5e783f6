import Formats
import Tensors

/// The tensors that a quantized weight is stored as: codes, and what they mean nothing without.
///
/// Names have the layer first, so that one end stands for one tensor. What methods write, and by which names:
/// transformers 5.23, `quantizers/` and `integrations/`; AutoAWQ 0.2.9; GPTQModel 5; bitsandbytes 0.48;
/// compressed-tensors 0.12; ModelOpt 0.37; auto-round 0.8.
struct QuantizedParts: Sendable {
    /// The end of the codes' name.
    let codes: String
    /// The types by which codes differ from a weight that is not quantized; empty where their name differs.
    var types: [DType] = []
    /// The ends of what has to be beside all codes.
    var needed: [String]
    /// The ends of what is beside all codes of a checkpoint or beside none.
    var common: [String] = []
    /// The ends of what may be left over where there are no codes.
    var loose: [String] = []
    /// The ends of what may be there, and says nothing of what is missing.
    var unused: [String] = []

    // MARK: What belongs together

    /// The names that are missing, in the order of the tensors that miss them.
    /// - Parameters:
    ///   - kinds: the ways in which a checkpoint has its weights.
    ///   - stored: all of its tensors.
    ///   - isWanted: whether a weight is of interest, by its name.
    static func missing(
        _ kinds: [QuantizedParts], _ stored: [CheckpointTensor], isWanted: (String) -> Bool
    ) -> [String] {
        var types: [ExactName: DType] = [:]
        for tensor in stored { types[tensor.name] = tensor.dtype }
        var missing: [String] = []
        var known: Set<ExactName> = []
        for kind in kinds {
            let common = kind.common.filter { end in
                stored.contains { tensor in
                    tensor.name.dropping(end).map { kind.isCoded($0, types) } ?? false
                }
            }
            for tensor in stored {
                for end in [kind.codes] + kind.needed + kind.common {
                    guard let layer = tensor.name.dropping(end), isWanted(layer + ".weight") else { continue }
                    let isCoded = kind.isCoded(layer, types)
                    let hasOther = kinds.contains { types[layer + $0.codes] != nil }
                    var wanted: [String] = []
                    if isCoded {
                        wanted = kind.needed + common
                    } else if !hasOther, !end.hasSameBytes(as: kind.codes), !kind.loose.containsExactly(end) {
                        wanted = [kind.codes] + kind.needed + common
                    }
                    for name in wanted.map({ layer + $0 }) where types[name] == nil {
                        if known.insert(ExactName(name)).inserted { missing.append(name) }
                    }
                }
            }
        }
        return missing
    }

    /// Whether a layer has codes.
    private func isCoded(_ layer: String, _ types: [ExactName: DType]) -> Bool {
        guard let type = types[layer + codes] else { return false }
        return self.types.isEmpty || self.types.contains(type)
    }

    /// The names that the weights would have without quantization.
    static func plain(_ kinds: [QuantizedParts], _ stored: [CheckpointTensor]) -> [String] {
        var others: Set<ExactName> = []
        var names: [String] = []
        for tensor in stored {
            let codes = kinds.lazy.compactMap { tensor.name.dropping($0.codes) }.first
            if let codes {
                names.append(codes + ".weight")
            } else if !kinds.contains(where: { kind in
                (kind.needed + kind.common + kind.unused).contains { tensor.name.hasUTF8Suffix($0) }
            }) {
                names.append(tensor.name)
            }
        }
        return names.filter { others.insert(ExactName($0)).inserted }
    }
}
