package import Manifests

extension KaggleHandle {
    /// The same model or data set in another version, or without one.
    package func with(version: Int?) -> KaggleHandle {
        KaggleHandle(kind: kind, parts: parts, version: version)
    }

    /// Where kagglehub keeps markers and archives of all versions, seen from the cache (kagglehub,
    /// `cache.py`).
    package var folder: String {
        kind == .competition ? "competitions" : "\(kind.rawValue)s/\(parts.joined(separator: "/"))"
    }

    /// Where it keeps the versions' directories, or the directory of what has no versions.
    package var versionsFolder: String {
        switch kind {
        case .model: folder
        case .dataset: folder + "/versions"
        case .notebook: folder + "/output/versions"
        case .competition: "\(folder)/\(parts.joined(separator: "/"))"
        }
    }

    /// Where the files of this version are.
    package var dataFolder: String { version.map { "\(versionsFolder)/\($0)" } ?? versionsFolder }

    /// What the names of its markers and of its archive begin with, in ``folder``: the first is what kagglehub 1.0.3
    /// looks for. For notebooks that is a text in which the version was meant to be put, and never is.
    package var markerNames: [String] {
        let number = version.map { "\($0)" } ?? ""
        return switch kind {
        case .model, .dataset: [number]
        case .notebook: ["output-{handle.version!s}", "output-\(number)"]
        case .competition: [parts.joined(separator: "/")]
        }
    }

    /// Where it keeps a marker for every single file that was downloaded by itself.
    package var fileMarkersFolder: String { "\(folder)/.complete/\(markerNames.last ?? "")" }

    /// The function that fetches it.
    package var downloadFunction: String {
        kind == .notebook ? "kagglehub.notebook_output_download" : "kagglehub.\(kind.rawValue)_download"
    }

    /// The call that fetches it.
    package var download: String { "\(downloadFunction)(\"\(text)\")" }

    /// Reads the name of a version's directory; `nil` if it is not one: versions count from 1 and are
    /// written without zeros before them.
    package static func version(_ name: String) -> Int? {
        guard let first = name.utf8.first, first != UInt8(ascii: "0"),
            name.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(name)
    }

    /// The handle of parts that are names of folders; `nil` where kagglehub's rules or Knapsack's forbid
    /// one of them.
    package init?(_ kind: Kind, folders: [String]) {
        guard let handle = try? KaggleHandle.parse(kind, folders.joined(separator: "/")),
            handle.version == nil
        else { return nil }
        self = handle
    }
}
