import Storage
import Tensors

/// The manifest's entries with the revision and the files that each one means: either as an earlier lock
/// pins them, or as they lie in the caches now.
public struct Resolution: Sendable {
    /// Which pins are moved on to what branches and unversioned handles point at now.
    public enum Update: Equatable, Sendable {
        /// None: an entry that asks for the same source keeps its revision.
        case none
        /// Those of the named entries.
        case entries(Set<String>)
        /// All.
        case all

        func includes(_ name: String) -> Bool {
            switch self {
            case .none: false
            case .entries(let names): names.contains(name)
            case .all: true
            }
        }
    }

    /// One entry.
    enum Item: Sendable {
        /// As an earlier lock has it; the caches are not looked at.
        case kept(LockedEntry)
        /// As it lies in a cache.
        case found(FoundEntry)
    }

    let manifest: Manifest
    let caches: Caches
    let items: [Item]
    /// What is worth knowing, but hinders nothing.
    public let findings: [Diagnostic]

    /// Resolves every entry.
    ///
    /// - Parameters:
    ///   - previous: the lock that lies beside the manifest, whose pins are kept.
    ///   - update: the entries whose pins are not.
    ///   - proveAgain: look at the caches even for entries whose lock is fresh.
    /// - Throws: everything that hinders, of all entries at once.
    public init(
        _ manifest: Manifest, previous: Lock?, caches: Caches, update: Update = .none,
        proveAgain: Bool = false
    ) throws(Diagnostics) {
        var items: [Item] = []
        var findings: [Diagnostic] = []
        if case .entries(let names) = update {
            let known = Set(manifest.entries.map(\.name))
            findings += names.subtracting(known).sorted().map { name in
                Diagnostic(
                    code: "unknown-entry", "the manifest has no entry \(name)",
                    notes: ["its entries: \(manifest.entries.map(\.name).joined(separator: ", "))"],
                    verdict: .undecided)
            }
        }
        // Tensors are looked into only where they are shared.
        let sharesAlike =
            (previous?.bundle.deduplication == .tensor) == (manifest.bundle.deduplication == .tensor)
        for entry in manifest.entries {
            let locked = previous?.entry(named: entry.name)
            let pinned = update.includes(entry.name) ? nil : locked?.pin(for: entry)
            if let locked, let pinned, pinned != .path, !proveAgain, sharesAlike, locked.kind == entry.kind,
                locked.asked == entry.asked
            {
                items.append(.kept(locked))
                continue
            }
            do throws(Diagnostics) {
                let found = try FoundEntry(entry, pinned: pinned, manifest: manifest, caches: caches)
                findings += found.findings
                items.append(.found(found))
            } catch {
                findings += error.all.map { $0.located(at: entry.location) }
            }
        }
        guard !findings.contains(where: { $0.severity == .error }) else { throw Diagnostics(findings) }
        self.manifest = manifest
        self.caches = caches
        self.items = items
        self.findings = findings
    }
}

extension LockedEntry {
    /// The revision to keep for an entry that asks for the same source; `nil` where it asks for another.
    fileprivate func pin(for entry: Entry) -> Origin? {
        asked.source == entry.source.text ? origin : nil
    }
}

/// One entry as it lies in a cache: its files, chosen by the entry's patterns, and what is known of them.
struct FoundEntry: Sendable {
    let entry: Entry
    let origin: Origin
    let files: [CachedFile]
    let facts: ModelFacts
    let license: LockedLicense?
    /// Problems, allowed ones as notes.
    let findings: [Diagnostic]

    init(_ entry: Entry, pinned: Origin?, manifest: Manifest, caches: Caches) throws(Diagnostics) {
        let snapshot = try caches.snapshot(
            for: entry.source, pinned: pinned, manifestDirectory: Path.parent(manifest.path))
        let filter = entry.filter
        let files = snapshot.files.filter { filter.accepts($0.path) }
        // Wheels and other files are not looked into for what a model would be.
        let isModel = entry.kind == .model || entry.kind == .dataset
        let facts = ModelFacts.read(isModel ? files : [], entry: entry.name)
        var findings = snapshot.problems(taking: filter.accepts) + facts.problems
        if let absent = snapshot.absentFiles(of: entry.name, accepting: filter.accepts) {
            findings.append(absent)
        }
        if files.isEmpty {
            findings.append(
                Diagnostic(
                    code: "no-files", "\(entry.name): no file is left to pack",
                    notes: ["the snapshot has \(snapshot.files.count) files, in \(snapshot.directory)"],
                    fix: "look at the entry's include and exclude"))
        }
        if entry.kind == .model {
            findings += Completeness.findings(
                entry: entry.name, needs: facts.needs, paths: Set(files.map(\.path)), shards: facts.shards,
                download: snapshot.origin.downloadCommand)
        }
        if let stated = entry.license {
            license = LockedLicense(id: stated, from: .manifest)
            if let card = facts.license, card.lowercased() != stated.lowercased() {
                findings.append(
                    Diagnostic(
                        .warning, code: "license-differs",
                        "\(entry.name): the manifest says the licence is \(stated), the model card says \(card)",
                        fix: "take license out of the entry, or make sure that it is right"))
            }
        } else {
            license = facts.license.map { LockedLicense(id: $0, from: .modelCard) }
        }
        self.entry = entry
        self.origin = snapshot.origin
        self.files = files
        self.facts = facts
        self.findings = findings.map { $0.located(at: entry.location).allowed(by: entry) }
    }
}
