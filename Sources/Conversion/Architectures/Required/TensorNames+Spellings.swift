import Formats

extension TensorNames {
    /// With names that are not found by the end of a name alone: those of the tensors of which one in GGUF is made.
    /// - Parameter parts: by the whole name in GGUF, with "*" for the block.
    func storing(_ parts: [ExactName: [String]]) -> TensorNames {
        var result = self
        result.parts.merge(parts) { $1 }
        return result
    }

    /// With stacks of experts that are stored one by one.
    /// - Parameters:
    ///   - path: what stands before an expert's number, with "*" for the block.
    ///   - matrices: their names in GGUF without the block, by what stands behind an expert's number.
    func storingExperts(_ path: String, count: Int?, _ matrices: [(String, String)]) -> TensorNames {
        // A configuration may claim any number of experts.
        let numbers = 0..<min(max(count ?? 0, 0), 4_096)
        return storing(
            Dictionary(
                matrices.map { part, inGGUF in
                    ("blk.*.\(inGGUF).weight", numbers.map { "\(path).\($0)\(part).weight" })
                }.map { (ExactName($0), $1) }
            ) { $1 })
    }

    /// With the three matrices of experts in one file after another, named as most families name them.
    func storingExperts(count: Int?) -> TensorNames {
        storingExperts(
            "model.layers.*.mlp.experts", count: count,
            [
                (".gate_proj", "ffn_gate_exps"), (".up_proj", "ffn_up_exps"), (".down_proj", "ffn_down_exps"),
            ])
    }

    /// With the three matrices of experts named as Mixtral names them.
    /// - Parameter keys: those that state how many experts there are.
    func storingMixtralExperts(_ config: ModelConfig, _ keys: [String]) -> TensorNames {
        storingExperts(
            "model.layers.*.block_sparse_moe.experts", count: config.first(keys)?.wholeNumber,
            [(".w1", "ffn_gate_exps"), (".w2", "ffn_down_exps"), (".w3", "ffn_up_exps")])
    }

    /// As most have them, and as those whose names do not begin as most do.
    var spellings: [TensorNames] {
        let starts = ["model.", "transformer."]
        let all = names.keys.map(\.text)
        let short = Set(
            exactly: all.filter { name in starts.contains { names[$0 + name] != nil } })
        if short.isEmpty { return [self] }
        let long = all.filter { name in
            starts.contains { start in
                name.hasUTF8Prefix(start)
                    && short.contains(String(decoding: name.utf8.dropFirst(start.utf8.count), as: UTF8.self))
            }
        }
        return [without(short.sortedTexts), without(long)]
    }

    /// How many names are these.
    /// - Parameter patterns: with "*" for the block, each once.
    func known(_ patterns: Set<ExactName>) -> Int {
        let parts = Set(exactly: parts.values.joined())
        return patterns.count { self[$0.text] != nil || parts.contains($0) }
    }

    /// The names in the checkpoint, as ``ModelArchitecture/name(of:)`` has read them, of the tensors that one in GGUF is
    /// made of; `nil` where it has none.
    /// - Parameter pattern: with "*" for the block, as what is returned.
    func stored(_ pattern: String) -> [String]? {
        if let parts = parts[pattern] { return parts }
        for end in [".weight", ".bias"] {
            guard let base = pattern.dropping(end) else { continue }
            let found = names.filter { $0.value.hasSameBytes(as: base) }.map(\.key.text)
            // One whose end is new has its whole name.
            if found.isEmpty { continue }
            // The longest: a short one may be what an older form had.
            return found.max { ($0.utf8.count, $1) < ($1.utf8.count, $0) }.map { [$0 + end] }
        }
        // A tensor whose name has no such end.
        return names.first { $0.value.hasSameBytes(as: pattern) }.map { [$0.key.text] }
    }
}
