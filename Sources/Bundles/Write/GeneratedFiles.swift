import Formats
import Manifests
import Storage

/// The files of a bundle that Knapsack itself makes. They follow from the plan alone.
struct GeneratedFiles {
    /// One file: its path in the bundle and its content.
    struct File {
        /// The path in the bundle.
        let path: RelativePath
        /// The content: UTF-8 with LF.
        let bytes: [UInt8]
    }

    /// All of them, `SHA256SUMS` last, because it names the others.
    let all: [File]

    /// Writes all of them in memory; throws only if no digest can be computed.
    init(plan: Plan) throws {
        let texts =
            [
                ("README.md" as RelativePath, BundleReadme(plan).text),
                (Lock.bundledName, plan.lock.text),
            ] + UploadMetadata(plan.lock.bundle).files.map { ($0.name, $0.text) }
        var files = texts.map { File(path: $0.0, bytes: Array($0.1.utf8)) }
        files.append(File(path: "knapsack.py", bytes: Array(LoaderText.python.utf8)))
        var sums = plan.stored.map { ($0.path, $0.sha256) }
        // Kaggle keeps the metadata for itself: with a line for it, the mounted dataset would look damaged.
        for file in files where BundlePath.proved.contains(file.path) {
            sums.append((file.path, try ContentHasher.sha256(file.bytes.span)))
        }
        files.append(File(path: SumsFile.name, bytes: Array(SumsFile.text(sums).utf8)))
        all = files
    }
}
