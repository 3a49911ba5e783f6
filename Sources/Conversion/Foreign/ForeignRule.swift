package import Formats

/// What is done with a key of a configuration that another program wrote.
package enum ForeignRule: Sendable {
    /// It is honoured: what it decides is what the GGUF states or its tensors are.
    case read(String)
    /// It changes no number of the GGUF, for the reason that is given.
    case ignored(String)
    /// Only these values, `null`, and a missing key are what llama.cpp computes. Every other is an error.
    case only([JSON], String)
    /// The same, where other values are a warning: they matter for some inputs alone, or families have them by default.
    case warned([JSON], String)
    /// The same, where other values are a note: published models have them, and llama.cpp has nothing for them.
    case noted([JSON], String)
    /// The value depends on others of the configuration.
    case related(ForeignRelation)
    /// An object whose keys have rules of their own, or `null`.
    case object
}

/// A rule for values that only other values make right.
package enum ForeignRelation: Sendable {
    /// A window of attention that llama.cpp does not have for the family: it sees all tokens.
    /// - Parameter isAskedFor: whether there is one only if `use_sliding_window` is true.
    case window(isAskedFor: Bool)
    /// The kinds of the layers (`layer_types`), of which each that is `period`-th sees all; `nil` where all do.
    case layers(period: Int?)
    /// What scores are divided by the root of: a head's length, but in a model of so many layers the hidden size's share.
    case queryScale(layers: Int)
    /// A list of the same name for each layer.
    case all(String)
    /// The base of the rotations of each layer, which is the same for all.
    case oneBase
    /// Which layers have rotations: all but each `period`-th.
    case rotations(period: Int)
}

/// What the value of a key has to be: of another kind it would decide something else in Python, or fail there.
package enum ForeignKind: Sendable {
    /// `true` or `false`; also 1 or 0, which Python takes for them.
    case flag
    /// A number, which a truth value is not.
    case number

    /// Why a value is not right; `nil` where it is.
    func problem(with value: JSON) -> String? {
        switch self {
        case .flag: value == .null || value.flag != nil ? nil : "and neither true nor false"
        case .number: value == .null || value.double != nil ? nil : "and not a number"
        }
    }
}

/// The rule for some keys of a configuration.
package struct ForeignRow: Sendable {
    /// The keys.
    package let keys: [String]
    /// The rule.
    package let rule: ForeignRule
    /// What transformers takes where no key is there; `nil` where that is what llama.cpp computes.
    let absent: JSON?
    /// What a value has to be besides `null`; `nil` where that depends on more.
    let kind: ForeignKind?

    /// Gives all of these keys one rule, and one kind of value if one is named.
    init(_ keys: [String], _ rule: ForeignRule, absent: JSON? = nil, _ kind: ForeignKind? = nil) {
        (self.keys, self.rule, self.absent, self.kind) = (keys, rule, absent, kind)
    }
}

/// All keys of one kind of configuration that are known, with what is done with each.
package struct ForeignTable: Sendable {
    /// What is described: a file, or a part of one.
    package let title: String
    /// The rules; the first that has a key decides.
    package let rows: [ForeignRow]
    /// Ends of keys that are known without being listed, because files name such keys freely.
    package let ends: [String]

    /// Lists rules in the order in which they are asked.
    init(_ title: String, ends: [String] = [], _ rows: [ForeignRow]) {
        (self.title, self.rows, self.ends) = (title, rows, ends)
    }

    /// The rule of a key; `nil` for one that is not known.
    package func rule(of key: String) -> ForeignRule? {
        if let row = row(of: key) { return row.rule }
        return ends.contains { key.hasUTF8Suffix($0) } ? .ignored("a name of the file's own") : nil
    }

    /// The row that has a key; `nil` for one that is not listed.
    func row(of key: String) -> ForeignRow? { rows.first { $0.keys.containsExactly(key) } }

    /// Every key that is listed.
    package var keys: [String] { rows.flatMap(\.keys) }
}

/// What a configuration states that the result does not follow, or may not.
package struct ForeignFinding: Hashable, Sendable {
    /// How much it weighs.
    package enum Weight: Sendable {
        /// The result would be another for every input.
        case error
        /// The result may be another.
        case warning
        /// The result is another in a way that llama.cpp has for all such models.
        case note
        /// The key is not known.
        case unknown
    }

    /// The file.
    package let file: String
    /// The key, with the keys of the objects that it is in.
    package let key: String
    /// How much it weighs.
    package let weight: Weight
    /// What the value is and why that matters, to be read behind the key; empty for one that is not known.
    package let reason: String

    /// The finding as a sentence.
    package var sentence: String { "\(file): \"\(key)\" \(reason)" }
}
