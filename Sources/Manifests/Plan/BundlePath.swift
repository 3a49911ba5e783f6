package import Formats

/// Names in a bundle: which ones Kaggle takes, and where content without such a name goes.
package enum BundlePath {
    /// The folder for content that has no natural path in the bundle.
    package static let store: RelativePath = "store"

    /// Files at the top level of a bundle besides the folders.
    package static func generated(_ bundle: BundleSettings) -> [RelativePath] {
        proved + [SumsFile.name] + UploadMetadata(bundle).files.map(\.name)
    }

    /// Those that `SHA256SUMS` has lines for: not itself, and not what Kaggle keeps for itself.
    package static let proved: [RelativePath] = ["README.md", Lock.bundledName, "knapsack.py"]

    /// Suffixes of archives, which Kaggle unpacks after the upload: the file would be gone.
    static let archiveSuffixes = [
        "7z", "bz2", "gz", "lz", "lz4", "lzma", "rar", "tar", "tbz", "tbz2", "tgz", "txz", "tzst", "xz", "z",
        "zip", "zst",
    ]

    /// Directories that the kaggle command and kagglehub leave out of an upload (kagglehub's
    /// `gcs_upload.py`, version 1.0.3).
    static let skippedDirectories = [".git", ".cache", ".huggingface"]

    /// Why a file would not survive the upload under this path, or `nil` where it does.
    ///
    /// Kaggle's own list of characters is not published; "@" and "&" are known to be refused after the
    /// upload (kaggle-cli#430, #524), so only what is certainly fine is used.
    package static func problem(_ path: RelativePath) -> String? {
        for part in path.components {
            if skippedDirectories.contains(part) { return "uploads leave out the directory \(part)" }
            if let scalar = part.unicodeScalars.first(where: { !isPlain($0) }) {
                return "Kaggle may refuse the character \"\(scalar)\""
            }
        }
        if let suffix = path.pathExtension, archiveSuffixes.contains(suffix.lowercased()) {
            return "Kaggle unpacks archives after the upload"
        }
        return nil
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": true
        default: false
        }
    }
}
