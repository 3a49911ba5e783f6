package import Formats
package import Manifests

/// What a server asks of the Hub and of Kaggle when its caches lack something.
package enum UpstreamQuestion: Hashable, Sendable {
    /// The commit that a revision of a repository is now; afterwards the cache has the list of its files.
    case revision(HubRepository, String)
    /// To have a file of a commit in the cache.
    case hubFile(HubRepository, commit: String, RelativePath)
    /// The version of a model or a data set that is current.
    case version(KaggleHandle)
    /// The files of a version, which the handle has.
    case files(KaggleHandle)
    /// To have a file of a version in the cache.
    case kaggleFile(KaggleHandle, RelativePath)
    /// To have all files of a version in the cache.
    case kaggleVersion(KaggleHandle)

    /// Whether content is loaded, and not only asked about.
    var isLoad: Bool {
        switch self {
        case .hubFile, .kaggleFile, .kaggleVersion: true
        case .revision, .version, .files: false
        }
    }
}

/// What came of a question.
package enum UpstreamAnswer: Sendable {
    /// The commit, 40 hexadecimal digits.
    case commit(String)
    /// The number of a version.
    case version(Int)
    /// The files of a version.
    case files([UpstreamFile])
    /// It is in the cache, proved by what the service states of it.
    case loaded
}

/// A file as Kaggle lists it.
package struct UpstreamFile: Hashable, Sendable {
    /// Its path in the version.
    package let path: RelativePath
    /// Its size in bytes.
    package let size: Int
    /// When it was made, in seconds since 1970; 0 where that is not stated.
    package let created: Int64

    /// Describes a file.
    package init(path: RelativePath, size: Int, created: Int64) {
        self.path = path
        self.size = size
        self.created = created
    }
}

/// Asks the Hub and Kaggle, and fills the caches. Each question may be asked by many at once, and is put by
/// ``UpstreamDesk`` once.
package protocol UpstreamFetcher: Sendable {
    /// The answer, or why there is none: findings, whose codes decide what clients are told, and whose words they do not see.
    func answer(_ question: UpstreamQuestion) async -> Result<UpstreamAnswer, Diagnostics>

    /// Has everything end soon: what was loaded so far is kept, and goes on another time.
    func stop()
}
