package import Formats

/// Compares configurations of other programs with what is known of their keys.
package struct ForeignReview {
    /// What was found, in the order of the files and their keys.
    package private(set) var findings: [ForeignFinding] = []
    private let file: String

    /// Nothing yet, for one file.
    package init(file: String) { self.file = file }

    /// Compares the members of an object.
    /// - Parameters:
    ///   - table: the keys that are known.
    ///   - parent: the keys of the objects that it is in, each with a dot behind.
    ///   - others: where values are looked for that decide whether one is right; `nil` for the object itself.
    package mutating func check(
        _ object: JSON, _ table: ForeignTable, in parent: String = "", with others: JSON? = nil
    ) {
        var last: [ExactName: JSON] = [:]
        var order: [String] = []
        for member in object.members ?? []
        where last.updateValue(member.value, forKey: ExactName(member.key)) == nil {
            order.append(member.key)
        }
        for key in order {
            guard let value = last[key] else { continue }
            check(key, value, table, parent, others ?? object)
        }
    }

    /// Compares what keys mean that the object does not have.
    mutating func checkAbsent(_ object: JSON, _ table: ForeignTable, in parent: String) {
        for row in table.rows {
            guard let value = row.absent, let key = row.keys.first,
                row.keys.allSatisfy({ object[$0] ?? .null == .null })
            else { continue }
            check(key, value, table, parent, object)
        }
    }

    private mutating func check(
        _ key: String, _ value: JSON, _ table: ForeignTable, _ parent: String, _ object: JSON
    ) {
        guard let rule = table.rule(of: key) else {
            if value != .null { report(parent + key, .unknown, "") }
            return
        }
        // Only where it is told: a vocabulary is tens of megabytes.
        var shown: String { Self.shown(value) }
        if let problem = table.row(of: key)?.kind?.problem(with: value) {
            report(parent + key, .error, "is \(shown), \(problem)")
        }
        switch rule {
        case .read where ConfigKeys.lists.containsExactly(key) && value != .null && value.array == nil:
            report(parent + key, .error, "is \(shown), and not a list")
        case .read, .ignored: break
        case .only(let values, let reason):
            if !Self.isOne(value, of: values) { report(parent + key, .error, "is \(shown): \(reason)") }
        case .warned(let values, let reason):
            if !Self.isOne(value, of: values) { report(parent + key, .warning, "is \(shown): \(reason)") }
        case .noted(let values, let reason):
            if !Self.isOne(value, of: values) { report(parent + key, .note, "is \(shown): \(reason)") }
        case .related(let relation):
            guard value != .null, let (weight, reason) = relation.problem(with: value, in: object) else {
                return
            }
            report(parent + key, weight, "is \(shown): \(reason)")
        case .object:
            if value != .null, value.members == nil {
                report(parent + key, .error, "is \(shown), which is not an object")
            }
        }
    }

    /// Notes a finding.
    package mutating func report(_ key: String, _ weight: ForeignFinding.Weight, _ reason: String) {
        findings.append(ForeignFinding(file: file, key: key, weight: weight, reason: reason))
    }

    /// Whether a value is `null` or one of some; numbers are equal by what they are worth.
    static func isOne(_ value: JSON, of values: [JSON]) -> Bool {
        if value == .null { return true }
        return values.contains { other in
            if case .bool = value { return value == other }
            if case .bool = other { return value == other }
            if let number = value.double, let other = other.double { return number == other }
            return value == other
        }
    }

    /// A value as a message shows it: compact JSON, cut off behind 57 bytes where it is longer than 60.
    static func shown(_ value: JSON) -> String {
        let text = value.compactText
        return text.utf8.count > 60 ? String(decoding: text.utf8.prefix(57), as: UTF8.self) + "…" : text
    }
}

extension ForeignRelation {
    /// Why a value does not fit the others; `nil` where it does.
    func problem(with value: JSON, in config: JSON) -> (weight: ForeignFinding.Weight, reason: String)? {
        switch self {
        case .window(let isAskedFor):
            let asked = config["use_sliding_window"]?.isTruthy
            guard let window = value.integer, window > 0, asked ?? !isAskedFor else { return nil }
            if let context = config["max_position_embeddings"]?.integer, window >= context { return nil }
            // Only what turns the window on by itself is unusual; the others are published so.
            let isAsked = asked == true
            return (
                isAsked ? .warning : .note, "llama.cpp has no window for this family, and sees all tokens"
            )
        case .layers(let period):
            guard let types = value.strings else { return (.error, "the list has something else than names") }
            let expected = types.indices.map { index in
                guard let period else { return "full_attention" }
                return (index + 1).isMultiple(of: period) ? "full_attention" : "sliding_attention"
            }
            guard types.map({ ExactName($0) }) == expected.map({ ExactName($0) }) else {
                let isWindow = types.allSatisfy { ["full_attention", "sliding_attention"].contains($0) }
                let fixed = period.map { "layer \($0), \(2 * $0), … sees all" } ?? "all layers see all"
                return (isWindow ? .warning : .error, "in llama.cpp's model of this family \(fixed)")
            }
            return nil
        case .queryScale(let layers):
            guard let scalar = value.double else { return (.error, "it is not a number") }
            let width = config["hidden_size"]?.double
            let heads = config["num_attention_heads"]?.double
            let isLarge = config["num_hidden_layers"]?.integer == layers
            let share = width.flatMap { width in heads.map { width / $0 } }
            guard let expected = isLarge ? share : config["head_dim"]?.double ?? 256, scalar != expected
            else {
                return nil
            }
            return (.warning, "llama.cpp takes \(JSON.number(expected).compactText) for this model")
        case .all(let name):
            let isAll = value.array?.allSatisfy { $0.isText(name) } == true
            return isAll ? nil : (.error, "in llama.cpp's model of this family all layers are \(name)")
        case .oneBase:
            let base = (config["rope_parameters"] ?? .null)["rope_theta"] ?? config["rope_theta"]
            let isOne = value.array?.allSatisfy { $0.double != nil && $0.double == base?.double } == true
            return isOne ? nil : (.warning, "llama.cpp rotates all layers of this family by one base")
        case .rotations(let period):
            guard let flags = value.array else { return (.error, "it is not a list") }
            let isExpected = flags.enumerated().allSatisfy { index, flag in
                let isOn = flag.integer.map { $0 != 0 } ?? flag.bool
                return isOn == !(index + 1).isMultiple(of: period)
            }
            return isExpected
                ? nil
                : (
                    .warning,
                    "in llama.cpp's model of this family each layer but \(period), \(2 * period), … has rotations"
                )
        }
    }
}
