package import Fitting
package import Formats
import Tensors

/// What `gguf = "fit"` asks for: how large the file may be, and what of types may not be chosen.
package struct FitRequest: Hashable, Sendable {
    /// What `gguf` is where types are chosen.
    package static let name = "fit"
    /// The keys that state how large the file may be, of which an entry has one.
    package static let budgetKeys = ["max-size", "bits", "fit-memory"]
    /// The keys that nothing else than a fit has.
    package static let keys = [
        "bits", "fit-memory", "context", "floor", "speed", "fused", "weight", "calibrate",
    ]
    /// What `weight` may be at most.
    package static let greatestWeight = 100
    /// What `floor` takes.
    package static let floors = ["Q8_0", "Q6_K", "Q5_K", "Q4_K", "none"]
    /// What `speed` takes.
    package static let speeds = ["any", "cpu"]

    /// How large the file may be.
    package let budget: FitBudget
    /// What may not be chosen.
    package let constraints: FitConstraints
    /// The path of a text, relative to the manifest, on which the weights of roles are measured; `nil` takes the table's.
    package let calibrate: String?

    /// States a request.
    package init(
        budget: FitBudget, constraints: FitConstraints = FitConstraints(), calibrate: String? = nil
    ) {
        self.calibrate = calibrate
        self.budget = budget
        self.constraints = constraints
    }

    /// Reads a request from the keys of a manifest's entry, or of what a lock states was asked.
    /// - Parameter value: gives the text of a key, of sizes the number of bytes; `nil` if there is none.
    /// - Returns: `nil` where more than one key states a budget, or a value is none. Without any the budget is shared.
    init?(value: (String) -> String?) {
        let stated = Self.budgetKeys.count(where: { value($0) != nil })
        guard stated <= 1 else { return nil }
        if stated == 0 {
            guard let weight = Int(value("weight") ?? "1"), (1...Self.greatestWeight).contains(weight) else {
                return nil
            }
            budget = .shared(weight: weight)
        } else if let size = value("max-size") {
            guard let bytes = Int(size), bytes > 0 else { return nil }
            budget = .size(bytes)
        } else if let bits = value("bits") {
            guard let number = FitBudget.millibits(of: bits) else { return nil }
            budget = .millibits(number)
        } else {
            guard let accelerator = value("fit-memory").flatMap(Accelerator.init(rawValue:)),
                let tokens = Int(value("context") ?? "\(FitBudget.usualContext)"), tokens > 0
            else { return nil }
            budget = .memory(accelerator, context: tokens)
        }
        var constraints = FitConstraints()
        if let floor = value("floor") {
            guard Self.floors.containsExactly(floor) else { return nil }
            constraints.floor = floor == "none" ? nil : GGMLType(name: floor)
        }
        constraints.isForCPU = value("speed") == "cpu"
        constraints.isFused = value("fused") == "true"
        self.constraints = constraints
        calibrate = value("calibrate")
    }

    /// The manifest's keys as texts; what is usual is left out.
    package var parameters: [JSON.Member] {
        var members: [JSON.Member] = []
        switch budget {
        case .size(let bytes): members.append(JSON.Member("max-size", .string("\(bytes)")))
        case .millibits(let bits): members.append(JSON.Member("bits", .string(FitBudget.bits(bits))))
        case .memory(let accelerator, let context):
            members.append(JSON.Member("fit-memory", .string(accelerator.rawValue)))
            members.append(JSON.Member("context", .string("\(context)")))
        case .shared(let weight):
            if weight != 1 { members.append(JSON.Member("weight", .string("\(weight)"))) }
        }
        if constraints.floor != FitConstraints().floor {
            members.append(JSON.Member("floor", .string(constraints.floor?.name ?? "none")))
        }
        if constraints.isForCPU { members.append(JSON.Member("speed", .string("cpu"))) }
        if constraints.isFused { members.append(JSON.Member("fused", .string("true"))) }
        if let calibrate { members.append(JSON.Member("calibrate", .string(calibrate))) }
        return members
    }

    /// "4.20 GB", "4.25 bits", "t4x2 with 8192 tokens", and what is not usual.
    var text: String {
        var text: String
        switch budget {
        case .size(let bytes): text = "within \(ByteCount.text(bytes))"
        case .millibits(let bits): text = "within \(FitBudget.bits(bits)) bits"
        case .memory(let accelerator, let context):
            text = "within \(accelerator.rawValue) with \(context) tokens"
        case .shared(let weight):
            text = "within the bundle's budget" + (weight == 1 ? "" : ", weight \(weight)")
        }
        if constraints.floor != FitConstraints().floor {
            text += ", floor \(constraints.floor?.name ?? "none")"
        }
        if constraints.isForCPU { text += ", for cpu" }
        if constraints.isFused { text += ", fused" }
        if let calibrate { text += ", calibrated on \(calibrate)" }
        return text
    }
}
