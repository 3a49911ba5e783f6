import Formats
import Locking
import Manifests

/// What a new lock states of entries that another lock has too, and that the manifest still asks for.
struct LockChanges {
    private let manifest: Manifest
    private let old: Lock
    private let entries: [LockDifference.Entry]
    private let unmade: [String]

    /// - Parameter unmade: the entries that the new lock lacks only because they were not converted.
    init(_ manifest: Manifest, from old: Lock, to new: Lock, unmade: [String]) {
        self.manifest = manifest
        self.old = old
        self.unmade = unmade
        entries = LockDifference(from: old, to: new).entries.filter { entry in
            !unmade.containsExactly(entry.name)
        }
    }

    /// Whether both locks say the same.
    var isEmpty: Bool { entries.isEmpty && unmade.isEmpty }

    /// The names of the entries that are not the same.
    var names: [String] { entries.map(\.name) + unmade }

    /// What makes the old lock stale, entry by entry.
    func stale(_ source: ManifestArgument) -> [Diagnostic] {
        let fix = "look at what changed, and run knapsack lock {manifest}"
        return entries.map { entry in
            Diagnostic(
                code: .lockStale, "\(entry.name) is not what was locked",
                at: location(entry.name), notes: entry.details, fix: fix)
        }
            + unmade.map { name in
                Diagnostic(
                    code: .lockStale, "\(name) would be made again, from other files than before",
                    at: location(name), fix: fix)
            }
    }

    /// Pins that nobody asked to move: entries of which the manifest asks what it asked before, with other files.
    func moved(by update: Resolution.Update) -> [Diagnostic] {
        entries.filter { isUnasked($0, update) }.map { entry in
            Diagnostic(
                .warning, code: .pinMoved,
                "\(entry.name) is not what was locked, and is locked again",
                at: location(entry.name), notes: entry.details,
                fix: "check that this is intended; --locked refuses it")
        }
    }

    /// The changes that were asked for, a line each.
    func others(than update: Resolution.Update) -> [String] {
        entries.filter { !isUnasked($0, update) }.flatMap { entry in
            ["\(entry.name): \(entry.change.rawValue)"] + entry.details.map { "  \($0)" }
        }
            + unmade.filter { old.entry(named: $0) != nil }.map { "\($0): would be converted again" }
    }

    private func isUnasked(_ entry: LockDifference.Entry, _ update: Resolution.Update) -> Bool {
        guard entry.change == .changed, !update.includes(entry.name),
            let before = old.entry(named: entry.name),
            let asked = manifest.entries.first(where: { $0.name.hasSameBytes(as: entry.name) })
        else { return false }
        let hasMoved =
            !(entry.added.isEmpty && entry.removed.isEmpty && entry.changed.isEmpty)
            || entry.before?.revision != entry.after?.revision
        return hasMoved && asked.conversion == nil && before.kind == asked.kind && before.asked == asked.asked
    }

    private func location(_ name: String) -> Diagnostic.Location? {
        manifest.entries.first { $0.name.hasSameBytes(as: name) }?.location
    }
}
