import Formats
import Manifests

/// One file of a version, as Kaggle lists it.
struct KaggleFile: Equatable, Sendable {
    /// Its path as Kaggle states it, which may be one that no file is written to.
    let name: String
    /// The size in bytes.
    let size: Int
    /// When it was made, in seconds since 1970; `nil` where Kaggle does not state it.
    let created: Int64?
}

/// Reads the pages of a list of files, directory after directory.
struct KaggleListingReader {
    private let handle: KaggleHandle
    /// What was read so far.
    private(set) var files: [KaggleFile] = []
    private var pending: [String] = [""]
    private var known: Set<ExactName> = [""]
    private var page = ""
    private var pages = 0

    /// The most pages of one list, the most files, and the most bytes of a directory's path: the kernel takes no longer ones.
    private static let pages = 20_000
    private static let files = 1_500_000
    private static let longestPath = 4095

    /// Begins with the directory at the top.
    init(_ handle: KaggleHandle) { self.handle = handle }

    /// The call for the next page; `nil` after the last one.
    func next() -> KaggleCall? {
        guard let directory = pending.last else { return nil }
        return KaggleCall.files(handle, directory: directory, page: page)
    }

    /// Takes a page.
    /// - Parameter host: who sent it, for errors.
    mutating func take(_ json: JSON, from host: String) throws(NetworkError) {
        guard let directory = pending.last else { return }
        pages += 1
        guard pages <= KaggleListingReader.pages, files.count <= KaggleListingReader.files else {
            throw malformed(host, "does not end")
        }
        for entry in json["files"]?.array ?? [] {
            guard let file = file(entry, in: directory) else {
                throw malformed(host, "has an entry that is none")
            }
            files.append(file)
        }
        let inner = try (json["directories"]?.array ?? []).map { entry throws(NetworkError) -> String in
            guard let path = path(entry, in: directory) else {
                throw malformed(host, "has a directory without a name")
            }
            guard path.utf8.count <= KaggleListingReader.longestPath else {
                throw malformed(host, "has a directory whose path is too long")
            }
            // One that leads back, or out, would never end.
            guard known.insert(ExactName(path)).inserted,
                directory.isEmpty || path.hasUTF8Prefix(directory + "/")
            else { throw malformed(host, "has a directory that leads back") }
            return path
        }
        let following = json["nextPageToken"]?.string ?? ""
        guard following.isEmpty || !following.hasSameBytes(as: page) else {
            throw malformed(host, "does not end")
        }
        page = following
        if following.isEmpty { pending.removeLast() }
        pending.insert(contentsOf: inner, at: 0)
    }

    private func file(_ json: JSON, in directory: String) -> KaggleFile? {
        // Numbers that are 0 are left out.
        let size = (json["size"] ?? json["totalBytes"] ?? .integer(0)).integer
        guard let name = path(json, in: directory), let size, size >= 0 else { return nil }
        return KaggleFile(
            name: name, size: size, created: json["creationDate"]?.string.flatMap(KaggleTime.seconds))
    }

    /// The path from the version's root: of a tree `relativeUrl`, of a model's list `name`.
    private func path(_ json: JSON, in directory: String) -> String? {
        if let path = json["relativeUrl"]?.string, !path.isEmpty { return path }
        guard let name = json["name"]?.string, !name.isEmpty else { return nil }
        return directory.isEmpty ? name : "\(directory)/\(name)"
    }

    private func malformed(_ host: String, _ how: String) -> NetworkError {
        NetworkError(
            .malformed, "the list of files that \(host) has of \(handle.text) \(how)", isPassing: false)
    }
}

extension KaggleHandle.Kind {
    /// Whether a list states how long files are when they are unpacked. What it states of a competition's file that the
    /// store has as a zip is not known.
    var listsSizes: Bool { self != .competition }
}
