package import Formats
import Storage

/// What is known of a revision besides the files that were chosen from it.
package struct ModelRevision: Sendable {
    /// The paths of its files, here or only listed.
    package let paths: [RelativePath]
    private let files: [RelativePath: ModelFile]
    private let known: Set<RelativePath>

    /// The largest configuration that is read.
    private static let limit = 1 << 22

    /// Makes a revision of which nothing more is known.
    package init() {
        self.init(files: [], listed: [])
    }

    /// - Parameters:
    ///   - files: all of its files that are here.
    ///   - listed: the paths that a listing of the revision has.
    package init(files: [ModelFile], listed: some Sequence<RelativePath>) {
        let present = files.map(\.path)
        self.files = Dictionary(zip(present, files), uniquingKeysWith: { first, _ in first })
        known = Set(present).union(listed)
        paths = known.sorted()
    }

    /// Whether the revision has a file, here or only listed; `nil` is none of its files.
    func contains(_ path: RelativePath?) -> Bool { path.map(known.contains) ?? false }

    /// A configuration that is here; `nil` where it is not, or cannot be read.
    func json(_ path: RelativePath) -> JSON? {
        guard let file = files[path],
            let bytes = try? FileReader.contents(of: file.location, limit: Self.limit)
        else { return nil }
        return try? JSON.parse(bytes.span, nonFinite: true)
    }
}
