import Formats
import Storage

/// What is known of a revision besides the files that were chosen from it.
package struct ModelRevision: Sendable {
    /// The paths of its files, here or only listed.
    package let paths: [String]
    private let files: [[UInt8]: ModelFile]
    private let known: Set<[UInt8]>

    /// The largest configuration that is read.
    private static let limit = 1 << 22

    /// Makes a revision of which nothing more is known.
    package init() {
        self.init(files: [], listed: [])
    }

    /// - Parameters:
    ///   - files: all of its files that are here.
    ///   - listed: the paths that a listing of the revision has.
    package init(files: [ModelFile], listed: some Sequence<String>) {
        let present = files.map { Array($0.path.utf8) }
        self.files = Dictionary(zip(present, files), uniquingKeysWith: { first, _ in first })
        known = Set(present).union(listed.map { Array($0.utf8) })
        paths = known.sorted { $0.lexicographicallyPrecedes($1) }.map { String(decoding: $0, as: UTF8.self) }
    }

    func contains(_ path: String) -> Bool { known.contains(Array(path.utf8)) }

    /// A configuration that is here; `nil` where it is not, or cannot be read.
    func json(_ path: String) -> JSON? {
        guard let file = files[Array(path.utf8)],
            let bytes = try? FileReader.contents(of: file.location, limit: Self.limit)
        else { return nil }
        return try? JSON.parse(bytes.span, nonFinite: true)
    }
}
