import Formats
import Manifests
import Storage

/// What is to be made in one target. It follows from the lock alone, so that it can be tested without a disk.
///
/// All paths are relative to the target. Every one of them was checked: none is absolute, has a ".." or
/// is below another one's file.
struct UnpackPlan: Sendable {
    /// Some content, and where it goes.
    struct Item: Sendable {
        /// The place in the plan's list; also names the file that it is written to first.
        let number: Int
        /// "entry/path", for messages.
        let name: String
        /// The length of the content in bytes.
        let size: Int
        /// The digest that the lock states; content with another one is not given its name.
        let sha256: SHA256Digest
        /// The ranges of stored files that are the content, one after the other.
        let ranges: [Segment]
        /// Where the content is to be at the end.
        let home: Home
        /// The units that are whole only with it.
        var units: [Int]
        /// Whether somebody needs its git blob name.
        var needsGitBlob: Bool
        /// Whether a base has it as a file of its own.
        var isWholeInBase = false

        /// The same as a file that is put together.
        var segmented: SegmentedFile {
            SegmentedFile(name: name, size: size, sha256: sha256, segments: ranges, isWhole: isWholeInBase)
        }

        /// How many files of entries it is.
        var files: Int {
            if case .blob(_, _, let links) = home { links.count } else { 1 }
        }
    }

    /// Where content goes.
    enum Home: Sendable {
        /// To this path.
        case path(RelativePath)
        /// Into the blobs of a repository's folder in a hub cache, with links to it.
        case blob(folder: RelativePath, Naming, links: [RelativePath])
    }

    /// By what a hub cache names a blob: the ETag that the Hub gives for the file.
    enum Naming: Sendable {
        /// By SHA-256 a file that the Hub stores outside git, by its git blob name one that is in git.
        case sha256, gitBlob
    }

    /// A small file that is made after all content, of which an existing one is never replaced.
    struct Text: Sendable {
        /// Where the file goes, relative to the target.
        let path: RelativePath
        /// The content; empty for a marker.
        let bytes: [UInt8]
        /// What a file states that has other content; `nil` where nobody needs to know.
        var elsewhere: Diagnostic?
    }

    /// What is only whole together: a commit of a repository, a version of a handle, an entry.
    struct Unit: Sendable {
        /// The names of the entries that have files in it.
        let entries: [String]
        /// Where its files are written first, so that they can be renamed to their places.
        let staging: RelativePath
        /// The listing of a commit's files; `nil` unless an entry is known to have all of them.
        var tree: RestoredTree?
        /// In the order in which they are made.
        var texts: [Text] = []
    }

    /// Where everything goes, and in which form.
    let target: UnpackTarget
    /// The content, each at the place of its number.
    var items: [Item] = []
    /// What is whole together; items name units by their places here.
    var units: [Unit] = []
    /// What is worth knowing of the plan.
    var findings: [Diagnostic] = []
    /// The names of the entries that it restores.
    let entries: [String]
    /// The number of the entries' files.
    let files: Int

    /// The directory for unfinished files, and what their names end in: huggingface_hub takes files of that
    /// name for downloads that did not end, which is what they are.
    static let staging: RelativePath = ".knapsack-unpack"
    /// The end of the names of files that are not whole yet.
    static let unfinished = ".knapsack.incomplete"

    /// Plans the restoring of entries.
    ///
    /// - Parameter entries: such as the target takes, in the lock's order.
    init(_ target: UnpackTarget, _ entries: [LockedEntry]) throws(Diagnostics) {
        self.target = target
        self.entries = entries.map(\.name)
        files = entries.reduce(0) { $0 + $1.files.count }
        switch target.form {
        case .directories: try planDirectories(entries)
        case .hub: try planHub(entries)
        case .kagglehub: try planKagglehub(entries)
        }
        try refuseContradictions()
    }

    // MARK: Building

    /// Adds a unit; its place, by which items name it.
    mutating func add(_ unit: Unit) -> Int {
        units.append(unit)
        return units.count - 1
    }

    /// Adds a file that goes to a path of its own.
    mutating func add(_ file: LockedFile, of entry: LockedEntry, to path: RelativePath, unit: Int) {
        items.append(
            Item(
                number: items.count, name: "\(entry.name)/\(file.path)", size: file.size, sha256: file.sha256,
                ranges: entry.ranges(of: file), home: .path(path), units: [unit], needsGitBlob: false,
                isWholeInBase: file.isWholeInBase))
    }

    private mutating func planDirectories(_ entries: [LockedEntry]) throws(Diagnostics) {
        for entry in entries {
            let unit = add(Unit(entries: [entry.name], staging: UnpackPlan.staging))
            for file in entry.files {
                add(file, of: entry, to: try UnpackPlan.path("\(entry.name)/\(file.path)"), unit: unit)
            }
        }
    }

    // MARK: Checking

    /// All paths that something is made at, but for blobs, whose names are digests.
    private var paths: [RelativePath] {
        items.flatMap { item in
            switch item.home {
            case .path(let path): [path]
            case .blob(_, _, let links): links
            }
        } + units.flatMap { unit in unit.texts.map(\.path) + (unit.tree.map { [$0.path] } ?? []) }
    }

    /// A lock comes from strangers: it may name one path twice, or a file and something below it.
    private func refuseContradictions() throws(Diagnostics) {
        // What is below a path follows it at once in this order.
        let sorted = paths.sorted { UnpackPlan.precedes($0, $1) }
        for path in sorted where path.isInside(UnpackPlan.staging) {
            throw UnpackPlan.contradiction("an entry has the name \(UnpackPlan.staging)")
        }
        for (path, next) in zip(sorted, sorted.dropFirst()) {
            if path == next {
                throw UnpackPlan.contradiction("two files would be at \(quoted(path.text))")
            }
            if next.isInside(path) {
                throw UnpackPlan.contradiction(
                    "\(quoted(path.text)) is a file, and \(quoted(next.text)) is below it")
            }
        }
    }

    /// The order of bytes, in which "/" comes before every other.
    private static func precedes(_ one: RelativePath, _ other: RelativePath) -> Bool {
        let slash = UInt8(ascii: "/")
        for (left, right) in zip(one.utf8, other.utf8) where left != right {
            return left == slash || (right != slash && left < right)
        }
        return one.utf8.count < other.utf8.count
    }

    /// A path below the target, put together out of what the lock states.
    static func path(_ text: String) throws(Diagnostics) -> RelativePath {
        guard let path = RelativePath(text) else {
            throw contradiction("the path \(quoted(text)) \(RelativePath.problem(text) ?? "is refused")")
        }
        return path
    }

    /// The error for a lock whose parts do not go together; it stops everything before something is written.
    static func contradiction(_ message: String, fix: String = "pack the bundle again") -> Diagnostics {
        Diagnostics(
            Diagnostic(
                code: .lockContradictsItself, "the bundle's lock contradicts itself: \(message)",
                notes: ["nothing was written"], fix: fix, verdict: .undecided))
    }
}

extension LockedEntry {
    /// The ranges of stored files that are a file's content, one after the other.
    func ranges(of file: LockedFile) -> [Segment] {
        switch file.placement {
        case .natural: [Segment(at: naturalPath(of: file), offset: 0, length: file.size)]
        case .at(let path): [Segment(at: path, offset: 0, length: file.size)]
        case .segments(let segments): segments
        case .base(let base, let path): [Segment(base: base, at: path, offset: 0, length: file.size)]
        }
    }

    /// Whether the manifest took only some files of the source.
    var takesOnlySome: Bool { asked.include != nil || !asked.exclude.isEmpty }
}
