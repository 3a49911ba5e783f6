package import Formats
package import Manifests
package import ModelFacts
import Storage

/// Whether a model runs on an accelerator, by the rules that `check` decides by.
package struct AcceleratorFit: Equatable, Sendable {
    /// How well it does.
    package enum Verdict: String, Sendable {
        /// Nothing stands against it.
        case yes
        /// It runs, and something has to be done or be known.
        case care = "with care"
        /// It does not run, or does not fit.
        case no
    }

    /// The accelerator.
    package let accelerator: Accelerator
    /// How well it does.
    package let verdict: Verdict
    /// The reasons, as clauses that begin with "it" or "its", the weightiest first.
    package let reasons: [String]
    /// The bytes of all devices that weights can take.
    package var room: Int { accelerator.machine.usableTotal }

    /// Every accelerator; none where the files are no model's.
    /// - Parameters:
    ///   - files: the files that would be loaded, with their sizes.
    ///   - facts: what the files state.
    package static func all(
        _ files: [(path: RelativePath, size: Int)], _ facts: ModelFacts
    ) -> [AcceleratorFit] {
        // What is decided here does not depend on the content's digest.
        guard let digest = SHA256Digest(hex: String(repeating: "0", count: 64)) else { return [] }
        let name = "model"
        let entry = LockedEntry(
            name: name, kind: .model,
            asked: Asked(content: .source(name), include: nil, exclude: [], license: nil), origin: .path,
            license: nil, facts: facts.lockFields(),
            files: files.map {
                LockedFile(
                    path: $0.path, size: $0.size, sha256: digest, proof: .treeSHA256, placement: .natural,
                    shards: nil)
            }, tensors: [])
        return all(entry)
    }

    /// Every accelerator, for an entry of a lock; none where it has no weights.
    package static func all(_ entry: LockedEntry) -> [AcceleratorFit] {
        Accelerator.allCases.compactMap { accelerator in
            guard let findings = HardwareRules.findings(accelerator, entry) else { return nil }
            return AcceleratorFit(accelerator, findings, prefix: entry.name + ": ")
        }
    }

    private init(_ accelerator: Accelerator, _ findings: [Diagnostic], prefix: String) {
        self.accelerator = accelerator
        let errors = findings.filter { $0.severity == .error }
        let trouble = accelerator.machine.trouble
        verdict = !errors.isEmpty ? .no : findings.isEmpty && trouble == nil ? .yes : .care
        let others = findings.filter { $0.severity != .error }
        reasons =
            (errors + others).map { finding in
                finding.message.hasUTF8Prefix(prefix)
                    ? String(finding.message.dropFirst(prefix.count)) : finding.message
            } + (trouble.map { [$0] } ?? [])
    }
}
