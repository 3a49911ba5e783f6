import Caches
import Formats
import Manifests
import Storage

// What huggingface_hub keeps: blobs under the ETags that the Hub gives for them, links from the snapshots,
// refs. The names must be those that the client would use, or it downloads everything again when it is
// online; and they are what Knapsack proves files by, so a name is only given to content that was proved by
// it when it was locked.
extension UnpackPlan {
    /// The signature is the Cache Directory Tagging Specification's (bford.info/cachedir).
    private static let tag = """
        Signature: 8a477f597d28d172789f06886806bc55
        # Made by knapsack unpack: a Hugging Face cache, which can be filled again.

        """

    /// A commit of a repository, with the entries that have files of it.
    private struct Commit {
        let repository: HubRepository
        let commit: String
        var entries: [LockedEntry]
    }

    /// Plans a hub cache: blobs once for each repository, links in the snapshots, refs and listings of trees.
    mutating func planHub(_ entries: [LockedEntry]) throws(Diagnostics) {
        var commits: [Commit] = []
        for entry in entries {
            guard case .hub(let repository, _, let commit) = entry.origin else { continue }
            if let index = commits.firstIndex(where: { $0.repository == repository && $0.commit == commit }) {
                commits[index].entries.append(entry)
            } else {
                commits.append(Commit(repository: repository, commit: commit, entries: [entry]))
            }
        }
        var blobs: [BlobKey: Blob] = [:]
        var order: [BlobKey] = []
        for commit in commits { try plan(commit, &blobs, &order) }
        for key in order {
            guard let blob = blobs[key] else { continue }
            items.append(
                Item(
                    number: items.count, name: blob.name, size: blob.size, sha256: key.sha256,
                    ranges: blob.ranges, home: .blob(folder: key.folder, key.naming, links: blob.links),
                    units: blob.units, needsGitBlob: key.naming == .gitBlob,
                    isWholeInBase: blob.isWholeInBase))
        }
        try planRefs(commits)
    }

    /// Which blob it is: of one content a folder may have two, where one path is in git and another is not.
    private struct BlobKey: Hashable {
        let folder: RelativePath
        let sha256: SHA256Digest
        let naming: Naming
    }

    private struct Blob {
        let name: String
        let size: Int
        let ranges: [Segment]
        let isWholeInBase: Bool
        var links: [RelativePath] = []
        var units: [Int] = []
    }

    private mutating func plan(
        _ commit: Commit, _ blobs: inout [BlobKey: Blob], _ order: inout [BlobKey]
    ) throws(Diagnostics) {
        let folder = try UnpackPlan.path(commit.repository.folder)
        let unit = add(Unit(entries: commit.entries.map(\.name), staging: folder.appending("blobs")))
        let tree = commit.entries.first(where: UnpackPlan.hasWholeTree)
        var records: [RestoredTree.Record] = []
        var seen: [RelativePath: LockedFile] = [:]
        // The one with the listing first, so that none of its files counts as another one's.
        let others = commit.entries.filter { $0.name != tree?.name }
        for entry in (tree.map { [$0] } ?? []) + others {
            for file in entry.files {
                if let present = seen.updateValue(file, forKey: file.path) {
                    guard present.sha256 == file.sha256, present.size == file.size else {
                        throw UnpackPlan.contradiction(
                            "\(commit.repository.id) has two contents for \(quoted(file.path.text))")
                    }
                    continue
                }
                let path = try UnpackPlan.path("\(folder)/snapshots/\(commit.commit)/\(file.path)")
                let isListed = tree != nil && (file.proof == .treeSHA256 || file.proof == .treeGit)
                if !file.proof.namesBlob || isListed {
                    // A plain copy, as the client leaves it if there are no symbolic links. A blob's
                    // name would claim that the content is the Hub's, which nobody ever proved, or not by
                    // that name; and what a listing proves shall not be proved by something else from now on.
                    add(file, of: entry, to: path, unit: unit)
                    if file.proof == .treeGit { items[items.count - 1].needsGitBlob = true }
                    if isListed, tree?.name == entry.name {
                        records.append(UnpackPlan.record(file, item: items.count - 1))
                    }
                    continue
                }
                let key = BlobKey(folder: folder, sha256: file.sha256, naming: file.proof.naming)
                if blobs[key] == nil {
                    order.append(key)
                    blobs[key] = Blob(
                        name: "\(entry.name)/\(file.path)", size: file.size, ranges: entry.ranges(of: file),
                        isWholeInBase: file.isWholeInBase)
                }
                blobs[key]?.links.append(path)
                if blobs[key]?.units.contains(unit) == false { blobs[key]?.units.append(unit) }
            }
        }
        if let tree, records.count == tree.files.count {
            units[unit].tree = RestoredTree(
                path: try UnpackPlan.path("\(folder)/trees/\(commit.commit).json"), records: records)
        }
    }

    /// Whether an entry's files are all that its commit has, proved by the listing of the commit's tree.
    ///
    /// Only then may a listing be written: the client believes it without asking the Hub, so that files
    /// that are missing in it would never be downloaded. Include and exclude leave files out; and where the
    /// files were proved by the blobs' names, the lock does not tell whether they are all, because a cache
    /// that was filled file by file looks the same.
    private static func hasWholeTree(_ entry: LockedEntry) -> Bool {
        !entry.takesOnlySome && !entry.files.isEmpty
            && entry.files.allSatisfy { $0.proof == .treeSHA256 || $0.proof == .treeGit }
    }

    private static func record(_ file: LockedFile, item: Int) -> RestoredTree.Record {
        RestoredTree.Record(
            path: file.path, size: file.size, sha256: file.proof == .treeSHA256 ? file.sha256 : nil,
            item: item)
    }

    private mutating func planRefs(_ commits: [Commit]) throws(Diagnostics) {
        // By the path of the ref, which commit it got: two entries may pin one branch at two commits.
        var given: [RelativePath: String] = [:]
        if !units.isEmpty {
            units[0].texts.append(Text(path: "CACHEDIR.TAG", bytes: Array(UnpackPlan.tag.utf8)))
        }
        for (unit, commit) in commits.enumerated() {
            for entry in commit.entries {
                guard case .hub(let repository, let ref, let hash) = entry.origin else { continue }
                if let problem = HubRepository.problem(inRevision: ref) {
                    throw UnpackPlan.contradiction("\(entry.name)'s ref \(quoted(ref)) \(problem)")
                }
                // A full commit is found by itself.
                if GitBlobDigest(hex: ref.lowercased()) != nil { continue }
                let path = try UnpackPlan.path("\(repository.folder)/refs/\(ref)")
                let other = given.updateValue(hash, forKey: path)
                guard other == nil || other == hash else {
                    throw UnpackPlan.contradiction(
                        "\(ref) of \(repository.id) is at \(other ?? "") and at \(hash)",
                        fix: "restore one of the entries with --entry")
                }
                if other != nil { continue }
                let elsewhere = Diagnostic(
                    code: .refKept,
                    "\(entry.name): \(ref) of \(repository.id) points elsewhere in the cache, and was not changed",
                    notes: ["the restored commit is \(hash)"],
                    fix: "use revision=\"\(hash)\", or delete \(path) in the cache and unpack again")
                units[unit].texts.append(Text(path: path, bytes: Array(hash.utf8), elsewhere: elsewhere))
            }
        }
    }
}

extension Proof {
    /// Whether what proved the file is what a blob of a repository is named by, or Knapsack made it.
    fileprivate var namesBlob: Bool {
        switch self {
        case .none, .blobXet, .treeXet: false
        case .blobGit, .treeGit, .localDirGit, .blobSHA256, .treeSHA256, .localDirSHA256, .conversion: true
        }
    }

    /// The kind of digest that the Hub names the file by.
    fileprivate var naming: UnpackPlan.Naming {
        switch self {
        case .blobGit, .treeGit, .localDirGit: .gitBlob
        case .blobSHA256, .treeSHA256, .localDirSHA256, .blobXet, .treeXet, .conversion, .none: .sha256
        }
    }
}
