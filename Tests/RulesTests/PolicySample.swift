import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Rules
@testable import Storage

/// A manifest with a policy, and a lock that fits it, both small.
struct PolicySample {
    /// An entry of both.
    struct Part {
        let name: String
        var kind = Entry.Kind.model
        var origin = Origin.path
        var license: LockedLicense?
        var facts: [JSON.Member] = []
        var files: [(path: RelativePath, size: Int, proof: Proof)] = [("config.json", 10, .blobGit)]
        /// Further lines of the manifest's entry.
        var lines = ""

        init(
            _ name: String, _ source: String = "path:x", kind: Entry.Kind = .model, license: String? = nil,
            facts: [JSON.Member] = [], files: [(path: RelativePath, size: Int, proof: Proof)]? = nil,
            lines: String = ""
        ) throws {
            self.name = name
            self.kind = kind
            self.license = license.map { LockedLicense(id: $0, from: .modelCard) }
            self.facts = facts
            self.lines = lines
            if let files { self.files = files }
            switch try Source.parse(source) {
            case .hub(let repository, let revision): origin = .hub(repository, ref: "main", commit: revision)
            case .kaggle(let handle): origin = .kaggle(handle)
            case .registry(let artifact):
                origin = artifact.reference.digest.map { .registry(artifact, manifest: $0) } ?? .path
            case .path: origin = .path
            }
        }
    }

    let manifest: Manifest
    let lock: Lock

    /// The policy's keys, without its header, and the entries.
    init(_ policy: String, _ parts: [Part]) throws {
        var text = "schema = 1\n[bundle]\nname = \"sample-bundle\"\n[policy]\n\(policy)\n"
        for part in parts {
            text +=
                "[[\(part.kind.rawValue)]]\nname = \"\(part.name)\"\nsource = \"\(part.source)\"\n\(part.lines)\n"
        }
        manifest = try Manifest.parse(Array(text.utf8), path: "pack.toml")
        let entries = try manifest.entries.map { entry in
            let part = try #require(parts.first { $0.name == entry.name })
            return LockedEntry(
                name: entry.name, kind: entry.kind, asked: entry.asked, origin: part.origin,
                license: part.license, facts: part.facts.sortedByKey,
                files: try part.files.map {
                    try Samples.file(
                        $0.path, content: "\(entry.name)/\($0.path)", size: $0.size, proof: $0.proof)
                }, tensors: [])
        }
        lock = try Samples.lock(manifest.bundle, entries)
    }

    /// "error license-denied a" for every finding about an entry or the policy, in order.
    func findings() throws -> [String] {
        try diagnostics().map { "\($0.severity) \($0.code) \($0.message.split(separator: ":").first ?? "")" }
    }

    /// The findings of the policy's rules.
    func diagnostics() throws -> [Diagnostic] {
        try Check.findings(manifest, lock, stale: []).filter {
            !$0.code.rawValue.hasPrefix("kaggle-") && $0.code.rawValue != "lock-stale"
        }
    }
}

extension PolicySample.Part {
    fileprivate var source: String {
        switch origin {
        case .hub(let repository, _, let commit):
            "\(repository.kind == .dataset ? "hf-dataset" : "hf"):\(repository.id)@\(commit)"
        case .kaggle(let handle): Source.kaggle(handle).text
        case .registry(let artifact, _): Source.registry(artifact).text
        case .path, .conversion: "path:x"
        }
    }
}
