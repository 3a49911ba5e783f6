import Formats
package import Storage

/// Files that have to be in one directory of the bundle, because what opens one of them resolves links and takes the
/// others from beside it alone: an ONNX model and the data of its tensors.
///
/// ONNX Runtime from 1.24 on compares real paths: the data must be in the directory of the model file, or below it, after all
/// links. So the files of a group are shared with an equal group as a whole or not at all. Where that would store much twice,
/// or a name would not survive an upload, all of them are in `store/`, where everything is beside everything.
package struct Neighbours {
    /// The most bytes that are stored twice to keep files at their natural paths; graphs have some megabytes, and data gigabytes.
    static let mostRepeated = 64 << 20

    private struct Group {
        let entry: Int
        /// The model files with the data that each one names, as places in ``members``.
        let pairs: [(model: Int, data: Int)]
        let members: [LockedFile]
        let paths: [RelativePath]
    }

    /// Homes of single files, by the entry's place and the file's path.
    private var own: [Key: RelativePath] = [:]
    /// Contents that are in `store/` wherever they are used.
    private var stored: Set<SHA256Digest> = []
    /// The contents of all groups.
    package private(set) var contents: Set<SHA256Digest> = []

    private struct Key: Hashable {
        let entry: Int
        let path: RelativePath
    }

    /// - Parameters:
    ///   - ordered: the entries in the manifest's order.
    ///   - homes: where each content is, or none where nothing is shared.
    init(_ ordered: [LockedEntry], homes: [SHA256Digest: RelativePath]) {
        let groups = ordered.indices.flatMap { Self.groups(ordered[$0], $0) }
        guard !groups.isEmpty else { return }
        contents = Set(groups.flatMap { $0.members.map(\.sha256) })
        for component in Self.components(groups) {
            let placed = homes.isEmpty ? component.map { ($0, $0.paths) } : Self.place(component, homes)
            guard let placed, component.allSatisfy({ $0.paths.allSatisfy { BundlePath.problem($0) == nil } })
            else {
                stored.formUnion(component.flatMap { $0.members.map(\.sha256) })
                continue
            }
            for (group, paths) in placed {
                for (file, path) in zip(group.members, paths) {
                    own[Key(entry: group.entry, path: file.path)] = path
                }
            }
        }
    }

    /// Where a file is because of its neighbours; `nil` where they do not matter.
    func home(of file: LockedFile, entry: Int) -> RelativePath? {
        if stored.contains(file.sha256) { return Lock.storePath(file.sha256) }
        return own.isEmpty ? nil : own[Key(entry: entry, path: file.path)]
    }

    /// Where contents are, those of groups in `store/` included.
    func homes(_ homes: [SHA256Digest: RelativePath]) -> [SHA256Digest: RelativePath] {
        homes.merging(stored.map { ($0, Lock.storePath($0)) }) { _, own in own }
    }

    /// Contents that cannot be taken from bases: of files that have to be beside each other, where no base has all of
    /// them so.
    /// - Parameter place: where a base has a whole content: the digest of its lock, and the path in it.
    static func inseparable(
        _ ordered: [LockedEntry], _ place: (SHA256Digest) -> (base: SHA256Digest, path: RelativePath)?
    ) -> Set<SHA256Digest> {
        let groups = ordered.indices.flatMap { Self.groups(ordered[$0], $0) }
        var refused: Set<SHA256Digest> = []
        var isSettled = groups.isEmpty
        // A content of two groups that one of them refuses is refused for the other.
        while !isSettled {
            isSettled = true
            for group in groups {
                let digests = group.members.map(\.sha256)
                let places = digests.compactMap { refused.contains($0) ? nil : place($0) }
                if places.count == digests.count, Set(places.map(\.base)).count == 1,
                    group.pairs.allSatisfy({ pair in
                        places[pair.model].path.parent.map(places[pair.data].path.isInside) ?? true
                    })
                {
                    continue
                }
                if refused.isSuperset(of: digests) { continue }
                refused.formUnion(digests)
                isSettled = false
            }
        }
        return refused
    }

    // MARK: Groups

    /// The files of an entry that name each other, those that share data in one group.
    private static func groups(_ entry: LockedEntry, _ index: Int) -> [Group] {
        let requirements = entry.requirements.filter { $0.kind == .externalData }
        guard !requirements.isEmpty else { return [] }
        let files = Dictionary(
            entry.files.map { ($0.path, $0) }, uniquingKeysWith: { one, _ in one })
        var sets: [(paths: Set<RelativePath>, pairs: [(model: RelativePath, data: RelativePath)])] = []
        for requirement in requirements {
            let model = requirement.file
            let data = requirement.paths.filter { files[$0] != nil }
            guard files[model] != nil, !data.isEmpty else { continue }
            var paths = Set(data).union([model])
            var pairs = data.map { (model: model, data: $0) }
            for set in sets where !set.paths.isDisjoint(with: paths) {
                paths.formUnion(set.paths)
                pairs += set.pairs
            }
            sets.removeAll { !$0.paths.isDisjoint(with: paths) }
            sets.append((paths, pairs))
        }
        return sets.map { set in
            let sorted = set.paths.sorted()
            let places = Dictionary(sorted.enumerated().map { ($1, $0) }, uniquingKeysWith: { one, _ in one })
            let members = sorted.compactMap { files[$0] }
            return Group(
                entry: index,
                pairs: set.pairs.compactMap { pair in
                    places[pair.model].flatMap { model in places[pair.data].map { (model, $0) } }
                }, members: members, paths: members.map(entry.naturalPath))
        }
    }

    /// Groups that have a content in common, directly or by way of others; in the order of the first of each.
    private static func components(_ groups: [Group]) -> [[Group]] {
        var components: [(contents: Set<SHA256Digest>, groups: [Int])] = []
        for index in groups.indices {
            var contents = Set(groups[index].members.map(\.sha256))
            var members = [index]
            components.removeAll { other in
                guard !other.contents.isDisjoint(with: contents) else { return false }
                contents.formUnion(other.contents)
                members += other.groups
                return true
            }
            components.append((contents, members.sorted()))
        }
        return components.sorted { ($0.groups.first ?? 0) < ($1.groups.first ?? 0) }
            .map { $0.groups.map { groups[$0] } }
    }

    /// Homes of the groups that keep what belongs together in one directory; `nil` where that would store too much twice.
    private static func place(
        _ component: [Group], _ homes: [SHA256Digest: RelativePath]
    ) -> [(Group, [RelativePath])]? {
        var placed: [(Group, [RelativePath])] = []
        var kept: Set<RelativePath> = []
        var seen: Set<SHA256Digest> = []
        var repeated = 0
        for group in component {
            let shared = group.members.compactMap { homes[$0.sha256] }
            // An equal group that comes first, and is where it is by its own name.
            if shared.count == group.members.count, shared.allSatisfy(kept.contains),
                group.pairs.allSatisfy({ pair in
                    shared[pair.model].parent.map(shared[pair.data].isInside) ?? true
                })
            {
                placed.append((group, shared))
                continue
            }
            for (file, path) in zip(group.members, group.paths) {
                kept.insert(path)
                let isFirst = homes[file.sha256].map { $0 == path } ?? true
                if !isFirst || !seen.insert(file.sha256).inserted { repeated += file.size }
                guard repeated <= mostRepeated else { return nil }
            }
            placed.append((group, group.paths))
        }
        return placed
    }
}
