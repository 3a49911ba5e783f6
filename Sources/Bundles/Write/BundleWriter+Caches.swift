package import Caches
package import Formats
package import Manifests

extension BundleWriter {
    /// Prepares the writing of a plan out of the caches.
    ///
    /// - Throws: everything that is not in the caches any more, at once.
    package init(
        _ plan: Plan, caches: Caches, directory: String, target: String,
        replacement: BundleReplacement? = nil, links: LinkMode = .auto
    ) throws(Diagnostics) {
        let locations = try plan.locations(caches: caches, directory: directory)
        self.init(plan: plan, locations: locations, target: target, replacement: replacement, links: links)
    }
}

extension Plan {
    /// Where the content of every stored file is now, by the path in the bundle.
    ///
    /// - Throws: everything that is not in the caches any more, at once.
    package func locations(caches: Caches, directory: String) throws(Diagnostics) -> [RelativePath: String] {
        let sources = LockedSources(lock, packed: true, caches: caches, directory: directory)
        var missing = sources.findings
        var byFile: [RelativePath: String] = [:]
        for source in sources.files {
            if let location = source.location {
                byFile[RelativePath(checked: "\(source.entry.name)/\(source.file.path)")] = location
            }
        }
        let lost = Set(sources.findings.isEmpty ? [] : lock.entries.map(\.name))
        var locations: [RelativePath: String] = [:]
        for stored in stored {
            if let location = byFile[RelativePath(checked: "\(stored.entry)/\(stored.file)")] {
                locations[stored.path] = location
            } else if !lost.contains(stored.entry) {
                missing.append(
                    Diagnostic(
                        code: .fileMissing, "\(stored.entry): \(stored.file) is not in the cache any more",
                        notes: ["the lock has it with sha256 \(stored.sha256)"],
                        fix: "download it again, or run knapsack lock {manifest} --update \(stored.entry)",
                        verdict: .undecided))
            }
        }
        guard missing.isEmpty else { throw Diagnostics(missing) }
        return locations
    }
}
