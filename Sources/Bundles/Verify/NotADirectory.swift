import Formats
import Manifests
import Storage

extension Diagnostics {
    /// Why a bundle's directory cannot be read: another kind of archive, or any other file, is no directory.
    init(notADirectory path: String, _ error: FileError) {
        let kind = (try? Directory.realPath(path)).flatMap { try? FileStatus.status(of: $0) }?.kind
        let formats = ArchiveFormat.allCases.map(\.suffix).joined(separator: ", ")
        let isOtherArchive = ArchiveFormat.unknownSuffix(of: path) != nil
        self.init(
            Diagnostic(
                code: .notABundle,
                kind == .file
                    ? "\(path) is a file, and no archive that Knapsack reads (\(formats))" : "\(error)",
                fix: kind == .file && isOtherArchive
                    ? "unpack it with the program that made it, and name the directory"
                    : "name a directory that knapsack pack wrote",
                verdict: .undecided))
    }
}
