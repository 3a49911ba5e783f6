package import Formats
package import Manifests
import Storage

/// Bytes of one entry that are stored once, because another has them: who uses whose.
package struct Sharing: Equatable, Sendable {
    /// Who has the bytes.
    package enum Holder: Hashable, Sendable {
        /// An entry of the same bundle.
        case entry(ExactName)
        /// A base, by its name.
        case base(ExactName)
    }

    /// The entry that uses them.
    package let user: String
    /// Who has them.
    package let holder: Holder
    /// Bytes of whole equal files.
    package let files: Int
    /// Bytes of equal tensors.
    package let tensors: Int

    /// All bytes.
    package var bytes: Int { files.saturated(adding: tensors) }

    /// The holder's name.
    package var holderName: String {
        switch holder {
        case .entry(let name), .base(let name): name.text
        }
    }

    /// Who shares with whom, the most bytes first. What an entry shares with itself is in it.
    package static func all(_ plan: Plan) -> [Sharing] {
        let lock = plan.lock
        var owners: [RelativePath: Plan.StoredFile] = [:]
        for file in plan.stored { owners[file.path] = file }
        var sums: [Pair: (files: Int, tensors: Int)] = [:]
        var seen: [SHA256Digest: String] = [:]
        func add(_ user: String, _ holder: Holder, files: Int = 0, tensors: Int = 0) {
            let pair = Pair(user: ExactName(user), holder: holder)
            let old = sums[pair] ?? (0, 0)
            sums[pair] = (old.files.saturated(adding: files), old.tensors.saturated(adding: tensors))
        }
        func base(_ digest: SHA256Digest) -> Holder {
            .base(ExactName(lock.base(digest)?.name ?? digest.hex))
        }
        for entry in lock.packed {
            for file in entry.files {
                switch file.placement {
                case .natural: break
                case .at(let path):
                    guard let owner = owners[path],
                        !(owner.entry.hasSameBytes(as: entry.name) && owner.file == file.path)
                    else { break }
                    add(entry.name, .entry(ExactName(owner.entry)), files: file.size)
                case .base(let digest, _): add(entry.name, base(digest), files: file.size)
                case .segments(let segments):
                    if let first = seen[file.sha256] {
                        add(entry.name, .entry(ExactName(first)), files: file.size)
                        continue
                    }
                    seen[file.sha256] = entry.name
                    var own: [RelativePath: Int] = [:]
                    for segment in segments {
                        if let digest = segment.base {
                            add(entry.name, base(digest), tensors: segment.length)
                        } else if let owner = owners[segment.at] {
                            if owner.entry.hasSameBytes(as: entry.name), owner.file == file.path {
                                own[segment.at] = (own[segment.at] ?? 0).saturated(adding: segment.length)
                            } else {
                                add(entry.name, .entry(ExactName(owner.entry)), tensors: segment.length)
                            }
                        }
                    }
                    // What a file has of its own, and more than once.
                    for (path, length) in own {
                        let again = length - (owners[path]?.size ?? length)
                        if again > 0 { add(entry.name, .entry(ExactName(entry.name)), tensors: again) }
                    }
                }
            }
        }
        return sums.map {
            Sharing(
                user: $0.key.user.text, holder: $0.key.holder, files: $0.value.files,
                tensors: $0.value.tensors)
        }.filter { $0.bytes > 0 }.sorted {
            if $0.bytes != $1.bytes { return $0.bytes > $1.bytes }
            if !$0.user.hasSameBytes(as: $1.user) { return $0.user.precedesByBytes($1.user) }
            return $0.order < $1.order
        }
    }

    /// Entries before bases, then by name.
    private var order: ExactName {
        switch holder {
        case .entry(let name): ExactName("0\(name.text)")
        case .base(let name): ExactName("1\(name.text)")
        }
    }

    private struct Pair: Hashable {
        let user: ExactName
        let holder: Holder
    }
}
