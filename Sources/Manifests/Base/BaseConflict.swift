import Formats

/// Bases that cannot be used together, or not by this bundle: a notebook attaches one version of a data set.
package enum BaseConflict {
    /// What is wrong with the bases of a lock, at the place where the manifest names them.
    package static func findings(_ manifest: Manifest, _ lock: Lock) -> [Diagnostic] {
        func isOwn(_ base: LockedBase) -> Bool {
            base.excludes(name: lock.bundle.name, attachment: lock.bundle.attachment)
        }
        var findings: [Diagnostic] = []
        func report(_ message: String, notes: [String] = [], fix: String) {
            findings.append(
                Diagnostic(
                    code: .baseConflict, message, at: manifest.baseLocation(), notes: notes, fix: fix))
        }
        for base in lock.bases where isOwn(base) {
            report(
                "the bundle \(base.name) would build on an earlier version of itself",
                notes: ["a notebook has one version of \(base.attach) attached"],
                fix: "give one of the two another name")
        }
        for base in manifest.readBases where !isOwn(base.locked) {
            for other in base.lock.bases where isOwn(other) {
                report(
                    "\(base.asked) builds on \(other.name) itself, so that each would need the other",
                    fix: "take one of the two bases out")
            }
        }
        for (index, base) in lock.bases.enumerated() {
            for other in lock.bases.prefix(index) where other.excludes(base) {
                report(
                    "the bundle needs two versions of \(base.name) at once",
                    notes: [other, base].map { "sha256 \($0.sha256): \($0.asked ?? "a base of a base")" },
                    fix: "lock and pack all bases again, so that all of them build on the same version")
            }
        }
        return findings
    }
}
