import Caches
import Catalogue
import Formats
import Manifests
import Storage

/// Makes another form of a model, and compares it with the original.
struct OptimizationWork {
    private let worker: CommandWorker
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
        self.wish = wish
        self.directory = directory
        self.control = control
    }

    /// Makes it.
    /// - Returns: the files, the sizes, and the differences in all.
    func run() throws -> JSON {
        let original = wish.file.map { "\(wish.source.text):\($0.text)" } ?? wish.source.text
        if isGGUF { try Directory.make(Path.join(directory, ResultFiles.folder)) }
        let output = isGGUF ? "\(ResultFiles.folder)/\(wish.name)-\(wish.label).gguf" : ResultFiles.folder
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
            name: "compare", arguments: ["compare", original, output] + worker.settings.cacheOptions,
            accepted: [0, 1], place: (steps.count + 1, steps.count + 1))
        let comparison = try worker.run(compare, in: directory, control).document
        let tensors = OptimizationWork.tensors(comparison)
        try AtomicFile.write(
            Array(tensors.compactText.utf8), to: Path.join(directory, OptimizationWork.comparisonFile))
        let kept = try ResultFiles.list(directory, control)
        return [
            "files": .array(kept.map(\.document)), "size": .integer(kept.saturatedSum(\.content.size)),
            "comparison": [
                "basis": "weights alone: no text was made with either model",
                "original_bytes": comparison["original_bytes"] ?? .null,
                "bytes": comparison["other_bytes"] ?? .null, "total": comparison["total"] ?? .null,
                "tensors": .integer(tensors.array?.count ?? 0),
                "only_in_original": .integer(comparison["only_in_original"]?.array?.count ?? 0),
            ],
            "findings": .array(findings),
        ]
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
        let source = wish.source.text
        let caches = worker.settings.cacheOptions
        let requantizes = wish.requantizes ? ["--allow-requantize"] : []
        func convert(_ arguments: [String]) -> CommandStep {
            CommandStep(name: "convert", arguments: ["convert", source] + arguments + caches)
        }
        switch wish.product {
        case .cast(let type): return [convert([output, "--dtype=\(type)"])]
        case .pruned(let sparsity): return [convert([output, "--prune=\(sparsity)"])]
        case .type(let type):
            guard let model = try model() else {
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
            if let model = try model() { return [fit(model)] }
            return [convert([between, "--outtype=auto"]), fit(between)]
        }
    }

    /// The GGUF file that is read; `nil` where the model is safetensors.
    private func model() throws -> String? {
        guard let file = wish.file else { return nil }
        let snapshot =
            switch wish.source {
            case .hub(let repository, let commit):
                try HubCache(root: worker.settings.hubCache).snapshot(repository, ref: commit, commit: commit)
            case .kaggle(let handle): try KagglehubCache(root: worker.settings.kaggleCache).snapshot(handle)
            case .registry, .path: throw JobFailure("the model is in no cache")
            }
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
