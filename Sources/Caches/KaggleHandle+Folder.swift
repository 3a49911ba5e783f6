package import Manifests

extension KaggleHandle {
    /// The same model or data set in another version, or without one.
    package func with(version: Int?) -> KaggleHandle {
        KaggleHandle(kind: kind, parts: parts, version: version)
    }

    /// Where kagglehub keeps markers and archives of all versions, seen from the cache (kagglehub,
    /// `cache.py`).
    package var folder: String { "\(kind.rawValue)s/\(parts.joined(separator: "/"))" }

    /// Where it keeps the versions' directories.
    package var versionsFolder: String { kind == .model ? folder : folder + "/versions" }

    /// The call that fetches it.
    package var download: String { "kagglehub.\(kind.rawValue)_download(\"\(text)\")" }

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
