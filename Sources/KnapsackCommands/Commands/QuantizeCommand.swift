import ArgumentParser
import Bundling
import Conversion
import Storage
import Tensors

/// `knapsack quantize`
struct QuantizeCommand: KnapsackCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract:
            "Make a GGUF model of another type out of a GGUF model, as llama-quantize does, byte for byte.",
        usage: "knapsack quantize <model> [<output>] <type> [<options>]",
        discussion: """
            The model is one file, or the first of NAME-00001-of-00003.gguf, whose files become one. \
            Without <output> the file is ggml-model-TYPE.gguf beside the model. The output gets its name \
            only when it is whole and on the disk.

            Types: \(typeNames).
            COPY copies the tensors as they are.

            Examples:
              knapsack quantize model-f16.gguf model-q4.gguf Q4_K_M
              knapsack quantize model-bf16.gguf Q4_K_M --dry-run       the types and sizes, nothing written
              knapsack quantize model.gguf out.gguf IQ3_XXS --imatrix imatrix.gguf
              knapsack quantize model.gguf out.gguf Q4_K_M --tensor-type 'ffn_down=Q6_K'
              knapsack quantize model-q4.gguf model-f32.gguf F32 --allow-requantize
              knapsack quantize model-00001-of-00004.gguf merged.gguf COPY
              knapsack quantize model.gguf parts.gguf Q8_0 --split-max-size 4G
            """)

    private static var typeNames: String {
        QuantizationType.all.filter { !$0.isCopy }.map(\.name).joined(separator: " ")
    }

    @Argument(
        help: ArgumentHelp("The model to read.", valueName: "model"),
        completion: .file(extensions: ["gguf"]))
    var model: String

    @Argument(
        help: ArgumentHelp("The file to write, and the type to make.", valueName: "output> <type"),
        completion: .file())
    var outputAndType: [String]

    @OptionGroup(title: "Choice of types") var types: QuantizeTypeOptions
    @OptionGroup(title: "Importance matrix") var importance: QuantizeImportanceOptions
    @OptionGroup(title: "Files") var files: QuantizeFileOptions

    @Option(
        help: ArgumentHelp(
            "How many threads work; as many as there are processors otherwise.", valueName: "n"))
    var threads: Int?

    @Flag(help: "Show the type and size of every tensor, and write nothing.")
    var dryRun = false

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...2).contains(outputAndType.count) else {
            throw ValidationError("name the output and the type, or the type alone")
        }
        if let threads, threads < 1 { throw ValidationError("--threads has to be 1 at least") }
        try files.validate()
        do {
            _ = try options()
            _ = try files.overrides()
        } catch let error as QuantizationError {
            throw ValidationError(error.description)
        }
    }

    func execute(_ session: Session) async throws {
        let model = try GGUFModel(path: model)
        let options = try options()
        let name = "ggml-model-\(options.type.name).gguf"
        let directory = Path.parent(self.model)
        var request = Quantizer.Request(
            output: outputAndType.count == 2
                ? outputAndType[0] : directory == "." ? name : Path.join(directory, name),
            options: options)
        request.overrides = try files.overrides()
        request.imatrix = try importance.file()
        request.division = try files.division()
        let quantizer = try Quantizer(request, model: model, keepSplit: files.keepSplit)
        let report = QuantizationReport(quantizer, type: options.type)
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

    private func options() throws -> QuantizationOptions {
        var options = QuantizationOptions(
            type: try QuantizationType(named: outputAndType.last ?? ""))
        try types.apply(to: &options)
        return options
    }
}

/// Which tensors get which types.
struct QuantizeTypeOptions: ParsableArguments {
    @Flag(help: "One type for every tensor that is quantized, without the mixture's exceptions.")
    var pure = false

    @Option(
        help: ArgumentHelp(
            "Tensors in whose names the regular expression is found get the type; the first rule that fits decides.",
            valueName: "pattern=type"))
    var tensorType: [String] = []

    @Option(help: ArgumentHelp("The type of the token embeddings.", valueName: "type"))
    var tokenEmbeddingType: String?

    @Option(help: ArgumentHelp("The type of output.weight.", valueName: "type"))
    var outputTensorType: String?

    @Flag(help: "Copy output.weight as it is.")
    var leaveOutputTensor = false

    @Flag(help: "Convert tensors that are quantized already, which costs quality.")
    var allowRequantize = false

    func apply(to options: inout QuantizationOptions) throws(QuantizationError) {
        options.isPure = pure
        options.leavesOutputTensor = leaveOutputTensor
        options.allowsRequantizing = allowRequantize
        for text in tensorType { options.tensorTypes.append(try TensorTypeRule(text)) }
        if let tokenEmbeddingType {
            options.tokenEmbeddingType = try GGMLType(convertibleNamed: tokenEmbeddingType)
        }
        if let outputTensorType {
            options.outputTensorType = try GGMLType(convertibleNamed: outputTensorType)
        }
    }
}

/// Which columns count how much.
struct QuantizeImportanceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What llama-imatrix measured of the model, as GGUF or .dat; its name is written to the metadata as it is given.",
            valueName: "file"),
        completion: .file())
    var imatrix: String?

    @Option(help: ArgumentHelp("Use it only for tensors whose names contain the text.", valueName: "text"))
    var includeWeights: [String] = []

    @Option(help: ArgumentHelp("Do not use it for tensors whose names contain the text.", valueName: "text"))
    var excludeWeights: [String] = []

    func validate() throws {
        if !includeWeights.isEmpty && !excludeWeights.isEmpty {
            throw ValidationError("--include-weights and --exclude-weights exclude each other")
        }
        if imatrix == nil, !includeWeights.isEmpty || !excludeWeights.isEmpty {
            throw ValidationError("--include-weights and --exclude-weights need --imatrix")
        }
    }

    func file() throws -> ImatrixFile? {
        guard let imatrix else { return nil }
        return try ImatrixFile(path: imatrix, including: includeWeights, excluding: excludeWeights)
    }
}

/// What the files hold besides tensors, and how many there are.
struct QuantizeFileOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Set a metadata item; TYPE is int, float, bool or str.", valueName: "key=type:value"))
    var overrideKv: [String] = []

    @Option(
        help: ArgumentHelp(
            "Write OUTPUT-00001-of-0000N.gguf, each with at most so many bytes of tensors: 500M, 4G.",
            valueName: "size"))
    var splitMaxSize: String?

    @Flag(help: "Write as many files as the model has, each with the same tensors.")
    var keepSplit = false

    func validate() throws {
        if keepSplit && splitMaxSize != nil {
            throw ValidationError("--keep-split and --split-max-size exclude each other")
        }
        _ = try division()
    }

    func division() throws -> ModelOutput.Division {
        guard let splitMaxSize else { return .none }
        guard let division = ModelOutput.Division.size(named: splitMaxSize) else {
            throw ValidationError("--split-max-size \(splitMaxSize) is no size such as 500M or 4G")
        }
        return division
    }

    func overrides() throws(QuantizationError) -> [MetadataOverride] {
        var overrides: [MetadataOverride] = []
        for text in overrideKv { overrides.append(try MetadataOverride(text)) }
        return overrides
    }
}

extension Diagnostic {
    /// The same finding where it keeps nothing from being done.
    fileprivate var asWarning: Diagnostic {
        Diagnostic(.warning, code: code, message, at: location, notes: notes, fix: fix, verdict: verdict)
    }
}
