import Conversion
import Formats
import ModelFacts

/// Whether a model can become GGUF, by what its configuration states.
struct GGUFAnswer: Equatable {
    /// Whether it can; `nil` where it is one already.
    let canBeMade: Bool?
    /// Why, as a clause.
    let reason: String

    /// - Parameter facts: what its files state.
    init(_ facts: ModelFacts) {
        let readable: [ModelFormat] = [.safetensors, .pytorch]
        if facts.formats.contains(.gguf), !readable.contains(where: facts.formats.contains) {
            self.init(nil, "it is GGUF")
        } else if facts.adapter != .none {
            self.init(true, "an adapter, with the model that it is for")
        } else if !readable.contains(where: facts.formats.contains) {
            self.init(false, "there are no weights in safetensors or PyTorch's format")
        } else if let name = facts.config?.textArchitecture {
            guard ArchitectureRegistry.classes.containsExactly(name) else {
                let reason = ArchitectureRegistry.refusals[ExactName(name)].map { ": \($0)" } ?? ""
                self.init(false, "models of the architecture \(name) cannot be converted\(reason)")
                return
            }
            let quantization = facts.quantization.map { ", from weights quantized with \($0.text)" } ?? ""
            self.init(true, "\(name)\(quantization)")
        } else {
            self.init(false, "no configuration states its architecture")
        }
    }

    private init(_ canBeMade: Bool?, _ reason: String) {
        self.canBeMade = canBeMade
        self.reason = reason
    }

    /// The record of `--json`.
    var json: JSON {
        ["can_be_made": canBeMade.map(JSON.bool) ?? .null, "reason": .string(reason)]
    }
}
