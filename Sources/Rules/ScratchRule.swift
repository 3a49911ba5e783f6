import Formats
import Manifests
import Storage

/// What the loader has to put together in a notebook's scratch directory: files that the bundle stores in
/// segments. Everything else it links.
///
/// Sources: Kaggle documents 20 GB of /kaggle/working, which are saved with the notebook; of the disk outside of
/// it its staff names about 60 GiB (topic 372506). The loader takes /kaggle/temp or /tmp.
enum ScratchRule {
    /// The bytes of /kaggle/working.
    static let working = 20_000_000_000
    /// The bytes of the disk outside of it.
    static let scratch = 60 << 30

    /// Errors for entries that alone are more than the scratch directory holds; without one, a warning if all together are
    /// more than /kaggle/working holds.
    static func findings(_ manifest: Manifest, _ lock: Lock) -> [Diagnostic] {
        var needs: [(entry: LockedEntry, bytes: Int)] = []
        var all: [SHA256Digest: Int] = [:]
        for entry in lock.packed {
            var own: [SHA256Digest: Int] = [:]
            for file in entry.files {
                guard case .segments = file.placement else { continue }
                own[file.sha256] = file.size
                all[file.sha256] = file.size
            }
            if !own.isEmpty { needs.append((entry, sum(own))) }
        }
        let total = sum(all)
        guard total > working else { return [] }
        var findings = needs.compactMap { need -> Diagnostic? in
            guard need.bytes > scratch else { return nil }
            let entry = manifest.entries.first { $0.name == need.entry.name }
            let finding = Diagnostic(
                code: .scratchSize,
                "\(need.entry.name): the loader has to rebuild \(ByteCount.text(need.bytes)) of it, and a "
                    + "notebook has about \(ByteCount.text(scratch)) of scratch",
                at: entry?.location, fix: Self.remedy)
            return entry.map(finding.allowed) ?? finding
        }
        if findings.isEmpty { findings.append(together(total, needs, manifest)) }
        return findings
    }

    private static let remedy =
        "write dedup = \"file\" in [bundle]: files are then stored whole, and take no scratch"

    /// All entries at once, as `activate()` without names makes them.
    private static func together(
        _ total: Int, _ needs: [(entry: LockedEntry, bytes: Int)], _ manifest: Manifest
    ) -> Diagnostic {
        let isTooMuch = total > scratch
        let largest = needs.sorted { $0.bytes > $1.bytes }.prefix(5)
        var notes = largest.map { "\($0.entry.name) takes \(ByteCount.text($0.bytes))" }
        if let machine = manifest.policy.accelerator?.machine, total > machine.usableMemory {
            notes.append(
                "the machine of \(machine.name) has \(ByteCount.text(machine.memory)) of memory: not all of it stays "
                    + "in the page cache")
        }
        return Diagnostic(
            .warning, code: .scratchSize,
            "the loader has to rebuild \(ByteCount.text(total)) of files in scratch, and "
                + (isTooMuch
                    ? "a notebook has about \(ByteCount.text(scratch))"
                    : "/kaggle/working has \(ByteCount.text(working)): leave scratch at its default, in /tmp"),
            at: manifest.bundleLocation(of: "dedup"), notes: notes,
            fix: isTooMuch ? "activate(names=[…]) makes only some of them ready; or \(remedy)" : remedy)
    }

    private static func sum(_ sizes: [SHA256Digest: Int]) -> Int {
        sizes.values.reduce(0) { total, size in
            let (sum, overflow) = total.addingReportingOverflow(size)
            return overflow ? Int.max : sum
        }
    }
}
