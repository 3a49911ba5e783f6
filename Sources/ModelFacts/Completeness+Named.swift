import Caches
import Formats
import Manifests

extension CompletenessRules {
    /// An entry that nothing loads as a model, because what a model is made of is not there.
    func lack(_ what: String) -> Diagnostic? {
        switch what {
        case "weights":
            let hasWheels = paths.contains { ModelPath($0).suffix == "whl" }
            return Diagnostic(
                code: .weightsMissing, "\(entry): it has no weights, so that nothing loads it as a model",
                notes: ["no file is of a format that models are stored in"],
                fix: hasWheels
                    ? "declare it as [[wheels]]"
                    : fix("the weights")
                        + "; declare what is not a model as [[files]], or add \"weights-missing\" to "
                        + "the entry's allow")
        case "language-model":
            return Diagnostic(
                code: .weightsMissing,
                "\(entry): it has a projector (mmproj) alone, which nothing loads without its model",
                fix: fix("the model's .gguf file"))
        default: return nil
        }
    }

    /// Files that other files name and that are not there, those of one file and one kind together.
    func required(_ requirements: [FileRequirement]) -> [Diagnostic] {
        var findings: [Diagnostic] = []
        for requirement in requirements {
            guard !requirement.oneOf.isEmpty else {
                let missing = requirement.names.filter { name in
                    !(RelativePath(name.text).map(paths.contains) ?? false)
                }.map(\.text)
                if let first = missing.first { findings.append(finding(requirement, missing, first)) }
                continue
            }
            let globs = requirement.oneOf.map { Glob($0.text) }
            guard !paths.contains(where: { path in globs.contains { $0.matches(path.text) } }) else {
                continue
            }
            findings.append(finding(requirement))
        }
        return findings
    }

    private func finding(
        _ requirement: FileRequirement, _ missing: [String], _ first: String
    ) -> Diagnostic {
        let file = FileWalk.shown(requirement.file)
        let what =
            missing.count == 1
            ? "\(FileWalk.shown(first)), which \(file) \(requirement.verb), is missing"
            : "\(missing.count) files that \(file) \(requirement.verb) are missing"
        let more = missing.count > 5 ? ["… and \(missing.count - 5) more"] : []
        return Diagnostic(
            requirement.isOptional ? .warning : .error, code: requirement.code, "\(entry): \(what)",
            notes: (missing.count == 1
                ? [] : missing.prefix(5).map { "missing \(FileWalk.shown($0))" } + more)
                + requirement.reason,
            fix: fix(missing.count == 1 ? FileWalk.shown(first) : "them"))
    }

    private func finding(_ requirement: FileRequirement) -> Diagnostic {
        let wanted = requirement.oneOf.map { FileWalk.shown($0.text) }
        let file = FileWalk.shown(requirement.file)
        return Diagnostic(
            requirement.isOptional ? .warning : .error, code: requirement.code,
            "\(entry): none of what \(file) \(requirement.verb) is there: \(wanted[0])",
            notes: wanted.dropFirst().prefix(6).map { "nor \($0)" } + requirement.reason,
            fix: fix(wanted[0]))
    }
}

extension FileRequirement {
    /// The code of a finding that it is not met.
    fileprivate var code: FindingCode {
        switch kind {
        case .processor: .processorMissing
        case .module, .component, .externalData, .code, .part, .projector: .namedFileMissing
        }
    }

    /// What the file does with what it asks for.
    fileprivate var verb: String {
        switch kind {
        case .code where file.hasSuffix(".py"): "imports"
        case .module, .component, .externalData, .code, .part: "names"
        case .processor: "goes with"
        case .projector: "goes with"
        }
    }

    /// Why it is only a warning where it is one.
    fileprivate var reason: [String] {
        guard isOptional else { return [] }
        switch kind {
        case .processor: return ["text alone needs none; pictures and sounds do"]
        case .code:
            return [
                "transformers has classes of its own for the model, and loads it without trust_remote_code"
            ]
        case .projector: return ["the model answers to text alone without it"]
        case .module, .component, .externalData, .part: return []
        }
    }
}
