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
                && name.hasUTF8Suffix(format.suffix)
        }
        guard let found else { return nil }
        self = found
    }

    /// The suffix of a path that promises an archive of another kind; `nil` for every other path.
    ///
    /// Capital letters count as small ones: nobody who writes `x.ZIP` wants a directory.
    package static func unknownSuffix(of path: String) -> String? {
        guard ArchiveFormat(path: path) == nil else { return nil }
        let name = Path.name(path)
        let small = name.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        let suffix = otherSuffixes.first { suffix in
            small.count > suffix.utf8.count && small.ends(with: suffix)
        }
        return suffix.map { String(decoding: name.utf8.suffix($0.utf8.count), as: UTF8.self) }
    }

    /// Longer ones before those that they end with.
    private static let otherSuffixes = [
        ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.lz4", ".tar.lz", ".tar.lzma", ".tar.z", ".tar.br", ".tar.zst",
        ".tar",
        ".tgz", ".tbz", ".tbz2", ".txz", ".tzst", ".tlz", ".zip", ".zipx", ".7z", ".rar", ".gz", ".bz2",
        ".xz",
        ".zst", ".lz4", ".lz", ".lzma", ".z", ".br", ".cab", ".iso", ".cpio", ".ar", ".jar", ".whl", ".sqfs",
        ".squashfs", ".zpaq", ".arj", ".ace", ".lzh", ".wim", ".dmg", ".deb", ".rpm",
    ]

    /// The suffix of a path to such an archive: ".tar", ".tar.zst" or ".zip".
    package var suffix: String {
        switch self {
        case .tar: ".tar"
        case .tarZstd: ".tar.zst"
        case .zip: ".zip"
        }
    }
}
