package import Formats
import Tensors

/// `adapter_config.json` of a LoRA adapter: every key that PEFT 0.17 to 0.21.2 writes or once wrote, with what it
/// means for merging (`LoraConfig`; `LoraLayer.update_layer`, `LoraModel._create_and_replace`).
///
/// What decides the merged numbers is taken, what only training or finding files needs is left alone, and everything
/// else is in ``problems``, by its name.
package struct LoraConfiguration: Sendable {
    /// A key whose value cannot be honoured when the adapter is merged.
    package struct Problem: Hashable, Sendable {
        /// The key.
        package let key: String
        /// Why, as the rest of a sentence that begins with the key and its value.
        package let reason: String
    }

    /// The value that a pattern gives the modules that it names.
    struct Pattern: Sendable {
        /// Which names of modules it is for.
        let pattern: PythonPattern
        /// The rank, or the factor, that those modules have.
        let value: Double
    }

    /// All that cannot be honoured, in the order of the file.
    package private(set) var problems: [Problem] = []
    /// Whether products are scaled by the rank's root (`use_rslora`).
    package let isRankStabilized: Bool
    /// What the layers of GPT-2's kind are said to be (`fan_in_fan_out`), which PEFT sees for itself.
    package let isTransposed: Bool
    /// Whether a module without matrices would get random ones (`init_lora_weights`).
    let needsAllMatrices: Bool
    /// Whether the biases of all modules are the adapter's (`bias: all`).
    let takesAllBiases: Bool
    /// The rank where no pattern states another.
    let rank: Int
    /// The factor where no pattern states another; `nil` if there is no number.
    package let alpha: Double?
    private var rankPatterns: [Pattern] = []
    private var alphaPatterns: [Pattern] = []
    /// The modules that are changed, and those that are stored whole.
    let targets: LoraTargetModules

    /// Takes a configuration.
    /// - Throws: if it is not one of a LoRA adapter, or no object.
    package init(_ json: JSON) throws(ConversionError) {
        let members = json.members ?? []
        var problems: [Problem] = []
        func report(_ key: String, _ reason: String) { problems.append(Problem(key: key, reason: reason)) }
        var keys: Set<ExactName> = []
        for member in members {
            if !keys.insert(member.key).inserted { report(member.key, "occurs twice") }
            guard let rule = LoraKeys.rule(of: member.key) else {
                report(member.key, "is not known: PEFT 0.21.2 has no such option for LoRA")
                continue
            }
            if let reason = rule.problem(with: member.value) { report(member.key, reason) }
            if let twice = member.value.repeatedKey { report(member.key, "has the key \"\(twice)\" twice") }
        }
        if let method = json["peft_type"]?.string, method.uppercased() != "LORA" {
            throw ConversionError(
                .adapterMethod, "the adapter is of the method \(method), and only LoRA can be taken",
                fix: "merge it with PEFT's merge_and_unload, and convert the model")
        }
        isRankStabilized = json["use_rslora"]?.bool == true
        isTransposed = json["fan_in_fan_out"]?.bool == true
        needsAllMatrices = LoraKeys.makesRandomMatrices(json["init_lora_weights"])
        takesAllBiases = json["bias"]?.string.map { $0.hasSameBytes(as: "all") } ?? false
        rank = json["r"]?.integer ?? 8
        alpha = json["lora_alpha"]?.double
        for (key, isWhole) in [("rank_pattern", true), ("alpha_pattern", false)] {
            for member in json[key]?.members ?? [] {
                let number = isWhole ? member.value.integer.map(Double.init) : member.value.double
                guard let number, !isWhole || number > 0 else {
                    report(
                        key,
                        "gives \"\(member.key)\" \(member.value.compactText), which is not a number that it takes"
                    )
                    continue
                }
                do throws(PythonPattern.Problem) {
                    let pattern = try PythonPattern(#"(.*\.)?("# + member.key + ")$")
                    let own = Pattern(pattern: pattern, value: number)
                    if isWhole { rankPatterns.append(own) } else { alphaPatterns.append(own) }
                } catch {
                    report(key, "has the expression \"\(member.key)\", which is not taken: \(error)")
                }
            }
        }
        let targets = LoraTargetModules(json)
        self.targets = targets
        self.problems = problems + targets.problems
    }

    /// The rank of a module's matrices.
    /// - Throws: for a name that a pattern cannot be looked for in.
    func rank(of module: String) throws(PythonPattern.Problem) -> Int {
        for own in rankPatterns where try own.pattern.matches(module) { return Int(own.value) }
        return rank
    }

    /// The factor of a module's product: alpha by rank, or by the rank's root for rank-stabilized adapters.
    /// - Throws: for a name that a pattern cannot be looked for in.
    func scale(of module: String, rank: Int) throws(PythonPattern.Problem) -> Double {
        var alpha = alpha ?? 8
        for own in alphaPatterns where try own.pattern.matches(module) {
            alpha = own.value
            break
        }
        return isRankStabilized ? alpha / Double(rank).squareRoot() : alpha / Double(rank)
    }
}

extension LoraConfiguration.Problem {
    /// The problem as a sentence.
    package var sentence: String { "\"\(key)\" in adapter_config.json \(reason)" }
}

extension JSON {
    /// The first key that an object in the value, at any depth, has twice: Python takes the last of them and others the
    /// first. `nil` if there is none.
    fileprivate var repeatedKey: String? {
        switch self {
        case .object(let members):
            var keys: Set<ExactName> = []
            for member in members {
                guard keys.insert(ExactName(member.key)).inserted else { return member.key }
                if let inner = member.value.repeatedKey { return inner }
            }
            return nil
        case .array(let elements):
            // Not lazily: `first` of a lazy collection asks twice, at each depth.
            for element in elements {
                if let inner = element.repeatedKey { return inner }
            }
            return nil
        default: return nil
        }
    }
}
