import Formats

/// The kinds of archive that Knapsack writes and reads.
package enum ArchiveFormat: String, CaseIterable, Sendable {
    /// A tar archive in the POSIX pax interchange format (IEEE Std 1003.1-2001, "pax"), not compressed.
    case tar
    /// The same tar archive inside one Zstandard frame (RFC 8878).
    case tarZstd
    /// A zip archive (PKWARE's APPNOTE 6.3), with Zip64 where sizes need it.
    case zip

    /// The format that a path's suffix names, in lowercase as written here, or `nil` for every other suffix.
    package init?(path: String) {
        let name = Path.name(path)
        let found = ArchiveFormat.allCases.first { format in
            name.utf8.count > format.suffix.utf8.count
                && name.utf8.suffix(format.suffix.utf8.count).elementsEqual(format.suffix.utf8)
        }
        guard let found else { return nil }
        self = found
    }

    /// The suffix of a path to such an archive: ".tar", ".tar.zst" or ".zip".
    package var suffix: String {
        switch self {
        case .tar: ".tar"
        case .tarZstd: ".tar.zst"
        case .zip: ".zip"
        }
    }
}
