import Formats

/// How the checkpoint at hand spells the names of its tensors, as those that are there show it: the one place that
/// makes a name of the checkpoint of a name in GGUF.
///
/// What another block has tells how a tensor is spelled; then its own weight or bias; then the family's ways to name
/// tensors (``ModelArchitecture/spellings(_:)``), of which that one counts that knows most of the names that are there.
struct CheckpointSpelling {
    private let family: any ModelArchitecture.Type
    /// The names of tensors in the files.
    private let stored: Set<ExactName>
    /// What a tensor of some block is made of, by its name in GGUF, all with "*" for the block.
    private let sources: [ExactName: [String]]
    /// The family's ways, the one that fits best first.
    private let ways: [TensorNames]
    /// What stands before a name in the files, and what stands there once ``ModelArchitecture/name(of:)`` has read it;
    /// the longest first, and of those the most usual.
    private let starts: [Start]
    /// Whether norms have the ends that they had in TensorFlow.
    private let hasOldNorms: Bool

    private struct Start: Hashable {
        let stored: String
        let own: String
        /// Whether it stands before a model with its head.
        let isAroundAll: Bool
    }

    /// Looks at the names that are there.
    /// - Parameters:
    ///   - stored: the names of tensors in the files.
    ///   - sources: what is known of what was converted, as ``names(_:)`` takes it.
    init(
        _ family: any ModelArchitecture.Type, _ config: ModelConfig, stored: [String],
        sources: [ExactName: [String]]
    ) {
        self.family = family
        self.stored = Set(exactly: stored)
        self.sources = sources
        hasOldNorms = stored.contains { $0.hasUTF8Suffix(".gamma") || $0.hasUTF8Suffix(".beta") }
        let pairs = stored.compactMap { name in family.name(of: name).map { (stored: name, own: $0) } }
        var counts: [Start: Int] = [:]
        for pair in pairs {
            if let start = Self.start(pair.stored, pair.own) { counts[start, default: 0] += 1 }
        }
        starts = counts.sorted { first, second in
            // A long one knows best how what begins with it is spelled.
            let lengths = (first.key.own.utf8.count, second.key.own.utf8.count)
            if lengths.0 != lengths.1 { return lengths.0 > lengths.1 }
            return first.value == second.value
                ? first.key.stored.precedesByBytes(second.key.stored) : first.value > second.value
        }.map(\.key)
        // As they are read and as they are stored: what is read may have another end.
        let own = Set(exactly: pairs.flatMap { [Self.pattern($0.own), Self.pattern($0.stored)] })
        ways = family.spellings(config).map { way in (way, way.known(own)) }.enumerated()
            .sorted { first, second in
                first.element.1 == second.element.1
                    ? first.offset < second.offset : first.element.1 > second.element.1
            }.map(\.element.0)
    }

    /// The names that the tensors have in the files of which one in GGUF is made, without those that are there: none if
    /// all are, as with a stack of experts that is not made because another stack lacks a part; the name itself if none
    /// is known.
    func names(_ inGGUF: String) -> [String] {
        let pattern = Self.pattern(inGGUF)
        let block = TensorNames.block(of: inGGUF).map { "\($0)" } ?? ""
        func missing(_ patterns: [String]) -> [String] {
            patterns.map { $0.replacingUTF8("*", with: block) }.filter { !stored.contains($0) }
        }
        // Where blocks differ in what they are made of, that is stated of a single one.
        if let own = ways.lazy.compactMap({ $0.parts[ExactName(inGGUF)] }).first, block != "" {
            return missing(own.map(file))
        }
        if let sources = sources[pattern] { return missing(sources) }
        if let sibling = sibling(pattern) { return missing([sibling]) }
        for way in ways {
            let names = (way.stored(pattern) ?? []).map { file($0.replacingUTF8("*", with: block)) }
            if !names.isEmpty { return missing(names) }
        }
        return [inGGUF]
    }

    /// Whether all is there, by names alone, of which one in GGUF is made.
    func isThere(_ inGGUF: String) -> Bool {
        let pattern = Self.pattern(inGGUF)
        let block = TensorNames.block(of: inGGUF).map { "\($0)" } ?? ""
        return ways.contains { way in
            let names = (way.parts[ExactName(inGGUF)] ?? way.stored(pattern) ?? []).map {
                file($0.replacingUTF8("*", with: block))
            }
            return !names.isEmpty && names.allSatisfy { stored.contains($0) }
        }
    }

    /// The names of tensors as the files have them, of names that ``ModelArchitecture/name(of:)`` has read.
    func names(read names: [String]) -> [String] { names.map(file) }

    /// A name with "*" in the place of its block.
    static func pattern(_ name: String) -> String {
        guard let block = TensorNames.block(of: name) else { return name }
        var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if let place = parts.firstIndex(where: { Int($0) == block }) { parts[place] = "*" }
        return parts.joined(separator: ".")
    }

    // MARK: Ends

    /// The name that belongs to a weight or bias of which the other one is there.
    private func sibling(_ pattern: String) -> String? {
        let ends = [(".weight", ".bias"), (".bias", ".weight")]
        guard let (end, other) = ends.first(where: { pattern.hasUTF8Suffix($0.0) }),
            let base = pattern.dropping(end), let known = sources[base + other], known.count == 1
        else { return nil }
        let pairs = ends + [(".gamma", ".beta"), (".beta", ".gamma")]
        for (own, others) in pairs {
            if let start = known.first?.dropping(own) { return start + others }
        }
        return nil
    }

    /// Ends that ``ModelArchitecture/name(of:)`` makes new: as it has them, and as the files do.
    private static let ends = [
        (".e_score_correction.bias", ".e_score_correction_bias"), (".sinks.weight", ".sinks"),
        (".expert_bias.bias", ".expert_bias"),
        (".layer_scalar.weight", ".layer_scalar"),
        (".experts.gate_up_proj.weight", ".experts.gate_up_proj"),
        (".experts.down_proj.weight", ".experts.down_proj"), ("_output_scale.weight", "_output_scale"),
    ]
    /// The same of families that are few, each of which has the others' ends, too.
    private static let rareEnds = [
        (".dt_proj.bias", ".dt_bias"), (".dt_norm.weight", ".dt_norm_weight"),
        (".B_norm.weight", ".B_norm_weight"), (".C_norm.weight", ".C_norm_weight"),
        (".q.weight", ".q_weight"), (".k.weight", ".k_weight"),
        (".attention_sink_bias.weight", ".attention_sink_bias"), (".router_bias.bias", ".router_bias"),
        (".head_g.weight", ".head_g"), (".a_g.weight", ".a_g"),
    ]
    private static let oldEnds = [
        ("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta"),
    ]

    // MARK: Starts

    /// The first parts of the names of layers behind a model, which stand beside it and not in it.
    private static let heads: Set<ExactName> = [
        "lm_head", "embed_out", "output", "classifier", "pre_classifier", "head", "dense",
    ]

    /// What is new at the start of a name; `nil` where its end is new as well.
    private static func start(_ stored: String, _ own: String) -> Start? {
        var (first, second) = (
            stored.split(separator: ".", omittingEmptySubsequences: false),
            own.split(separator: ".", omittingEmptySubsequences: false)
        )
        guard first.last == second.last else { return nil }
        while let last = first.last, last == second.last {
            first.removeLast()
            second.removeLast()
        }
        func text(_ parts: [Substring]) -> String { parts.isEmpty ? "" : parts.joined(separator: ".") + "." }
        return Start(
            stored: text(first), own: text(second), isAroundAll: second.isEmpty && own.hasUTF8Prefix("model.")
        )
    }

    /// The name in the files of one that ``ModelArchitecture/name(of:)`` has read, or would read as another.
    private func file(_ name: String) -> String {
        let read = family.name(of: name) ?? name
        let own = name.hasUTF8Suffix(read) ? read : name
        var ended = own
        for (new, old) in Self.ends + (hasOldNorms ? Self.oldEnds : []) {
            if let kept = own.dropping(new) { ended = kept + old }
        }
        for (new, old) in Self.rareEnds {
            guard let kept = own.dropping(new) else { continue }
            // Some families have what others call so.
            let starts = starts.compactMap { start in
                own.hasUTF8Prefix(start.own)
                    ? start.stored
                        + String(decoding: kept.utf8.dropFirst(start.own.utf8.count), as: UTF8.self) : nil
            }
            let isOwn = ([kept] + starts).contains {
                family.name(of: $0 + old)?.hasSameBytes(as: own) == true
            }
            if isOwn { ended = kept + old }
        }
        let isHead = Self.heads.contains(own.split(separator: ".").first ?? "")
        for start in starts where own.hasUTF8Prefix(start.own) && (!isHead || start.isAroundAll) {
            let name =
                start.stored + String(decoding: ended.utf8.dropFirst(start.own.utf8.count), as: UTF8.self)
            if family.name(of: name)?.hasSameBytes(as: own) == true { return name }
        }
        return ended
    }
}
