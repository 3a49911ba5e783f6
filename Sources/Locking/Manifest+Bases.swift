package import Caches
import Formats
package import Manifests
import Storage

extension Manifest {
    /// The same manifest with what can be read of the bundles that it builds on. What cannot is no error here: not every
    /// command needs the bases.
    ///
    /// - Parameters:
    ///   - caches: where data sets of Kaggle are looked for; `nil` leaves those unread.
    ///   - previous: a lock whose versions of those are kept; `nil` takes the newest that are there.
    package func readingBases(_ caches: Caches? = nil, previous: Lock? = nil) -> Manifest {
        var manifest = self
        manifest.bases = bundle.bases.map { asked in
            do throws(Diagnostics) {
                return ManifestBase(asked: asked, bundle: try read(asked, caches, previous))
            } catch {
                return ManifestBase(asked: asked, problem: error.all.first)
            }
        }
        return manifest
    }

    private func read(_ asked: String, _ caches: Caches?, _ previous: Lock?) throws(Diagnostics)
        -> BaseBundle?
    {
        switch BaseSource(asked) {
        case nil: return nil
        case .lock(let name)?:
            let path = Path.normalized(Path.join(Path.parent(self.path), name))
            guard !path.hasSameBytes(as: Path.normalized(ownLockPath)) else {
                throw Diagnostics(
                    Diagnostic(
                        code: .baseConflict,
                        "\(asked) is the lock of this manifest, which cannot build on itself",
                        fix: "name the lock of an earlier bundle"))
            }
            let bytes = try Self.contents(
                path, asked,
                remedy: "write the path relative to the manifest, or lock the manifest of that bundle")
            return try BaseBundle(asked: asked, bytes: bytes, path: path, isBundled: false)
        case .kaggle(let handle)?:
            guard let caches else { return nil }
            let snapshot = try caches.snapshot(
                for: .kaggle(handle), pinned: pin(asked, previous), manifestDirectory: Path.parent(self.path))
            guard case .kaggle(let found) = snapshot.origin,
                let lock = snapshot.files.first(where: { $0.path == Lock.bundledName })
            else {
                throw Diagnostics(
                    Diagnostic(
                        code: .baseUnreadable, "\(asked) has no \(Lock.bundledName), so it is not a bundle",
                        fix: "name a data set that was packed by Knapsack", verdict: .undecided))
            }
            let bytes = try Self.contents(lock.location, asked, remedy: "download the data set again")
            return try BaseBundle(
                asked: asked, bytes: bytes, path: lock.location, handle: found, isBundled: true)
        }
    }

    private var ownLockPath: String {
        path.hasUTF8Suffix(".toml") ? path.dropLast(5) + ".lock" : path + ".lock"
    }

    /// The version that a lock has of a data set.
    private func pin(_ asked: String, _ previous: Lock?) -> Origin? {
        let base = previous?.bases.first { $0.asked?.hasSameBytes(as: asked) ?? false }
        guard let base, case .kaggle(let handle)? = try? Source.parse("kaggle-dataset:\(base.attach)") else {
            return nil
        }
        return .kaggle(handle)
    }

    private static func contents(
        _ path: String, _ asked: String, remedy: String
    ) throws(Diagnostics) -> [UInt8] {
        do {
            return try FileReader.contents(named: path, limit: Lock.sizeLimit)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .baseUnreadable, "the lock of the base \(asked) could not be read",
                    notes: ["\(error)"],
                    fix: error.remedy(missing: remedy), verdict: .undecided))
        }
    }
}
