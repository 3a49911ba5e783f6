package import Caches
package import Formats
package import Manifests

/// Files that the listing of a revision has and its cache lacks: which of them loading needs.
///
/// A cache that `from_pretrained` filled has what it asked for, and neither the card nor weights in other formats. What is
/// needed by being named is told by ``Completeness``; here are the files that the libraries look for by names of their own,
/// and that change what comes out where they are found: without them a model loads otherwise.
package enum AbsentFiles {
    /// - Parameters:
    ///   - name: with which messages begin.
    ///   - accepts: which files are wanted.
    ///   - facts: of the files that are there.
    ///   - isModel: of anything else every file is needed.
    package static func findings(
        _ snapshot: Snapshot, of name: String, accepting accepts: (RelativePath) -> Bool, _ facts: ModelFacts,
        isModel: Bool
    ) -> [Diagnostic] {
        guard let listed = snapshot.listed else { return [] }
        let present = Set(snapshot.files.map(\.path))
        let absent = listed.keys.filter { accepts($0) && !present.contains($0) }.sorted()
        let paths = snapshot.files.map(\.path).filter(accepts)
        let rules = Needed(paths, facts)
        let needed = absent.filter { isModel ? rules.contains($0) : !isDocument($0) }
        let lost = Set(needed)
        let others = absent.filter { !lost.contains($0) }
        return [
            finding(needed, name, snapshot, isNeeded: true), finding(others, name, snapshot, isNeeded: false),
        ].compactMap(\.self)
    }

    private static func finding(
        _ absent: [RelativePath], _ name: String, _ snapshot: Snapshot, isNeeded: Bool
    ) -> Diagnostic? {
        guard !absent.isEmpty else { return nil }
        let one = absent.count == 1
        let more = absent.count > 5 ? ["… and \(absent.count - 5) more"] : []
        let download = "download them" + (snapshot.origin.downloadCommand.map { " (\($0))" } ?? "")
        let hasCard = !absent.contains("README.md")
        let facts = isNeeded || hasCard ? [] : ["README.md states the licence and the base model"]
        return Diagnostic(
            isNeeded ? .error : hasCard ? .note : .warning, code: .fileMissing,
            "\(name): \(absent.count) \(one ? "file" : "files") of the revision \(one ? "is" : "are") not in the cache"
                + (isNeeded ? "" : ", and loading does not need \(one ? "it" : "them")"),
            notes: absent.prefix(5).map(FileWalk.shown) + more + facts,
            fix: isNeeded
                ? "\(download), or leave them out with include or exclude"
                : hasCard ? nil : "state license = \"…\" in the entry, or \(download)")
    }

    /// Whether a file is for people alone.
    static func isDocument(_ path: RelativePath) -> Bool {
        let name = ModelPath(path)
        let file = name.file.text.lowercased()
        let stems = ["readme", "license", "licence", "notice", "changelog", "citation", "contributing"]
        let suffixes = [
            "md", "png", "jpg", "jpeg", "gif", "svg", "webp", "pdf", "ipynb", "html", "gitattributes",
            "gitignore", "mp4",
        ]
        return suffixes.contains(name.suffix) || stems.contains { file.hasPrefix($0) }
    }

    /// What the libraries look for beside the files that are there.
    private struct Needed {
        private let directories: Set<ExactName>
        private let bare: Set<ExactName>
        private let fast: Set<ExactName>
        private let hasModules: Bool
        private let runsOwnCode: Bool

        init(_ paths: [RelativePath], _ facts: ModelFacts) {
            var weights: Set<ExactName> = []
            var configured: Set<ExactName> = []
            for path in paths.map({ ModelPath($0) }) {
                let directory = ExactName(path.directory)
                if path.isTransformersWeights || path.isAdapter { weights.insert(directory) }
                if path.file == "config.json" { configured.insert(directory) }
            }
            bare = configured.subtracting(weights)
            let parts = facts.needs.map { need -> ExactName in
                let parts = need.split(separator: ":", maxSplits: 1)
                return ExactName(parts.count > 1 ? String(parts[1]) : "")
            }
            directories = weights.union(parts)
            fast = Set(
                paths.map { ModelPath($0) }.filter { $0.file == "tokenizer.json" }
                    .map { ExactName($0.directory) })
            hasModules = paths.contains(ModuleRequirements.index)
            runsOwnCode = facts.requirements.contains { $0.kind == .code && !$0.isOptional }
        }

        func contains(_ path: RelativePath) -> Bool {
            // Code of the repository's own may read any file.
            if runsOwnCode, !AbsentFiles.isDocument(path), !ModelPath(path).isOtherRuntime { return true }
            let name = ModelPath(path)
            let directory = ExactName(name.directory)
            if hasModules, name.directory.isEmpty,
                Self.modules.contains(name.file)
                    || name.file.hasPrefix("sentence_") && name.suffix == "json"
            {
                return true
            }
            // What config.json describes has no weights: those of another runtime are another model.
            if bare.contains(directory), name.isPretrainedWeights { return true }
            guard directories.contains(directory) else {
                return name.suffix == "jinja" && directories.contains("")
                    && directory == "additional_chat_templates"
            }
            return Self.configurations.contains(name.file) || Self.tokens.contains(name.file)
                || (!fast.contains(directory) && TokenizerFiles.isPart(name.file))
        }

        private static let configurations: Set<ExactName> = [
            "config.json", "adapter_config.json", "hf_quant_config.json", "quantize_config.json",
            "quant_config.json",
        ]
        private static let tokens: Set<ExactName> = [
            "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
            "chat_template.jinja", "chat_template.json",
        ]
        private static let modules: Set<ExactName> = [
            "config_sentence_transformers.json", "router_config.json",
        ]
    }
}

extension ModelPath {
    /// Whether it is a copy of the weights for another runtime than PyTorch.
    fileprivate var isOtherRuntime: Bool {
        ["onnx", "onnx_data", "tflite", "msgpack", "h5", "ot", "mlmodel", "gguf"].contains(suffix)
            || directories.contains { ["onnx", "openvino", "coreml", "original", "tflite"].contains($0) }
    }
}
