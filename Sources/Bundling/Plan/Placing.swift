import Storage

extension Lock {
    /// Decides where every file lies in the bundle, and makes the lock.
    ///
    /// Nothing but the arguments decides: of the files with one content, the first whose natural path
    /// survives an upload keeps it; the others refer to it. Content without such a path goes to `store/`.
    /// - Parameters:
    ///   - bundle: says how much equal content is stored once.
    ///   - ordered: the entries in the manifest's order; where their files lay before does not matter.
    static func placing(_ bundle: BundleSettings, _ ordered: [LockedEntry]) -> Lock {
        var homes: [SHA256Digest: String] = [:]
        if bundle.deduplication != .none {
            for entry in ordered {
                for file in entry.files where homes[file.sha256] == nil {
                    let natural = entry.naturalPath(of: file)
                    if BundlePath.problem(natural) == nil { homes[file.sha256] = natural }
                }
            }
        }
        let placed = ordered.map { entry in
            entry.with(
                files: entry.files.map { file in
                    let natural = entry.naturalPath(of: file)
                    let home =
                        homes[file.sha256]
                        ?? (BundlePath.problem(natural) == nil
                            ? natural : "\(BundlePath.store)/\(file.sha256.hex)")
                    return file.placed(home == natural ? .natural : .at(home))
                })
        }
        return Lock(bundle: bundle, entries: placed)
    }
}
