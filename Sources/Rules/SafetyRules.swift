import Formats
import Manifests
import ModelFacts

/// `remote-code` of `[policy]`: models that bring Python code along, which loading them runs.
///
/// Where the policy does not say, it is a warning: many models name code of their own for which transformers has
/// classes by now, and load without it.
enum RemoteCodeRule {
    /// Code that loading the model runs, Python files in it, and code of repositories that are not packed.
    static func findings(_ locked: LockedEntry, _ policy: Policy, _ lock: Lock) -> [Diagnostic] {
        let code = (locked.fact("remote_code")?.array ?? []).compactMap { LoadedCode($0) }
        var findings: [Diagnostic] = []
        if policy.remoteCode != .allow, !code.isEmpty {
            findings.append(
                Diagnostic(
                    policy.remoteCode == .deny ? .error : .warning, code: .remoteCode,
                    code.contains(where: \.runsUnasked)
                        ? "\(locked.name): loading it may run code that its configuration names, without asking"
                        : "\(locked.name): loading it with trust_remote_code runs code that it brings along",
                    notes: listed(code.map(text)),
                    fix:
                        "take a model without it, look at the code and add \"remote-code\" to the entry's allow, or "
                        + "write remote-code = \"allow\" in [policy]"))
        }
        if policy.remoteCode == .deny, locked.kind == .model {
            let files = locked.files.map(\.path).filter(isCode).map(\.text)
            if !files.isEmpty {
                findings.append(
                    Diagnostic(
                        code: .remoteCodeFile, "\(locked.name): it holds Python code",
                        notes: listed(files),
                        fix:
                            "leave it out with exclude = [\"*.py\"], or add \"remote-code-file\" to the entry's allow"
                    )
                )
            }
        }
        return findings + elsewhere(code, locked, policy, lock)
    }

    /// Code of another repository, which the notebook does not have unless it is packed too.
    private static func elsewhere(
        _ code: [LoadedCode], _ locked: LockedEntry, _ policy: Policy, _ lock: Lock
    ) -> [Diagnostic] {
        guard code.contains(where: { $0.repository != nil }) else { return [] }
        let own = Set(lock.packed.compactMap(repository))
        let names = Set(code.compactMap(\.repository)).filter { name in
            name.lowercased() != repository(of: locked)
                && (policy.remoteCode == .deny || !own.contains(name.lowercased()))
        }
        return names.sortedByBytes().map { name in
            Diagnostic(
                policy.remoteCode == .deny ? .error : .warning, code: .remoteCodeElsewhere,
                "\(locked.name): it takes code from another repository, \(name)",
                notes: listed(code.filter { $0.repository == name }.map(text)),
                fix: own.contains(name.lowercased())
                    ? "look at the code, and add \"remote-code-elsewhere\" to the entry's allow"
                    : "add an entry with source = \"hf:\(name)\" and the code in it, or take a model without it"
            )
        }
    }

    private static func repository(of entry: LockedEntry) -> String? {
        guard case .hub(let repository, _, _) = entry.origin, repository.kind == .model else { return nil }
        return repository.id.lowercased()
    }

    private static func text(_ code: LoadedCode) -> String {
        "\(code.file): " + (code.key == "unreadable" ? "could not be read" : code.key)
            + (code.value.map { " \($0)" } ?? "")
    }

    private static func isCode(_ path: RelativePath) -> Bool {
        guard let suffix = path.pathExtension else { return false }
        return ["py", "pyc", "pyd", "pyo", "pyw", "so"].contains(
            suffix.lowercased())
    }

    private static func listed(_ lines: [String]) -> [String] {
        lines.prefix(8) + (lines.count > 8 ? ["… and \(lines.count - 8) more"] : [])
    }
}

/// `unsafe-templates` of `[policy]`: chat templates that do more than to put messages into words.
enum TemplateRule {
    /// One finding for all templates of an entry that do more.
    static func findings(_ locked: LockedEntry, _ policy: Policy) -> [Diagnostic] {
        guard policy.unsafeTemplates != .allow else { return [] }
        let found = (locked.fact("templates")?.array ?? []).compactMap { TemplateFinding($0) }
        guard let first = found.first else { return [] }
        let lines = found.map { finding in
            let name = finding.template.map { " (\($0))" } ?? ""
            return "\(finding.file)\(name), line \(finding.line) of the template: it \(finding.message)"
        }
        return [
            Diagnostic(
                code: .templateUnsafe,
                "\(locked.name): the chat template in \(first.file) \(first.message)",
                notes: lines.prefix(8) + (lines.count > 8 ? ["… and \(lines.count - 8) more"] : []),
                fix:
                    "do not use it before somebody has read it; then add \"template-unsafe\" to the entry's allow"
            )
        ]
    }
}
