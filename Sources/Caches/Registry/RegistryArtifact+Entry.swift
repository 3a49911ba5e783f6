import Formats
package import Manifests
import Storage

extension RegistryArtifact {
    /// The lock of a bundle, among its files; `nil` for what is no bundle.
    package var lockFile: File? {
        files.first { $0.path == Lock.bundledName && unpacked[$0.sha256] == nil }
    }

    /// The files that a source means: all of them, or of a bundle those of one of its entries, by their paths in the entry.
    ///
    /// - Parameter lock: the bundle's lock; `nil` for what is no bundle.
    /// - Throws: ``Refused`` where the entry is not named, not there, or not stored in files of its own.
    package func files(of source: RegistrySource, lock: Lock?) throws(Refused) -> [File] {
        guard let lock else {
            guard let entry = source.entry else { return files }
            throw Refused(reason: "is not a bundle, so that it has no entry \(quoted(entry))")
        }
        let names = lock.packed.map(\.name)
        let known = names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", …" : "")
        let found: LockedEntry?
        if let entry = source.entry {
            found = lock.packed.first { $0.name.hasSameBytes(as: entry) }
            if found == nil {
                throw Refused(reason: "is a bundle without the entry \(quoted(entry)); it has \(known)")
            }
        } else {
            found = lock.packed.count == 1 ? lock.packed.first : nil
        }
        guard let found else {
            throw Refused(
                reason:
                    "is a bundle with several entries (\(known)); name one behind \"#\", as in oci:\(source.reference.name)#\(names.first ?? "name")"
            )
        }
        let layers = contents
        var result: [File] = []
        for file in found.files {
            let place: RelativePath
            switch file.placement {
            case .natural: place = found.naturalPath(of: file)
            case .at(let path): place = path
            case .segments, .base:
                throw Refused(
                    reason:
                        "has \(quoted(file.path.text)) of \(found.name) in parts that other files or bundles have, too; pull it, and unpack it into a directory or a cache"
                )
            }
            guard let layer = layers[place], layer.size == file.size, layer.sha256 == file.sha256 else {
                throw Refused(
                    reason: "has no \(quoted(place.text)) of the size and the digest that its lock states")
            }
            result.append(File(path: file.path, size: file.size, sha256: file.sha256))
        }
        return result.sorted { $0.path < $1.path }
    }
}
