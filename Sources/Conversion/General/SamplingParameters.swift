import Formats
import Tensors

/// How to sample from a model, as its `generation_config.json` recommends it: `general.sampling.*`.
package struct SamplingParameters: Sendable, Equatable {
    /// The order of the samplers (`sequence`).
    package var sequence: String?
    /// The number of tokens to choose from.
    package var topK: Int32?
    /// The share of probability to choose from.
    package var topP: Float?
    /// The least probability, as a share of the best token's.
    package var minP: Float?
    /// How often the best tokens are left out.
    package var xtcProbability: Float?
    /// From which probability on a token counts as one of the best.
    package var xtcThreshold: Float?
    /// The temperature.
    package var temperature: Float?
    /// The number of last tokens that must not be repeated.
    package var penaltyLastN: Int32?
    /// What a repetition costs.
    package var penaltyRepeat: Float?
    /// The version of Mirostat; 0 for none.
    package var mirostat: Int32?
    /// Mirostat's entropy to aim for.
    package var mirostatTau: Float?
    /// Mirostat's rate of learning.
    package var mirostatEta: Float?

    /// Nothing is recommended.
    package init() {}

    /// Takes what an object states.
    /// - Parameters:
    ///   - value: the value of a key, by the key's name in GGUF; `nil` if there is none.
    ///   - wrong: is told of a value that is of no use, and what it had to be.
    mutating func take<E: Error>(
        _ value: (_ key: String) -> JSON?, wrong: (_ key: String, _ expected: String) throws(E) -> Void
    ) throws(E) {
        func integer(_ key: String, _ current: inout Int32?) throws(E) {
            guard let json = value(key) else { return }
            current = json.pythonInt32
            if current == nil, json != .null { try wrong(key, "a whole number of 32 bits") }
        }
        func number(_ key: String, _ current: inout Float?) throws(E) {
            guard let json = value(key) else { return }
            current = json.pythonFloat
            if current == nil, json != .null { try wrong(key, "a number of 32 bits") }
        }
        if let json = value("sequence") {
            sequence = json.pythonText
            if sequence == nil, json != .null { try wrong("sequence", "a text") }
        }
        try integer("top_k", &topK)
        try number("top_p", &topP)
        try number("min_p", &minP)
        try number("xtc_probability", &xtcProbability)
        try number("xtc_threshold", &xtcThreshold)
        try number("temp", &temperature)
        try integer("penalty_last_n", &penaltyLastN)
        try number("penalty_repeat", &penaltyRepeat)
        try integer("mirostat", &mirostat)
        try number("mirostat_tau", &mirostatTau)
        try number("mirostat_eta", &mirostatEta)
    }

    /// Adds the keys that have values.
    func add(to metadata: inout ModelMetadata) {
        func set(_ key: String, _ value: GGUFContent?) {
            if let value { metadata["general.sampling.\(key)"] = value }
        }
        set("sequence", sequence.map { .string($0) })
        set("top_k", topK.map { .int32($0) })
        set("top_p", topP.map { .float32($0) })
        set("min_p", minP.map { .float32($0) })
        set("xtc_probability", xtcProbability.map { .float32($0) })
        set("xtc_threshold", xtcThreshold.map { .float32($0) })
        set("temp", temperature.map { .float32($0) })
        set("penalty_last_n", penaltyLastN.map { .int32($0) })
        set("penalty_repeat", penaltyRepeat.map { .float32($0) })
        set("mirostat", mirostat.map { .int32($0) })
        set("mirostat_tau", mirostatTau.map { .float32($0) })
        set("mirostat_eta", mirostatEta.map { .float32($0) })
    }
}
