import Caches
import Catalogue
import Formats
import Manifests
import ModelFacts
import Storage

/// Makes another form of a model, and compares it with the original.
struct OptimizationWork {
    private let worker: CommandWorker
    private let job: Job
    private let wish: OptimizationWish
    private let directory: String
    private let control: JobControl

    /// The file that the differences of the tensors are kept in.
    static let comparisonFile = "comparison.json"

    /// Takes a job of this kind.
    init(_ worker: CommandWorker, _ job: Job, _ directory: String, _ control: JobControl) throws {
        guard let wish = OptimizationWish(kept: job.request) else {
            throw JobFailure("the job does not state what to make")
        }
        self.worker = worker
        self.job = job
        self.wish = wish
        self.directory = directory
        self.control = control
    }

    /// Makes it.
    /// - Returns: the files, the sizes, and the differences in all.
    func run() throws -> JSON {
        let uploaded = try layOut()
        let source = model ?? wish.original.text
        let original =
            wish.file.map { model == nil ? "\(source):\($0.text)" : $0.joined(to: source) } ?? source
        if isGGUF { try Directory.make(Path.join(directory, ResultFiles.folder)) }
        let output =
            isGGUF ? "\(ResultFiles.folder)/\(wish.original.name)-\(wish.label).gguf" : ResultFiles.folder
        let steps = try steps(output)
        var findings: [JSON] = []
        for (index, step) in steps.enumerated() {
            var step = step
            step.place = (index + 1, steps.count + 1)
            let answer = try worker.run(step, in: directory, control)
            findings += answer.findings
        }
        try Directory.removeFile(Path.join(directory, between))
        let compare = CommandStep(
            name: "compare", arguments: ["compare", original, output] + caches,
            accepted: [0, 1], place: (steps.count + 1, steps.count + 1))
        let comparison = try worker.run(compare, in: directory, control).document
        let tensors = OptimizationWork.tensors(comparison)
        try AtomicFile.write(
            Array(tensors.compactText.utf8), to: Path.join(directory, OptimizationWork.comparisonFile))
        let license = license
        try Directory.removeTree(Path.join(directory, OptimizationWork.originals))
        let kept = try ResultFiles.list(directory, control)
        let difference: JSON = [
            "basis": "weights alone: no text was made with either model",
            "original_bytes": comparison["original_bytes"] ?? .null,
            "bytes": comparison["other_bytes"] ?? .null, "total": comparison["total"] ?? .null,
            "tensors": .integer(tensors.array?.count ?? 0),
            "only_in_original": .integer(comparison["only_in_original"]?.array?.count ?? 0),
        ]
        let entry = try publish(kept, uploaded != nil, license, difference)
        return .object(
            [
                JSON.Member("files", .array(kept.map(\.document))),
                JSON.Member("size", .integer(kept.saturatedSum(\.content.size))),
                JSON.Member("comparison", difference), JSON.Member("findings", .array(findings)),
            ] + entry)
    }

    // MARK: What people uploaded

    /// Where the files of what is in no cache are put, in a directory of the model's name, which names what is made of it.
    private static let originals = "original"

    /// The model as a path in the job's directory; `nil` for one of a cache.
    private var model: String? {
        switch wish.original {
        case .cached, .uploaded: nil
        case .version, .repository: "\(OptimizationWork.originals)/\(wish.original.name)"
        }
    }

    /// Puts the files of what is in no cache where commands read them.
    /// - Returns: what it is; `nil` for a model of a cache.
    private func layOut() throws -> UploadedOriginal? {
        guard let model else { return nil }
        let found = try uploaded()
        control.report(["step": "copy", "number": .integer(1), "of": .integer(1)])
        try found.lay(out: Path.join(directory, model), wish.file, control)
        return found
    }

    /// The licence that the original's card states, which holds for what is made of it as well.
    private var license: String? {
        let readme: String?
        if let model {
            readme = Path.join(Path.join(directory, model), "README.md")
        } else if case .uploaded(let handle) = wish.original {
            let snapshot = try? worker.settings.uploads?.snapshot(handle)
            readme = snapshot?.files.first { $0.path == "README.md" }?.location
        } else {
            readme = nil
        }
        guard let readme, let bytes = try? FileReader.contents(of: readme, limit: 1 << 20) else { return nil }
        let card = try? ModelCard.parse(bytes)
        return card?.effectiveLicense
    }

    private func uploaded() throws -> UploadedOriginal {
        guard let catalogue = worker.settings.catalogue, let keeper = wish.keeper else {
            throw JobFailure("\(wish.original.text) is in a catalogue that is not served")
        }
        return try UploadedOriginal(wish.original, keeper, catalogue)
    }

    /// Makes what was made of something that people uploaded a version of the registry.
    /// - Parameter mayBePrivate: whether the original can be hidden from others, and is looked up again: it may be by now.
    /// - Returns: members of the result that name the version; none for a model of a cache.
    private func publish(
        _ files: [StoredFile], _ mayBePrivate: Bool, _ license: String?, _ comparison: JSON
    ) throws -> [JSON.Member] {
        guard let keeper = wish.keeper else { return [] }
        guard let catalogue = worker.settings.catalogue else {
            throw JobFailure("the registry that would have the result is not served")
        }
        if control.isCancelled { throw JobFailure("it was cancelled") }
        let (id, version) = try MadeModel(catalogue, job, wish, keeper).publish(
            files, in: Path.join(directory, ResultFiles.folder), mayBePrivate ? try uploaded() : nil,
            license: license, comparison: comparison)
        return [JSON.Member("entry", .string(id)), JSON.Member("version", .string(version))]
    }

    /// The options that have a command use the caches, or what Kaggle's clients uploaded.
    private var caches: [String] {
        var settings = worker.settings
        if case .uploaded = wish.original, let uploads = settings.uploads {
            settings.kaggleCache = uploads.root
        }
        return settings.cacheOptions
    }

    private var isGGUF: Bool {
        switch wish.product {
        case .type, .fit: true
        case .cast, .pruned: false
        }
    }

    /// A file between two steps.
    private var between: String { "between.gguf" }

    private func steps(_ output: String) throws -> [CommandStep] {
        let source = model ?? wish.original.text
        let requantizes = wish.requantizes ? ["--allow-requantize"] : []
        func convert(_ arguments: [String]) -> CommandStep {
            CommandStep(name: "convert", arguments: ["convert", source] + arguments + caches)
        }
        switch wish.product {
        case .cast(let type): return [convert([output, "--dtype=\(type)"])]
        case .pruned(let sparsity): return [convert([output, "--prune=\(sparsity)"])]
        case .type(let type):
            guard let model = try ggufFile() else {
                // Types that both know are the converter's in small letters, and the same but for the metadata.
                return [convert([output, "--outtype=\(type)"])]
            }
            return [
                CommandStep(
                    name: "quantize",
                    arguments: ["quantize", model, output, type.uppercased()] + requantizes)
            ]
        case .fit(let size):
            let fit = { (model: String) in
                CommandStep(
                    name: "fit",
                    arguments: ["quantize", model, output, "fit", "--max-size=\(size)"] + requantizes)
            }
            if let model = try ggufFile() { return [fit(model)] }
            return [convert([between, "--outtype=auto"]), fit(between)]
        }
    }

    /// The GGUF file that is read; `nil` where the model is safetensors.
    private func ggufFile() throws -> String? {
        guard let file = wish.file else { return nil }
        if let model { return file.joined(to: model) }
        let snapshot =
            switch wish.original {
            case .cached(.hub(let repository, let commit)):
                try HubCache(root: worker.settings.hubCache).snapshot(repository, ref: commit, commit: commit)
            case .cached(.kaggle(let handle)):
                try KagglehubCache(root: worker.settings.kaggleCache).snapshot(handle)
            case .uploaded(let handle):
                try worker.settings.uploads?.snapshot(handle)
            case .cached, .version, .repository: nil as Snapshot?
            }
        guard let snapshot else { throw JobFailure("the model is in no cache") }
        // By its name, not by its content's: the other files of a split are found beside it.
        return file.joined(to: snapshot.directory)
    }

    /// The difference of each tensor, without what is the same in all files.
    private static func tensors(_ comparison: JSON) -> JSON {
        .array(
            (comparison["tensors"]?.array ?? []).map { tensor in
                let (original, other) = (tensor["original"], tensor["other"])
                return [
                    "name": original?["name"] ?? .null, "shape": original?["shape"] ?? .null,
                    "original_type": original?["type"] ?? .null, "type": other?["type"] ?? .null,
                    "original_bytes": original?["bytes"] ?? .null, "bytes": other?["bytes"] ?? .null,
                    "difference": tensor["difference"] ?? .null,
                ]
            })
    }
}
