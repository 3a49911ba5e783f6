package import Formats
import Manifests

/// One of the formats in which a repository has its weights, and whether a bundle needs it.
package struct FormatUse: Equatable, Sendable {
    /// The format.
    package let format: ModelFormat
    /// The files in this format, in the order of their paths.
    package let files: [RelativePath]
    /// Their size in bytes.
    package let size: Int
    /// Whether a bundle needs them.
    package let isNeeded: Bool
    /// Why, as a clause.
    package let reason: String

    /// The formats that hold a whole model, the one first that is best to pack: mapped and without code, then those that one
    /// library reads, then pickles.
    private static let order: [ModelFormat] = [
        .safetensors, .gguf, .mlx, .keras, .onnx, .tflite, .openvino, .coreml, .tensorflow, .flax, .jax,
        .pytorch, .ggml, .scikitLearn, .pickle,
    ]

    /// All formats, the needed one first.
    ///
    /// - Parameters:
    ///   - files: the weights with their sizes and formats.
    ///   - isPipeline: whether each folder is a part of one model.
    package static func all(
        _ files: [(path: RelativePath, size: Int, format: ModelFormat)], isPipeline: Bool
    ) -> [FormatUse] {
        let weights = files.filter { !ModelPath($0.path).isTrainingState }
        let states = files.filter { ModelPath($0.path).isTrainingState }
        // An adapter is put on a model that is elsewhere; what is beside it is no second form of it.
        let present = order.filter { format in weights.contains { $0.format == format } }
        guard let best = present.first else { return [] }
        var uses: [FormatUse] = []
        for format in present {
            let own = weights.filter { $0.format == format }
            guard format == best else {
                uses.append(FormatUse(format, own, false, "the same weights, as \(best.rawValue) above"))
                continue
            }
            if format == .safetensors {
                uses += safetensors(own, isPipeline: isPipeline)
            } else if format == .gguf {
                uses.append(FormatUse(format, own, true, gguf(own)))
            } else {
                uses.append(FormatUse(format, own, true, "the only form, or the best one"))
            }
        }
        for format in order {
            let own = states.filter { $0.format == format }
            if !own.isEmpty { uses.append(FormatUse(format, own, false, "what a trainer keeps to go on")) }
        }
        return uses
    }

    private init(
        _ format: ModelFormat, _ files: [(path: RelativePath, size: Int, format: ModelFormat)],
        _ isNeeded: Bool, _ reason: String
    ) {
        self.format = format
        self.files = files.map(\.path).sorted()
        size = files.reduce(0) { total, file in
            let (sum, overflow) = total.addingReportingOverflow(file.size)
            return overflow ? Int.max : sum
        }
        self.isNeeded = isNeeded
        self.reason = reason
    }

    /// The files that are the model, and its other copies: "original/", other precisions.
    private static func safetensors(
        _ files: [(path: RelativePath, size: Int, format: ModelFormat)], isPipeline: Bool
    ) -> [FormatUse] {
        let isAdapter: (RelativePath) -> Bool = { ModelPath($0).isAdapter }
        let all = files.map { ModelFile(path: $0.path, location: "", size: $0.size) }
        let chosen = Set(WeightSummary.chosen(all, isPipeline: isPipeline).map(\.path))
        let needed = files.filter { chosen.contains($0.path) || isAdapter($0.path) }
        let others = files.filter { !chosen.contains($0.path) && !isAdapter($0.path) }
        var uses = [FormatUse(.safetensors, needed, true, "mapped, and without code")]
        if !others.isEmpty {
            uses.append(FormatUse(.safetensors, others, false, "another copy of the weights"))
        }
        return uses
    }

    private static func gguf(_ files: [(path: RelativePath, size: Int, format: ModelFormat)]) -> String {
        let sets = GGUFWeights.sets(files.map { ($0.path, $0.size) })
        return sets.count > 1
            ? "\(sets.count) models: one of them is enough" : "the only form, or the best one"
    }

    /// The globs that leave out what is not needed, for `exclude`; sorted. None takes a needed file.
    ///
    /// - Parameter all: the paths of all files.
    package static func exclusions(_ uses: [FormatUse], all: [RelativePath]) -> [String] {
        let unneeded = Set(uses.filter { !$0.isNeeded }.flatMap(\.files))
        var kept: Set<ExactName> = []
        // By folder at the top: whether it has weights that are needed, and whether it has others.
        var folders: [ExactName: (needed: Bool, unneeded: Bool)] = [:]
        for path in all {
            if !unneeded.contains(path) { kept.insert(ExactName(path.pathExtension ?? "")) }
            guard let top = folder(path), unneeded.contains(path) || ModelFormat.isWeightLike(path) else {
                continue
            }
            var state = folders[top] ?? (false, false)
            if unneeded.contains(path) { state.unneeded = true } else { state.needed = true }
            folders[top] = state
        }
        var patterns: Set<ExactName> = []
        for path in unneeded {
            let suffix = path.pathExtension ?? ""
            if let top = folder(path), folders[top]?.needed == false {
                patterns.insert(ExactName(FileRequirement.pattern(top.text) + "/*"))
            } else if suffix.isEmpty || kept.contains(ExactName(suffix)) {
                patterns.insert(ExactName(FileRequirement.pattern(path.text)))
            } else {
                patterns.insert(ExactName("*" + FileRequirement.pattern("." + suffix)))
            }
        }
        return patterns.sortedTexts
    }

    /// The folder at the top that a file is in; `nil` where it is in none.
    private static func folder(_ path: RelativePath) -> ExactName? {
        let parts = path.components
        return parts.count > 1 ? parts.first.map { ExactName($0) } : nil
    }
}
