/// Whether a lock is fresh: whether the manifest asks what the lock says was asked. Decided without looking
/// at a model or a cache.
public enum Freshness {
    /// What makes the lock stale, in the manifest's order; empty where it is fresh.
    public static func findings(_ manifest: Manifest, _ lock: Lock) -> [Diagnostic] {
        var findings: [Diagnostic] = []
        func stale(_ message: String, notes: [String] = [], at location: Diagnostic.Location?) {
            findings.append(
                Diagnostic(
                    code: "lock-stale", message, at: location, notes: notes, fix: "run knapsack lock"))
        }
        let file = Diagnostic.Location(file: manifest.path)
        if manifest.bundle != lock.bundle {
            stale("the [bundle] table is not the one that was locked", at: file)
        }
        for entry in manifest.entries {
            guard let locked = lock.entry(named: entry.name) else {
                stale("\(entry.name) is not in the lock", at: entry.location)
                continue
            }
            if locked.kind != entry.kind {
                stale(
                    "\(entry.name) was locked as \(locked.kind.rawValue), and is \(entry.kind.rawValue) now",
                    at: entry.location)
            } else if locked.asked != entry.asked {
                stale(
                    "\(entry.name) asks for something else than what was locked",
                    notes: difference(locked.asked, entry.asked), at: entry.location)
            }
        }
        let names = Set(manifest.entries.map(\.name))
        for entry in lock.entries where !names.contains(entry.name) {
            stale("\(entry.name) is in the lock, but no longer in the manifest", at: file)
        }
        let placed = Lock.placing(manifest.bundle, inOrder(manifest, lock), own: lock.digest(of:))
        if findings.isEmpty, lock != placed {
            stale(
                "the order of the entries, which decides where equal files are stored, has changed", at: file)
        }
        return findings
    }

    /// The lock's entries in the order in which the manifest has them.
    static func inOrder(_ manifest: Manifest, _ lock: Lock) -> [LockedEntry] {
        manifest.entries.compactMap { lock.entry(named: $0.name) }
    }

    private static func difference(_ locked: Asked, _ asked: Asked) -> [String] {
        func text(_ list: [String]?) -> String { list.map { "[\($0.joined(separator: ", "))]" } ?? "none" }
        let fields: [(String, String, String)] = [
            ("source", locked.source, asked.source),
            ("include", text(locked.include), text(asked.include)),
            ("exclude", text(locked.exclude), text(asked.exclude)),
            ("license", locked.license ?? "none", asked.license ?? "none"),
        ]
        return fields.filter { $0.1 != $0.2 }.map { "\($0.0): locked \($0.1), asked \($0.2)" }
    }
}
