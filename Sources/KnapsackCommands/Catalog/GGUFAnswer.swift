import Conversion
import Formats
import ModelFacts

/// Whether a model can become GGUF, by what its configuration states.
struct GGUFAnswer: Equatable {
    /// Whether it can; `nil` where it is one already.
    let canBeMade: Bool?
    /// Why, as a clause.
    let reason: String
    /// The same of its projector (mmproj); `nil` where it has no part for pictures or sound.
    private(set) var projector: Projector?

    /// Whether a projector can be made, and of which class or why not.
    struct Projector: Equatable {
        /// Whether it can.
        let canBeMade: Bool
        /// The class, or why not, as a clause.
        let reason: String
    }

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
            if let hindrance = facts.conversionHindrance {
                self.init(false, hindrance)
            } else if ArchitectureRegistry.classes.containsExactly(name) {
                let quantization = facts.quantization.map { ", from weights quantized with \($0.text)" } ?? ""
                let difference = KnownDifferences.sentence(name).map { ", but \($0)" } ?? ""
                self.init(true, "\(name)\(quantization)\(difference)")
            } else {
                let reason = ArchitectureRegistry.refusals[ExactName(name)].map { ": \($0)" } ?? ""
                self.init(false, "models of the architecture \(name) cannot be converted\(reason)")
            }
            projector = facts.config.flatMap(Self.projector)
            // What stands against numbers stands against those of the projector, too.
            if let hindrance = facts.conversionHindrance, facts.quantization != nil, projector != nil {
                projector = Projector(canBeMade: false, reason: hindrance)
            }
        } else {
            self.init(false, "no configuration states its architecture")
        }
    }

    private static func projector(_ config: ConfigFacts) -> Projector? {
        guard let name = config.projectorArchitecture else { return nil }
        let problem = ProjectorRegistry.problem(with: name, visionType: config.visionType)
        return Projector(canBeMade: problem == nil, reason: problem ?? name)
    }

    private init(_ canBeMade: Bool?, _ reason: String) {
        self.canBeMade = canBeMade
        self.reason = reason
    }

    /// The record of `--json`.
    var json: JSON {
        [
            "can_be_made": canBeMade.map(JSON.bool) ?? .null, "reason": .string(reason),
            "projector": projector.map {
                ["can_be_made": .bool($0.canBeMade), "reason": .string($0.reason)]
            } ?? .null,
        ]
    }
}
