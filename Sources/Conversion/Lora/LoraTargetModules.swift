import Formats
import Tensors

/// Which modules of a model an adapter changes (PEFT, `check_target_module_exists`).
struct LoraTargetModules: Sendable {
    /// Some modules by their names, or by one expression that all of a name has to match.
    private enum Names: Sendable {
        case list([String])
        case pattern(PythonPattern)
        /// All linear layers but the last.
        case allLinear
    }

    /// What cannot be honoured.
    private(set) var problems: [LoraConfiguration.Problem] = []
    private var targets: Names?
    private var excluded: Names?
    private var saved: [PythonPattern] = []
    /// The ends of the names of modules that are stored whole (`modules_to_save`).
    private let savedNames: [String]
    private var layers: Set<Int>?
    private var layerLists: [String] = []

    /// Reads what the configuration states of modules; what cannot be honoured is in ``problems``.
    init(_ json: JSON) {
        savedNames = json["modules_to_save"]?.strings ?? []
        var problems: [LoraConfiguration.Problem] = []
        func report(_ key: String, _ reason: String) {
            problems.append(LoraConfiguration.Problem(key: key, reason: reason))
        }
        func names(_ key: String) -> Names? {
            if let names = json[key]?.strings { return .list(names) }
            guard let text = json[key]?.string else { return nil }
            do throws(PythonPattern.Problem) {
                return .pattern(try PythonPattern(text, reachesEnd: true))
            } catch {
                report(key, "has the expression \"\(text)\", which is not taken: \(error)")
                return nil
            }
        }
        if json["target_modules"]?.string?.lowercased().hasSameBytes(as: "all-linear") == true {
            targets = .allLinear
        } else {
            targets = names("target_modules")
        }
        if targets == nil, json["target_modules"]?.string == nil {
            report("target_modules", "is missing: which modules are changed would depend on the program")
        }
        if json["exclude_modules"]?.string?.isEmpty != true { excluded = names("exclude_modules") }
        if json["modules_to_save"]?.string != nil {
            report("modules_to_save", "is a text, and not a list of names")
        }
        for name in savedNames {
            do throws(PythonPattern.Problem) {
                saved.append(try PythonPattern(#"(^|.*\.)"# + name + #"($|\..*)"#))
            } catch {
                report("modules_to_save", "has the expression \"\(name)\", which is not taken: \(error)")
            }
        }
        readLayers(json, report)
        self.problems = problems
    }

    private mutating func readLayers(_ json: JSON, _ report: (String, String) -> Void) {
        switch json["layers_to_transform"] {
        case .integer(let layer)?: layers = [layer]
        case .array(let elements)? where !elements.isEmpty: layers = Set(elements.compactMap(\.integer))
        default: break
        }
        layerLists = json["layers_pattern"]?.strings ?? [json["layers_pattern"]?.string].compactMap(\.self)
        layerLists.removeAll(where: \.isEmpty)
        if layers == nil, !layerLists.isEmpty {
            report("layers_pattern", "is set without layers_to_transform")
        }
        if layers != nil, case .pattern? = targets {
            report("layers_to_transform", "is set although target_modules is one expression")
        }
        let isPlain = layerLists.allSatisfy { $0.utf8.allSatisfy(\.isASCIIWord) }
        if !isPlain { report("layers_pattern", "is an expression, and not plain names") }
    }

    // MARK: A module

    /// Whether all linear layers are changed.
    var takesAllLinear: Bool {
        if case .allLinear? = targets { true } else { false }
    }

    /// Whether a tensor is of a module that is stored whole: PEFT compares the ends of the modules' names.
    func saves(tensor: String) -> Bool {
        var module = Substring(tensor)
        while let dot = module.lastIndex(of: ".") {
            module = module[..<dot]
            if savedNames.contains(where: { String(module).hasUTF8Suffix($0) }) { return true }
        }
        return false
    }

    /// Whether a module is one that the adapter changes; `nil` where versions of PEFT differ.
    /// - Parameter isEmbedding: whether it is an embedding, which is no linear layer.
    /// - Throws: for a name that an expression cannot be looked for in.
    func take(_ module: String, isEmbedding: Bool) throws(PythonPattern.Problem) -> Bool? {
        if let excluded, try Self.match(excluded, module, isEmbedding: false) { return false }
        for pattern in saved where try pattern.matches(module) { return false }
        guard let targets, try Self.match(targets, module, isEmbedding: isEmbedding) else { return false }
        guard let layers, case .list(let names) = targets,
            !names.containsExactly(module)
        else { return true }
        return isTaken(module, layers)
    }

    private static func match(
        _ names: Names, _ module: String, isEmbedding: Bool
    ) throws(PythonPattern.Problem) -> Bool {
        switch names {
        case .list(let names):
            return names.contains { module.hasSameBytes(as: $0) || module.hasUTF8Suffix("." + $0) }
        case .pattern(let pattern): return try pattern.matches(module)
        case .allLinear:
            let last = module.split(separator: ".").last.map(String.init) ?? module
            return !isEmbedding && !["lm_head", "embed_out"].contains(last)
        }
    }

    /// Whether the module's layer is among those wanted. PEFT before 0.20 takes the last number of a name for its
    /// layer and later ones the first; a name in which those differ has no answer.
    private func isTaken(_ module: String, _ layers: Set<Int>) -> Bool? {
        let parts = module.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        func isLayer(_ index: Int, under list: String?) -> Bool {
            guard index < parts.count - 1, !parts[index].isEmpty,
                parts[index].utf8.allSatisfy(\.isASCIIDigit)
            else { return false }
            guard let list else { return index >= 2 }
            return index >= 1 && parts[index - 1].hasSameBytes(as: list)
        }
        let lists: [String?] = layerLists.isEmpty ? [nil] : layerLists
        for list in lists {
            let found = parts.indices.filter { isLayer($0, under: list) }
            guard let first = found.first, let last = found.last else { continue }
            guard first == last, list == nil || first >= 2, let layer = Int(parts[first]) else { return nil }
            return layers.contains(layer)
        }
        return false
    }
}
