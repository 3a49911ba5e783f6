import Formats
import Manifests
import ModelFacts
import Transfer

/// How much speaks for a model, in points with their reasons: who uses it, and how well it is described.
///
/// It states nothing of what the model can do.
struct QualityScore: Equatable {
    /// One of the parts.
    struct Part: Equatable {
        /// What it is about.
        let name: String
        /// The points, and the most that there are; `nil` where nothing is known of it.
        let points: Int?
        /// The most points that this part can have.
        let most: Int
        /// Why.
        let reason: String
    }

    /// The parts, in the order of their weight.
    let parts: [Part]

    /// The points of all parts of which something is known.
    var points: Int { parts.reduce(0) { $0 + ($1.points ?? 0) } }
    /// The most points that these parts have.
    var most: Int { parts.reduce(0) { $0 + ($1.points == nil ? 0 : $1.most) } }

    /// What speaks for it.
    /// - Parameters:
    ///   - found: what the service states; `nil` where nobody was asked.
    ///   - facts: what its files state; `nil` where nobody looked into them.
    ///   - hasDescription: whether anybody describes it.
    init(
        _ found: FoundRepository?, _ facts: ModelFacts?, license: String?, hasDescription: Bool, isModel: Bool
    ) {
        var parts = [
            QualityScore.count(
                "downloads", found?.downloads, most: 30,
                [(1_000_000, 30), (100_000, 25), (10_000, 20), (1000, 15), (100, 10), (10, 5)]),
            QualityScore.count(
                "likes", found?.likes, most: 20, [(1000, 20), (300, 16), (100, 12), (30, 8), (10, 4)]),
            QualityScore.license(license),
            QualityScore.card(found, facts, hasDescription),
        ]
        if isModel {
            parts.append(QualityScore.library(found, facts))
            parts.append(QualityScore.format(facts))
        }
        self.parts = parts
    }

    private static func count(
        _ name: String, _ count: Int?, most: Int, _ steps: [(least: Int, points: Int)]
    ) -> Part {
        guard let count else { return Part(name: name, points: nil, most: most, reason: "not known") }
        let points = steps.first { count >= $0.least }?.points ?? 0
        return Part(
            name: name, points: points, most: most, reason: "\(ParameterText.text(count)) \(name)")
    }

    private static func license(_ license: String?) -> Part {
        guard let license else {
            return Part(name: "licence", points: 0, most: 15, reason: "none is stated")
        }
        let name = LicenseName(license)
        if name.isUnknown {
            return Part(name: "licence", points: 0, most: 15, reason: "\(license) states none")
        }
        return Part(
            name: "licence", points: name.isKnown ? 15 : 8, most: 15,
            reason: name.isKnown ? license : "\(license), which is in no list of licences")
    }

    private static func card(_ found: FoundRepository?, _ facts: ModelFacts?, _ hasDescription: Bool) -> Part
    {
        var points = 0
        var has: [String] = []
        if hasDescription {
            points += 5
            has.append("a description")
        }
        if !(facts?.card?.baseModels ?? found?.baseModels ?? []).isEmpty
            || !(facts?.card?.datasets ?? []).isEmpty || !(found?.stated("dataset:") ?? []).isEmpty
        {
            points += 5
            has.append("what it was made from")
        }
        if !(facts?.card?.languages ?? []).isEmpty || !(facts?.card?.tags ?? found?.tags ?? []).isEmpty {
            points += 5
            has.append("tags or languages")
        }
        return Part(
            name: "card", points: points, most: 15,
            reason: has.isEmpty ? "there is none" : "it has " + has.joined(separator: ", "))
    }

    private static func library(_ found: FoundRepository?, _ facts: ModelFacts?) -> Part {
        let library = found?.library ?? facts?.card?.library ?? found?.framework
        let task = found?.task ?? facts?.card?.pipelineTag
        let stated = [library, task].compactMap(\.self)
        return Part(
            name: "library", points: (library == nil ? 0 : 5) + (task == nil ? 0 : 5), most: 10,
            reason: stated.isEmpty ? "neither library nor task is stated" : stated.joined(separator: ", "))
    }

    private static func format(_ facts: ModelFacts?) -> Part {
        guard let facts else {
            return Part(name: "format", points: nil, most: 10, reason: "not known")
        }
        let plain: [ModelFormat] = [.safetensors, .gguf, .onnx, .tflite, .keras, .openvino, .coreml]
        guard let best = plain.first(where: facts.formats.contains) else {
            let only = facts.formats.first.map { "only \($0.rawValue)" } ?? "no weights"
            return Part(name: "format", points: 0, most: 10, reason: only)
        }
        let hasCode =
            !facts.safety.code.filter(\.runsUnasked).isEmpty || !(facts.config?.remoteCode ?? []).isEmpty
        return Part(
            name: "format", points: hasCode ? 5 : 10, most: 10,
            reason: hasCode ? "\(best.rawValue), and code of its own" : best.rawValue)
    }

    /// The record of `--json`.
    var json: JSON {
        [
            "points": .integer(points), "most": .integer(most),
            "parts": .array(
                parts.map { part in
                    [
                        "name": .string(part.name), "points": part.points.map(JSON.integer) ?? .null,
                        "most": .integer(part.most), "reason": .string(part.reason),
                    ]
                }),
        ]
    }
}
