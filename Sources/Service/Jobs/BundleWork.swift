import Catalogue
import Formats
import Manifests
import Storage

/// Makes a bundle of a manifest: locks it, decides whether it follows its rules, packs it, and writes its report.
struct BundleWork {
    private let worker: CommandWorker
    private let text: String
    private let directory: String
    private let control: JobControl

    /// What the files are called.
    static let files = (
        manifest: "bundle.toml", lock: "bundle.lock", report: "report.html", data: "report.json"
    )
    private static let archive = "bundle.tar"

    /// Takes a job of this kind.
    init(_ worker: CommandWorker, _ job: Job, _ directory: String, _ control: JobControl) throws {
        guard let text = job.request["manifest"]?.string else {
            throw JobFailure("the job has no manifest")
        }
        self.worker = worker
        self.text = text
        self.directory = directory
        self.control = control
    }

    /// Makes it.
    /// - Returns: the archive, and what was found.
    func run() throws -> JSON {
        let files = Path.join(directory, ResultFiles.folder)
        try Directory.make(files)
        let manifest = BundleWork.files.manifest
        try AtomicFile.write(Array(text.utf8), to: Path.join(directory, manifest))
        let caches = worker.settings.cacheOptions
        let archive = "\(ResultFiles.folder)/\(BundleWork.archive)"
        let page = BundleWork.files.report
        let steps = [
            ("lock", [manifest] + caches), ("check", [manifest]),
            ("pack", [manifest, "--locked", "--output", archive] + caches),
            ("report", [archive, "--output", page]),
        ]
        var findings: [JSON] = []
        var report = JSON.null
        for (index, (command, arguments)) in steps.enumerated() {
            let step = CommandStep(
                name: command, arguments: [command] + arguments, place: (index + 1, steps.count))
            let answer = try worker.run(step, in: directory, control)
            report = answer.document
            // The report repeats what check found.
            if command != "report" { findings += answer.findings }
        }
        try AtomicFile.write(
            Array(BundleWork.shown(report).compactText.utf8),
            to: Path.join(directory, BundleWork.files.data))
        let kept = try ResultFiles.list(directory, control)
        return [
            "files": .array(kept.map(\.document)), "size": .integer(kept.saturatedSum(\.content.size)),
            "findings": .array(BundleWork.distinct(findings)),
        ]
    }

    /// The report's document without what is of this machine.
    private static func shown(_ document: JSON) -> JSON {
        let own = ["command", "status", "output", "sha256", "path"]
        return .object((document.members ?? []).filter { !own.containsExactly($0.key) })
    }

    private static func distinct(_ findings: [JSON]) -> [JSON] {
        var seen: Set<JSON> = []
        return findings.filter { seen.insert($0).inserted }
    }

    // MARK: Manifests of others

    /// Why a manifest that somebody sent is not worked on; `nil` where it is.
    ///
    /// Whoever sends it may be on another machine: it names only what is in the caches that are served, and no file.
    static func problem(_ manifest: Manifest) -> String? {
        guard !manifest.entries.isEmpty else { return "it has no entries" }
        if !manifest.bundle.bases.isEmpty { return "[bundle] base names a file or another bundle" }
        if manifest.policy.allowedRevisionsPath != nil { return "[policy] names a file of allowed revisions" }
        for entry in manifest.entries {
            if let source = entry.source {
                switch source.scheme {
                case .hub, .hubDataset, .kaggle, .kaggleDataset: break
                default:
                    return "\(entry.name): a source begins with hf:, hf-dataset:, kaggle: or kaggle-dataset:"
                }
            }
            if entry.wheels.providedFile != nil { return "\(entry.name): it names a file of packages" }
            switch entry.conversion?.product {
            case .gguf(let gguf)? where gguf.imatrix != nil:
                return "\(entry.name): it names an importance matrix, which is a file"
            case .gguf(let gguf)? where gguf.fit?.calibrate != nil:
                return "\(entry.name): calibrate names a text, which is a file"
            case .pruned(let request)? where request.imatrix != nil:
                return "\(entry.name): it names an importance matrix, which is a file"
            default: break
            }
        }
        return nil
    }
}
