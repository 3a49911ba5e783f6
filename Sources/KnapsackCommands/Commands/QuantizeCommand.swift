import ArgumentParser
import Conversion
import Formats
import Manifests
import ModelFiles

/// `knapsack quantize`
struct QuantizeCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract:
            "Make a GGUF model of another type from a GGUF model, as llama-quantize does, byte for byte.",
        usage: "knapsack quantize <model> [<output>] <type> [<options>]",
        discussion: """
            The model is one file, or the first of NAME-00001-of-00003.gguf, whose files become one. \
            Without <output> the file is ggml-model-TYPE.gguf beside the model. The output gets its name \
            only when it is whole and on the disk.

            Types: \(typeNames).
            COPY copies the tensors as they are; fit chooses a type for every tensor, so that the file is within a \
            budget and the error is least.

            Examples:
              knapsack quantize model-f16.gguf model-q4.gguf Q4_K_M
              # the types and sizes, nothing written
              knapsack quantize model-bf16.gguf Q4_K_M --dry-run
              knapsack quantize model.gguf out.gguf IQ3_XXS --imatrix imatrix.gguf
              knapsack quantize model.gguf out.gguf Q4_K_M --tensor-type 'ffn_down=Q6_K'
              knapsack quantize model-q4.gguf model-f32.gguf F32 --allow-requantize
              knapsack quantize model-00001-of-00004.gguf merged.gguf COPY
              knapsack quantize model.gguf parts.gguf Q8_0 --split-max-size 4G
              # the types that lose least within 4.2 GB
              knapsack quantize model.gguf out.gguf fit --max-size 4.2GB
              knapsack quantize model.gguf fit --bits 4.25 --compare Q4_K_M --dry-run
            """)

    private static var typeNames: String {
        QuantizationType.all.filter { !$0.isCopy }.map(\.name).joined(separator: " ")
    }

    /// The GGUF model to read, of a split one the first file.
    @Argument(
        help: ArgumentHelp("The model to read.", valueName: "model"),
        completion: .file(extensions: ["gguf"]))
    var model: String

    /// The output and the type, or the type alone, as llama-quantize has them.
    @Argument(
        help: ArgumentHelp("The file to write, and the type to make.", valueName: "output> <type"),
        completion: Completions.outputAndType)
    var outputAndType: [String]

    /// Which tensors get which types.
    @OptionGroup(title: "Choice of types") var types: QuantizeTypeOptions
    /// Which columns count how much.
    @OptionGroup(title: "Importance matrix") var importance: QuantizeImportanceOptions
    /// How large the file may be, and what of types may not be chosen.
    @OptionGroup(title: "Fit") var fit: FitOptions
    /// What the metadata has besides, and how many files there are.
    @OptionGroup(title: "Files") var files: ModelFileOptions

    /// Whether there are as many files as the model has.
    @Flag(help: "Write as many files as the model has, each with the same tensors.")
    var keepSplit = false

    /// The number of threads, at least 1; `nil` is one for each processor.
    @Option(
        help: ArgumentHelp(
            "How many threads work; by default as many as there are processors.", valueName: "n"))
    var threads: Int?

    /// Whether the tensors are shown, and nothing is written.
    @Flag(help: "Show the type and size of every tensor, and write nothing.")
    var dryRun = false

    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    /// Refuses what names no type, and options that exclude each other or do not parse; exit code 2.
    func validate() throws {
        guard (1...2).contains(outputAndType.count) else {
            throw ValidationError("name the output and the type, or the type alone")
        }
        if let threads, threads < 1 { throw ValidationError("--threads has to be at least 1") }
        try files.validate()
        if keepSplit && files.splitMaxSize != nil {
            throw ValidationError("--keep-split and --split-max-size exclude each other")
        }
        if isFit {
            if keepSplit { throw ValidationError("--keep-split cannot be used with fit") }
            try fit.validate(besides: types, files)
        } else if let option = fit.given.first {
            throw ValidationError("\(option) is for the type fit")
        }
        do {
            _ = try options()
            _ = try files.overrides()
        } catch let error as QuantizationError {
            throw ValidationError(error.description)
        }
    }

    /// Writes the quantized model, whose files have their names only when they are whole.
    func execute(_ session: Session) async throws {
        let model = try GGUFModel.open(path: model)
        let options = try options()
        let name = "ggml-model-\(isFit ? FitRun.typeName : options.type.name).gguf"
        let directory = Path.parent(self.model)
        var request = Quantizer.Request(
            output: outputAndType.count == 2
                ? outputAndType[0] : directory == "." ? name : Path.join(directory, name),
            options: options)
        request.overrides = try files.overrides()
        request.imatrix = try importance.file()
        request.division = try files.division()
        session.report(
            request.overrides.compactMap(\.remark).map { Diagnostic(code: .overrideSign, $0) })
        if isFit {
            session.add("input", .string(self.model))
            var wanted = FitPlan.Request(request, budget: try fit.budget())
            wanted.constraints = try fit.constraints()
            return try await FitRun(fit, wanted, threads: threads, dryRun: dryRun).run(on: model, session) {
                try model.refuse(output: $0)
            }
        }
        let quantizer = try Quantizer(request, model: model, keepSplit: keepSplit)
        let report = QuantizationReport(quantizer)
        let width = session.context.terminal.tableWidth
        if dryRun {
            session.report(quantizer.problems.map(\.asWarning) + report.warnings)
            session.say(report.tensors(width: width) + "\n" + report.types(width: width))
        } else {
            try await quantizer.write(threads: threads, progress: session.progress)
            session.report(report.warnings)
            if session.verbose { session.say(report.tensors(width: width)) }
            session.say(report.types(width: width))
        }
        session.say((dryRun ? "would write " : "wrote ") + report.closing)
        session.add("input", .string(self.model))
        session.add("type", .string(options.type.name))
        report.add(to: session)
    }

    /// Whether types are chosen within a budget.
    private var isFit: Bool { outputAndType.last?.hasSameBytes(as: FitRun.typeName) ?? false }

    private func options() throws -> QuantizationOptions {
        // What fit finds takes its place.
        var options = QuantizationOptions(
            type: try QuantizationType(named: isFit ? "Q8_0" : outputAndType.last ?? ""))
        try types.apply(to: &options)
        return options
    }
}

extension Diagnostic {
    /// The same finding where it keeps nothing from being done.
    var asWarning: Diagnostic {
        Diagnostic(.warning, code: code, message, at: location, notes: notes, fix: fix, verdict: verdict)
    }
}
