import Formats
package import Manifests
package import Storage

/// What is to be written, and whether the file system has room for it: the one check of bundles, archives,
/// conversions and unpacking, and what a disk that is full all the same is reported as.
package struct SpaceNeeded: Sendable {
    private let target: String
    private let place: String
    private let bytes: Int?
    private let text: String?
    private let fix: String

    /// - Parameters:
    ///   - bytes: how many bytes are missing on the disk before anything is written; `nil` where nobody knows.
    ///   - target: what is written, as messages name it.
    ///   - place: a path on its file system, which does not have to exist; the target itself if `nil`.
    ///   - text: what is needed, in words; the bytes if `nil`.
    ///   - fix: what to do about it.
    package init(
        _ bytes: Int?, for target: String, at place: String? = nil, text: String? = nil, fix: String
    ) {
        self.target = target
        self.place = place ?? target
        self.bytes = bytes
        self.text = text ?? bytes.map(SpaceNeeded.text)
        self.fix = fix
    }

    /// Does nothing if there is room.
    /// - Throws: ``Diagnostics`` if there is too little, and `FileError` where it cannot be asked.
    package func check() throws {
        guard let bytes, try SpaceNeeded.free(at: place) < bytes else { return }
        throw Diagnostics(finding)
    }

    /// What to report of a file system that is used up.
    package var finding: Diagnostic {
        let free = (try? SpaceNeeded.free(at: place)) ?? 0
        let files =
            Directory.isOutOfFiles(at: SpaceNeeded.existing(place))
            ? ["but there is room for no more files"] : []
        return Diagnostic(
            code: .diskFull, "not enough free space for \(target)",
            notes: (text.map { ["needed  \($0)"] } ?? []) + ["free    \(SpaceNeeded.text(free))"] + files,
            fix: fix, verdict: .undecided)
    }

    /// A number of bytes, rounded and to the byte.
    package static func text(_ count: Int) -> String { "\(ByteCount.text(count)) (\(count) bytes)" }

    /// The free bytes of the file system of a path, which does not have to exist.
    package static func free(at path: String) throws(FileError) -> Int {
        try Directory.freeBytes(at: existing(path))
    }

    /// The nearest directory of a path that exists.
    private static func existing(_ path: String) -> String {
        var path = path.isEmpty ? "." : path
        while path != ".", path != "/", (try? FileStatus.existing(path)) == .some(nil) {
            path = Path.parent(path)
        }
        return path
    }
}

extension Error {
    /// Whether a file system, or a user's share of it, is used up, whatever was being written.
    package var isOfFullDisk: Bool {
        switch self {
        case let error as FileError: error.isFullDisk
        case let error as ArchiveError: error.isFullDisk
        case let failure as ReadFailure:
            if case .file(let error) = failure { error.isFullDisk } else { false }
        default: false
        }
    }
}
