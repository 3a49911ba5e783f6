package import Manifests

/// A service that files are fetched from, and the cache that the service's own client keeps.
package protocol FetchService: Sendable {
    /// What sentences call it: "the Hub".
    var name: String { get }

    /// The variables that lead to it, for a sentence about a network that does not: "HF_ENDPOINT".
    var addressVariable: String { get }

    /// Whether a source is this service's.
    func has(_ source: Source) -> Bool

    /// Asks what a wish comes to, and looks what of it is in the cache. Nothing is written; the thread is held until the
    /// answers are there.
    ///
    /// - Throws: ``NetworkError`` and ``ServiceRefusal``.
    func plan(_ wish: FetchWish) throws -> FetchPlan

    /// What to say where the service does not give what is asked.
    ///
    /// - Parameter file: the file that was asked for; `nil` where it was the source.
    func finding(_ refusal: any ServiceRefusal, _ wish: FetchWish, file: String?) -> Diagnostic
}

/// Why a service does not give what was asked, in the form that decides what a person has to do.
package protocol ServiceRefusal: Error, Sendable {
    /// Whether other files may be given: otherwise nobody needs to be asked for them.
    var concernsOneFile: Bool { get }
}

/// Where the files of a plan come from, and what receives them.
protocol FetchDestination: Sendable {
    /// The directory in which the files have their names.
    var directory: String { get }

    /// The directory of the cache, which does not have to exist yet.
    var cache: String { get }

    /// The directories beside ``directory`` that are written into.
    var otherDirectories: [String] { get }

    /// The directory in which equal contents are kept once for all plans; `nil` where every file has its own place.
    var sharedContents: String? { get }

    /// How many files came out of an archive; `nil` where none was loaded.
    var unpacked: Int? { get }

    /// Makes the directories that files are loaded into.
    func prepare() throws

    /// Where the bytes of a file come from.
    func source(of file: FetchPlan.File, _ identity: BlobIdentity) -> any BlobSource

    /// Where the content of a file is kept.
    func target(of file: FetchPlan.File, _ identity: BlobIdentity) -> any BlobTarget

    /// The name that a file gets.
    func name(of file: FetchPlan.File, _ identity: BlobIdentity) -> any BlobName

    /// Tells the service's own client that all files of the plan are there.
    /// - Returns: what is worth knowing.
    func finish() throws -> [Diagnostic]
}

extension FetchDestination {
    /// A cache in which everything is below the files' own directory.
    var otherDirectories: [String] { [] }

    /// A service that has no archives.
    var unpacked: Int? { nil }
}
