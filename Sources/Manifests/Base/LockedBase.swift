package import Formats
package import Storage

/// A bundle that another one builds on, as the lock of that other states it.
package struct LockedBase: Equatable, Sendable {
    /// As the manifest names it; `nil` for a bundle that a base refers to, and that the manifest does not name.
    package let asked: String?
    /// The bundle's name.
    package let name: String
    /// What a notebook has to have attached: a handle of Kaggle's, or the bundle's name where its owner is not known.
    package let attach: String
    /// The digest of the bytes of its `knapsack.lock`, which decides whether a bundle is the right version.
    package let sha256: SHA256Digest

    /// Records a base.
    package init(asked: String?, name: String, attach: String, sha256: SHA256Digest) {
        self.asked = asked
        self.name = name
        self.attach = attach
        self.sha256 = sha256
    }

    /// Whether both are the same, by the bytes of their texts.
    package static func == (left: LockedBase, right: LockedBase) -> Bool {
        left.lockMembers == right.lockMembers
    }

    /// The base as a lock has it.
    package var lockMembers: [JSON.Member] {
        (asked.map { [JSON.Member("asked", .string($0))] } ?? []) + [
            JSON.Member("attach", .string(attach)), JSON.Member("name", .string(name)),
            JSON.Member("sha256", .string(sha256.hex)),
        ]
    }

    /// Whether a notebook can have only one of two bundles attached, because they are versions of one data set or model.
    func excludes(_ other: LockedBase) -> Bool { excludes(name: other.name, attachment: other.attach) }

    /// The same for a bundle of this name, which is attached as this.
    func excludes(name other: String, attachment: String) -> Bool {
        guard name.hasSameBytes(as: other) else { return false }
        let owners = [attach, attachment].map { $0.split(separator: "/").dropLast().first.map(String.init) }
        guard let own = owners[0], let others = owners[1] else { return true }
        return own.hasSameBytes(as: others)
    }

    /// The bases of two sides of a merge, those of the first one before the others.
    static func together(_ ours: Lock, _ theirs: Lock) -> [LockedBase] {
        let known = Set(ours.bases.map(\.sha256))
        return ours.bases + theirs.bases.filter { !known.contains($0.sha256) }
    }
}

extension BundleSettings {
    /// What a notebook has to have attached to use the bundle, without a version.
    package var attachment: String {
        guard let owner else { return name }
        guard let model else { return "\(owner)/\(name)" }
        return "\(owner)/\(name)/\(model.framework)/\(model.variation)"
    }
}

extension Lock {
    /// The digests of the bases that files refer to.
    package var usedBases: Set<SHA256Digest> {
        var used: Set<SHA256Digest> = []
        for entry in packed {
            for file in entry.files { used.formUnion(file.bases) }
        }
        return used
    }

    /// The base whose lock has this digest; `nil` if the lock does not name it.
    package func base(_ digest: SHA256Digest) -> LockedBase? { bases.first { $0.sha256 == digest } }
}

extension LockedFile {
    /// Whether a base has it as a file of its own.
    package var isWholeInBase: Bool { if case .base = placement { true } else { false } }

    /// The digests of the bases that have all or a part of it, sorted.
    package var bases: [SHA256Digest] {
        let used: Set<SHA256Digest> =
            switch placement {
            case .natural, .at: []
            case .base(let base, _): [base]
            case .segments(let segments): Set(segments.compactMap(\.base))
            }
        return used.sorted { $0.hex < $1.hex }
    }
}

extension SegmentedFile {
    /// A file that a base has whole; `nil` for any other.
    package init?(inBase file: LockedFile, of entry: LockedEntry) {
        guard case .base(let base, let path) = file.placement else { return nil }
        self.init(
            name: "\(entry.name)/\(file.path)", size: file.size, sha256: file.sha256,
            segments: [Segment(base: base, at: path, offset: 0, length: file.size)], isWhole: true)
    }
}
