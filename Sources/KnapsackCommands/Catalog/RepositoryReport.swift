import Caches
import Formats
import Manifests
import ModelFacts
import Rules
import Tensors
import Transfer

/// What `info` states of one source: what the service has, what the files state, and what follows from both.
struct RepositoryReport {
    /// One file.
    struct File {
        /// The path from the root of the repository.
        let path: RelativePath
        /// In bytes; `nil` where the service does not state it.
        let size: Int?
        /// The format, for weights.
        let format: ModelFormat?
        /// The dtypes and the number of parameters, for a safetensors file that was looked into.
        let dtypes: [String]
        /// The number of parameters, for a safetensors file that was looked into.
        let parameters: Int?
    }

    /// The source, with the revision that was asked for.
    let source: String
    /// "model", "dataset", "space", "competition", "notebook" or "files".
    let kind: String
    /// What the service states; `nil` where nobody was asked.
    let info: RepositoryInfo?
    /// The commit or the version; `nil` for a directory.
    let revision: String?
    /// The directory that was read; `nil` for what a service states.
    let directory: String?
    /// The files, in the order of their paths.
    let files: [File]
    /// What the files state; `nil` for what is no model.
    let facts: ModelFacts?
    /// What is missing or wrong, by the rules of `list`.
    let problems: [Diagnostic]
    /// The formats of the weights.
    let formats: [FormatUse]
    /// The globs that leave out what is not needed.
    let exclusions: [String]
    /// Every accelerator.
    let fits: [AcceleratorFit]
    /// Whether it can become GGUF.
    let gguf: GGUFAnswer?
    /// How much speaks for it.
    let score: QualityScore
    /// What of it is in the caches.
    let cached: [CacheState.Revision]

    /// Whether it is a model by its source; a directory may be one, too.
    var isModel: Bool { kind == "model" }

    /// The licence: the card's, else the service's, else that of Kaggle's metadata files.
    var license: String? { facts?.license ?? info?.found.license ?? facts?.kaggleLicense }

    /// The size of all files in bytes.
    var size: Int {
        files.reduce(0) { total, file in
            let (sum, overflow) = total.addingReportingOverflow(file.size ?? 0)
            return overflow ? Int.max : sum
        }
    }

    /// Everything follows from these.
    /// - Parameters:
    ///   - files: all files of the revision.
    ///   - read: those of them that were looked into, with what reads them; `nil` where nobody may look into them, so that
    ///     nothing is known but what the service states.
    ///   - known: what else is known of the revision; `nil` where that is the names of its files.
    ///   - found: what is wrong, beside what the files themselves state.
    init(
        source: String, kind: String, info: RepositoryInfo?, revision: String?, directory: String?,
        files all: [RemoteFile], read: [ModelFile]?, _ reader: ModelFileReader,
        known revisionFacts: ModelRevision? = nil, found: [Diagnostic],
        cached: [CacheState.Revision]
    ) {
        self.source = source
        self.kind = kind
        self.info = info
        self.revision = revision
        self.directory = directory
        self.cached = cached
        let isModel = kind == "model" || kind == "files"
        let paths = all.map(\.path)
        let known = Dictionary((read ?? []).map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        var facts =
            read.flatMap { read in
                isModel || !read.isEmpty
                    ? ModelFacts.read(
                        read, of: revisionFacts ?? ModelRevision(files: [], listed: paths), reader) : nil
            }
        // A sum over some of the weights would look like one over all.
        let isUnseen = all.contains {
            known[$0.path] == nil && $0.size != 0 && ModelFormat.isWeightLike($0.path)
        }
        if isUnseen { facts = facts?.withoutSums }
        let present = Set(paths)
        files = all.map { file in
            RepositoryReport.file(file, known[file.path], present, reader, facts)
        }
        let weights = files.compactMap { file in
            file.format.map { (path: file.path, size: file.size ?? 0, format: $0) }
        }
        let isPipeline = present.contains("model_index.json") || present.contains("modules.json")
        formats = isModel ? FormatUse.all(weights, isPipeline: isPipeline) : []
        exclusions = FormatUse.exclusions(formats, all: paths)
        var problems = found
        if isModel, let facts {
            problems += facts.problems
            problems += Completeness.findings(
                entry: source, needs: facts.needs, paths: present, shards: facts.shards,
                requirements: facts.requirements, lacks: facts.lacks)
        }
        self.problems = problems
        let unneeded = Set(formats.filter { !$0.isNeeded }.flatMap(\.files))
        let loaded = files.filter { !unneeded.contains($0.path) }.map { ($0.path, $0.size ?? 0) }
        fits = isModel ? facts.map { AcceleratorFit.all(loaded, $0) } ?? [] : []
        gguf = isModel && !formats.isEmpty ? facts.map(GGUFAnswer.init) : nil
        self.facts = facts
        let hasDescription =
            info?.description != nil || info?.subtitle != nil
            || all.contains { $0.path == "README.md" && $0.size ?? 0 > 0 }
        score = QualityScore(
            info?.found, facts,
            license: facts?.license ?? info?.found.license ?? facts?.kaggleLicense,
            hasDescription: hasDescription, isModel: isModel)
    }

    private static func file(
        _ file: RemoteFile, _ known: ModelFile?, _ present: Set<RelativePath>, _ reader: ModelFileReader,
        _ facts: ModelFacts?
    ) -> File {
        guard let known else {
            // Of these formats the name is as good as the content.
            let formats: [ModelFormat] = [.safetensors, .gguf]
            let suffix = ModelPath(file.path).suffix
            return File(
                path: file.path, size: file.size,
                format: formats.first { suffix.hasSameBytes(as: $0.rawValue) },
                dtypes: [], parameters: nil)
        }
        let xml =
            file.path.removing(suffix: ".bin").flatMap { RelativePath("\($0).xml") }.map(present.contains)
            ?? false
        let summary = reader.safetensors(known)?.summary(packedBits: facts?.quantization?.bits)
        return File(
            path: file.path, size: file.size, format: reader.format(of: known, hasXML: xml),
            dtypes: summary?.dtypes ?? [], parameters: summary?.parameters)
    }
}
