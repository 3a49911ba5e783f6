import Caches
import Conversion
package import Formats
package import Manifests

/// Whether the files that a model needs are among those that an entry has. Decided from names alone, so
/// that a lock is enough.
package enum Completeness {
    /// Everything that is missing: shards, configurations, tokenizers, and what files name.
    ///
    /// - Parameters:
    ///   - entry: the entry's name, with which messages begin.
    ///   - needs: as ``ModelFacts/needs``; what this version does not know is passed over.
    ///   - paths: the entry's files.
    ///   - shards: the files that every index names, as ``ModelFacts/shards``.
    ///   - requirements: as ``ModelFacts/requirements``.
    ///   - lacks: as ``ModelFacts/lacks``.
    ///   - download: the command that downloads the model, where it is known.
    package static func findings(
        entry: String, needs: [String], paths: Set<RelativePath>,
        shards: [(index: RelativePath, files: [RelativePath])],
        requirements: [FileRequirement] = [], lacks: [String] = [], download: String? = nil
    ) -> [Diagnostic] {
        let sets = ShardSet.all(paths, indexes: shards)
        let rules = CompletenessRules(
            entry: entry, paths: paths, whole: WholeWeights(paths, sets), download: download)
        return lacks.compactMap(rules.lack) + rules.shards(sets) + rules.indexes(sets, needs)
            + needs.flatMap(rules.need) + rules.required(requirements)
    }
}

/// The rules, with what all of their messages share.
struct CompletenessRules {
    /// The entry's name, with which messages begin.
    let entry: String
    /// The files that the entry has.
    let paths: Set<RelativePath>
    /// What of the weights is there whole.
    let whole: WholeWeights
    /// The command that downloads the model; `nil` where none is known.
    let download: String?

    /// What to do about missing files; `pattern` names them as `include` and `exclude` do.
    func fix(_ pattern: String) -> String {
        let command = download.map { "download it (\($0))" } ?? "download it with hf download"
        return "\(command), and check that the entry's include and exclude take \(pattern)"
    }

    /// Files of a set that are missing.
    ///
    /// A set of which nothing is there was left out on purpose where the weights are there in another form,
    /// as the `.bin` shards beside a safetensors model.
    func shards(_ sets: [ShardSet]) -> [Diagnostic] {
        var reported: Set<ExactName> = []
        let partial = sets.filter { $0.missingCount > 0 && !$0.isAbsent }
        var findings = partial.map { set in
            reported.insert(ExactName(set.directory))
            return finding(set, hasAlternative: whole.canReplace(set))
        }
        for set in sets where set.isAbsent && !reported.contains(ExactName(set.directory)) {
            guard !whole.canReplace(set) else { continue }
            reported.insert(ExactName(set.directory))
            findings.append(finding(set, hasAlternative: false))
        }
        return findings
    }

    private func finding(_ set: ShardSet, hasAlternative: Bool) -> Diagnostic {
        let source = set.isIndexed ? "that \(set.name) names" : "of \(set.name)"
        let one = set.missingCount == 1 ? set.missing.first : nil
        let what =
            one.map { "shard \($0) \(source) is missing" }
            ?? "\(set.missingCount) of \(set.count) shards \(source) are missing"
        let names = one == nil ? set.missing.map { "missing \($0)" } : []
        let hidden = set.missingCount - set.missing.count
        let more = hidden > 0 ? ["… and \(hidden) more"] : []
        let other = hasAlternative ? ["the weights are there in another form, whole"] : []
        return Diagnostic(
            hasAlternative ? .warning : .error, code: .shardMissing, "\(entry): \(what)",
            notes: names + more + other, fix: fix(one?.text ?? "all of them"))
    }

    /// Shards that transformers does not find because their index is missing.
    func indexes(_ sets: [ShardSet], _ needs: [String]) -> [Diagnostic] {
        sets.compactMap { set in
            let need = set.directory.isEmpty ? "config" : "config:\(set.directory)"
            guard !set.isIndexed, set.isComplete, set.count > 1, needs.contains(need),
                let first = set.present.first, ModelPath(first).isTransformersWeights,
                !whole.canReplace(set)
            else { return nil }
            return Diagnostic(
                code: .indexMissing,
                "\(entry): \(set.name) has no index, and transformers does not load shards without one",
                fix: fix("\(set.directory.isEmpty ? "" : set.directory + "/")*.index.json"))
        }
    }

    /// What is missing of one need of ``ModelFacts/needs``: `config`, `tokenizer` and others, with
    /// `:directory` after it below the top. A need that this version does not know is met.
    func need(_ need: String) -> [Diagnostic] {
        let parts = need.split(separator: ":", maxSplits: 1)
        let directory = parts.count > 1 ? String(parts[1]) : ""
        switch parts.first {
        case "config": return missing("config.json", in: directory)
        case "adapter-config": return missing("adapter_config.json", in: directory)
        case "params":
            return has("config.json", in: directory) ? [] : missing("params.json", in: directory)
        case "tokenizer": return tokenizer(in: directory)
        default: return []
        }
    }

    private func has(_ name: String, in directory: String) -> Bool {
        RelativePath(directory.appending(file: name)).map(paths.contains) ?? false
    }

    private func missing(_ name: String, in directory: String) -> [Diagnostic] {
        guard !has(name, in: directory) else { return [] }
        let path = directory.appending(file: name)
        return [
            Diagnostic(
                code: .configMissing,
                "\(entry): \(path) is missing, and without it the weights are not loaded", fix: fix(path))
        ]
    }

    private func tokenizer(in directory: String) -> [Diagnostic] {
        let files = TokenizerFiles(paths, in: directory)
        guard !files.isComplete else { return [] }
        let place = directory.isEmpty ? "" : " in \(directory)"
        let half = files.missingHalf.map { ["\($0) is missing, without which the other half is of no use"] }
        return [
            Diagnostic(
                code: .tokenizerMissing,
                "\(entry): no tokenizer is there\(place), and transformers may load an empty one without a message",
                notes: ["looked for \(TokenizerFiles.wanted)"] + (half ?? []),
                fix: fix("the tokenizer's files"))
        ]
    }
}
