import Formats
package import Manifests
package import Storage

/// What a hub cache has of one repository.
package struct CachedRevisions: Sendable {
    /// A branch or a tag; the cache does not tell which.
    package struct Ref: Sendable {
        /// The name, which may have "/" in it.
        package let name: String
        /// The commit that it points at, 40 hexadecimal digits.
        package let commit: String
    }

    /// The commits of which there are files, sorted.
    package let commits: [String]
    /// The names that point at one of them, sorted by their bytes.
    package let refs: [Ref]

    /// The commit to show where nobody names one: that of `main`, else of the first name, else the first.
    package var shown: String? {
        refs.first { $0.name.hasSameBytes(as: "main") }?.commit ?? refs.first?.commit ?? commits.first
    }
}

extension HubCache {
    /// The revisions of a repository.
    /// - Throws: where the cache does not have it.
    package func revisions(of repository: HubRepository) throws(Diagnostics) -> CachedRevisions {
        var folder = try HubFolder(repository, in: self)
        let commits = folder.commits
        let refs = folder.refs().compactMap { ref -> CachedRevisions.Ref? in
            guard let commit = ref.commit, commits.contains(commit) else { return nil }
            return CachedRevisions.Ref(name: ref.name, commit: commit)
        }
        return CachedRevisions(commits: commits, refs: refs)
    }
}

extension CachedFile {
    /// What the cache states of the file that its content does not agree with; `nil` where all of it holds.
    ///
    /// A Xet hash counts where nothing else states what the content is, as it is computed only then.
    package func contradiction(of digests: ContentDigests) -> Evidence? {
        evidence.first { evidence in
            switch evidence {
            case .sha256(let expected, _): expected != digests.sha256
            case .gitBlob(let expected, _): expected != digests.gitBlob
            case .xet(let expected, _): isKnownByXetAlone && expected != digests.xet
            }
        }
    }
}
