package import Formats
package import Manifests

/// A model, or a data set, as the lists of the marketplace have it: what was read of its files once, and what it is chosen by.
package struct MarketModel: Sendable {
    /// What it is asked for by: the source without a revision, such as "hf:org/name".
    package let id: String
    /// The record that lists show.
    package let summary: JSON
    /// What names its newest state in the index of what was read.
    package let key: String
    /// The name in small letters, which decides the order.
    let name: String
    /// All that words are looked for in, in small letters.
    let words: String
    /// The bytes of its files.
    let size: Int
    /// The number of parameters; 0 where it is not known.
    let parameters: Int
    /// The day of its last change, as "2026-11-30".
    let updated: String
    /// The names of its direct bases.
    let bases: [String]
    /// What others see of it where this is its owner's alone: at most one, the newest version that is public.
    package var open: [MarketModel] = []

    /// Takes a record with the members "id", "name", "size" and what else is known.
    /// - Returns: `nil` for one without an id.
    package init?(_ summary: JSON, key: String) {
        guard let id = summary["id"]?.string, let name = summary["name"]?.string else { return nil }
        self.id = id
        self.key = key
        self.summary = summary
        self.name = name.lowercased()
        size = max(0, summary["size"]?.integer ?? 0)
        parameters = max(0, summary["parameters"]?.integer ?? 0)
        updated = summary["updated"]?.string ?? ""
        bases = summary["base_models"]?.strings ?? []
        let texts = ["title", "task", "library", "license"].compactMap { summary[$0]?.string }
        let lists = ["tags", "languages", "frameworks", "formats", "architectures", "base_models"]
            .flatMap { summary[$0]?.strings ?? [] }
        words = ([name] + texts + lists).joined(separator: "\n").lowercased()
    }

    /// What a repository that clients of the Hub uploaded is asked for by.
    package static func id(of repository: HubRepository) -> String {
        (repository.kind == .model ? "here:" : "here-\(repository.kind.rawValue):") + repository.id
    }

    /// The same as its owner's alone, until it is looked at again.
    var hidden: MarketModel? {
        let members = (summary.members ?? []).map { member in
            member.key.hasSameBytes(as: "visibility") ? JSON.Member(member.key, "private") : member
        }
        // The key of nothing, so that the next look reads it anew.
        return MarketModel(.object(members), key: "")
    }

    /// Whether a member has this text, or has it in its list, in any case.
    func has(_ member: String, _ wanted: String) -> Bool {
        let value = summary[member]
        let texts = value?.string.map { [$0] } ?? value?.strings ?? []
        return texts.contains { $0.lowercased().hasSameBytes(as: wanted) }
    }

    /// The last part of a name of which others state that they were made from it: "org/name" of "hf:org/name".
    var plainName: String {
        guard let colon = id.utf8.firstIndex(of: UInt8(ascii: ":")) else { return id }
        return String(id[id.utf8.index(after: colon)...])
    }
}

/// What tasks are gathered under, as the Hub gathers them.
package enum MarketCategory {
    /// The category of a task; "other" for one that is in none, or where none is stated.
    package static func name(task: String?, kind: String) -> String {
        if kind == "dataset" { return "dataset" }
        guard let task = task?.lowercased() else { return "other" }
        return all.first { $0.tasks.containsExactly(task) }?.name ?? "other"
    }

    /// All names, in the order in which they are shown.
    package static let names = all.map(\.name) + ["dataset", "other"]

    /// huggingface.js, `packages/tasks/src/pipelines.ts`; "classification" and those behind it are the types of the registry.
    private static let all: [(name: String, tasks: [String])] = [
        (
            "language",
            [
                "text-generation", "text-classification", "token-classification", "question-answering",
                "table-question-answering", "zero-shot-classification", "translation", "summarization",
                "feature-extraction", "text2text-generation", "fill-mask", "sentence-similarity",
                "text-ranking", "conversational", "nlp",
            ]
        ),
        (
            "vision",
            [
                "image-classification", "object-detection", "image-segmentation", "depth-estimation",
                "text-to-image", "image-to-text", "image-to-image", "image-to-video",
                "unconditional-image-generation", "video-classification", "text-to-video",
                "zero-shot-image-classification", "mask-generation", "zero-shot-object-detection",
                "text-to-3d", "image-to-3d", "image-feature-extraction", "keypoint-detection",
                "video-to-video", "computer_vision",
            ]
        ),
        (
            "multimodal",
            [
                "image-text-to-text", "visual-question-answering", "document-question-answering",
                "video-text-to-text", "audio-text-to-text", "any-to-any", "visual-document-retrieval",
                "image-text-to-image", "image-text-to-video",
            ]
        ),
        (
            "audio",
            [
                "text-to-speech", "text-to-audio", "automatic-speech-recognition", "audio-to-audio",
                "audio-classification", "voice-activity-detection",
            ]
        ),
        (
            "tabular",
            [
                "tabular-classification", "tabular-regression", "time-series-forecasting", "classification",
                "regression", "clustering", "time_series", "recommendation",
            ]
        ),
        ("reinforcement", ["reinforcement-learning", "robotics", "reinforcement_learning"]),
    ]
}
