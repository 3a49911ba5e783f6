import ArgumentParser
import Conversion
import Formats
import Manifests
import ModelFiles
import Storage
import Tensors

/// `knapsack convert`
struct ConvertCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract:
            "Make another form of one model, outside of a manifest: GGUF, or safetensors of another type.",
        usage: "knapsack convert <model> [<output>] [<options>]",
        discussion: """
            A Hugging Face model becomes GGUF as convert_hf_to_gguf.py makes it, straight from the safetensors, \
            and with a type of llama-quantize's also quantized in the same step, as if there were a file between: \
            every key, type and byte is the same. Types in small letters are the converter's (\(outputTypes)), \
            auto keeps 16 bits as they are; types in capitals are the quantizer's (Q4_K_M, IQ4_XS, Q8_0, …); fit \
            chooses a type for every tensor within a budget, as quantize does. \
            The file between would be of the type that auto finds; --via takes another one.

            Without an output the file is named after the model, in the current directory; if the output is a \
            directory, the file goes there; {ftype} in a name stands for the type. The output gets its name only \
            when it is whole and on the disk.

            --mmproj makes the projector of a model with pictures or sound in place of its part for text: the file \
            that llama.cpp takes as --mmproj. Where none is named, its name begins with mmproj-.

            --dtype casts the safetensors of a model instead, as torch's .to(dtype) does: shards, names, order, \
            metadata and index stay, and config.json states the new type. Floating-point tensors of 16 bits and \
            more are cast; all others stay. Weights in other formats (.bin, .gguf, .onnx, …) are left out; every \
            other file is copied.

            --prune sets weights in the matrices of a model's blocks to zero: those with the lowest absolute value, \
            times the root of the column's importance if there is a matrix (Wanda). Of every row a part, or all but \
            2 of 4 or 4 of 8 neighbours, as kernels want them. Embeddings, norms, biases and routers stay.

            A finite number that would become infinite is an error.

            Examples:
              knapsack convert ./qwen   # as it is, Qwen2.5-7B-Instruct-BF16.gguf
              knapsack convert ./qwen qwen-q4.gguf --outtype Q4_K_M
              knapsack convert hf:Qwen/Qwen3-8B --outtype q8_0 --outfile 'q-{ftype}.gguf'
              knapsack convert ./qwen --outtype IQ4_XS --imatrix imatrix.gguf
              knapsack convert ./qwen --outtype q8_0 --split-max-size 4G
              # the types that lose least within 4.2 GB
              knapsack convert ./qwen qwen-fit.gguf --outtype fit --max-size 4.2GB
              # the types and sizes, nothing written
              knapsack convert ./qwen --outtype Q4_K_M --dry-run
              knapsack convert ./qwen --vocab-only --pre qwen2
              # safetensors, a new directory
              knapsack convert --dtype f16 ./qwen ./qwen-f16
              knapsack convert --dtype bf16 ./qwen ./tuned --merge ./adapter
              knapsack convert ./qwen ./qwen-sparse --prune 2:4 --imatrix imatrix.gguf
              knapsack convert ./adapter --lora ./qwen   # a GGUF for llama.cpp's --lora
              knapsack convert ./gemma --mmproj   # a GGUF for llama.cpp's --mmproj
            """)

    private static var outputTypes: String { OutputType.allCases.map(\.rawValue).joined(separator: ", ") }

    /// The types of a cast.
    enum CastChoice: String, ExpressibleByArgument, CaseIterable {
        /// The names of ``CastType``.
        case f16, bf16, f32
    }

    /// The types of a file between.
    enum ViaChoice: String, ExpressibleByArgument, CaseIterable {
        /// Those of ``OutputType`` that have no blocks.
        case f32, f16, bf16
    }

    /// The model to read: a directory or a source in the caches.
    @Argument(
        help: ArgumentHelp(
            "The model: a directory, or a source such as hf:org/name or kaggle:owner/model/framework/variation.",
            valueName: "model"),
        completion: Completions.models)
    var model: String

    /// The file or directory to write, as an argument; `nil` where `--outfile` names it or it gets the
    /// model's name.
    @Argument(
        help: ArgumentHelp(
            "The file to write, or a directory for it; with --dtype the directory to make.",
            valueName: "output"),
        completion: .file())
    var target: String?

    /// The tensors' type, the converter's or the quantizer's; `nil` is `auto`, of an adapter `f32`.
    @Option(
        help: ArgumentHelp(
            "The tensors' type: f32, f16, bf16, q8_0, tq1_0, tq2_0 or auto, or a type to quantize to.",
            valueName: "type"),
        completion: Completions.outputTypes)
    var outtype: String?

    /// The file to write, as an option, as convert_hf_to_gguf.py has it.
    @Option(
        help: ArgumentHelp(
            "The file to write, as <output>; {ftype} stands for the type.", valueName: "file"),
        completion: .file())
    var outfile: String?

    /// The type of the file that a quantization is as if from; `nil` is the one that `auto` finds.
    @Option(
        help: ArgumentHelp(
            "Quantize as if from a file of this type, not of the one that auto finds.",
            valueName: "f32|f16|bf16"))
    var via: ViaChoice?

    /// The base model of an adapter, which becomes GGUF by itself; `nil` where the model is no adapter.
    @Option(
        help: ArgumentHelp(
            "The model is a LoRA adapter for this base model, of which only the configuration is read.",
            valueName: "base"),
        completion: .directory)
    var lora: String?

    /// Whether the part for pictures or sound is made, and not that for text.
    @Flag(help: "Make the projector (mmproj) of a model with pictures or sound, not its part for text.")
    var mmproj = false

    /// What of the model is taken.
    @OptionGroup(title: "Content") var content: ContentOptions
    /// Which tensors are quantized to which types.
    @OptionGroup(title: "Choice of types for a quantization") var types: QuantizeTypeOptions
    /// Which columns count how much.
    @OptionGroup(title: "Importance matrix") var importance: QuantizeImportanceOptions
    /// How large the file may be, and what of types may not be chosen.
    @OptionGroup(title: "Fit") var fit: FitOptions
    /// What the metadata has besides, and how many files there are.
    @OptionGroup(title: "Files") var files: ModelFileOptions

    /// The type of a cast, which makes safetensors in place of GGUF.
    @Option(
        help: ArgumentHelp("Cast floating-point tensors of safetensors.", valueName: "f16|bf16|f32"))
    var dtype: CastChoice?

    /// What becomes zero in the matrices of safetensors.
    @Option(
        help: ArgumentHelp(
            "Set weights of safetensors to zero: a part of every row (0.3), or 2:4 or 4:8.",
            valueName: "part|2:4|4:8"))
    var prune: String?

    /// Tensors that are pruned though they are usually kept.
    @Option(
        help: ArgumentHelp(
            "Prune this tensor, too, which is usually kept: lm_head.weight.", valueName: "tensor"))
    var pruneTensor: [String] = []

    /// The adapters that are merged before a cast, in this order.
    @Option(
        help: ArgumentHelp(
            "Merge this LoRA adapter into the weights before they are cast; with several, one after the other.",
            valueName: "adapter"),
        completion: .directory)
    var merge: [String] = []

    /// The number of threads, at least 1; `nil` is one for each processor.
    @Option(
        help: ArgumentHelp(
            "How many threads work; by default as many as there are processors.", valueName: "n"))
    var threads: Int?

    /// Whether the tensors are shown, and nothing is written.
    @Flag(help: "Show the type and size of every tensor, and write nothing.")
    var dryRun = false

    /// Where sources are looked up.
    @OptionGroup var cacheOptions: CacheOptions
    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    /// Refuses options that do not belong together, types that do not exist, and names that are empty; exit
    /// code 2.
    func validate() throws {
        if let target, target.isEmpty { throw ValidationError("the output's name is empty") }
        if let outfile, outfile.isEmpty { throw ValidationError("the output's name is empty") }
        if let threads, threads < 1 { throw ValidationError("--threads has to be at least 1") }
        if target != nil, outfile != nil {
            throw ValidationError("name the output once: as an argument, or with --outfile")
        }
        if [target, outfile].contains("-") {
            throw ValidationError(
                "a model is not written to standard output; for a file of that name write ./-")
        }
        if prune == nil, !pruneTensor.isEmpty { throw ValidationError("--prune-tensor needs --prune") }
        if let prune, Sparsity(text: prune) == nil {
            throw ValidationError("--prune \(prune) is not a part such as 0.3, 2:4 or 4:8")
        }
        if prune != nil, !merge.isEmpty { throw ValidationError("--prune and --merge exclude each other") }
        if !isFit, let option = fit.given.first { throw ValidationError("\(option) is for --outtype fit") }
        if dtype != nil || prune != nil {
            guard let target else { throw ValidationError("name the directory to make") }
            if let option = optionsOfGGUF.first(where: { prune == nil || $0 != "--imatrix" }) {
                throw ValidationError(
                    "\(option) is for GGUF, and \(dtype == nil ? "--prune" : "--dtype") makes safetensors")
            }
            if target.utf8.ends(with: ".gguf") {
                throw ValidationError(
                    "\(target) is the name of a GGUF, and \(dtype == nil ? "--prune" : "--dtype") makes a directory of "
                        + "safetensors; for GGUF there is --outtype")
            }
            if prune != nil, !(importance.includeWeights + importance.excludeWeights).isEmpty {
                throw ValidationError("--include-weights and --exclude-weights are for GGUF")
            }
            return
        }
        guard merge.isEmpty else { throw ValidationError("--merge needs --dtype") }
        do {
            let product = try product()
            if mmproj, lora != nil { throw ValidationError("--mmproj and --lora exclude each other") }
            if mmproj, content.vocabOnly { throw ValidationError("a projector has no tokenizer") }
            if mmproj, content.pre != nil { throw ValidationError("a projector has no tokenizer: --pre") }
            if let one = mmproj ? "a projector" : lora != nil ? "an adapter" : nil,
                isFit || !product.isOfPlainNumbers
            {
                throw ValidationError(
                    "\(one) is written as f32, f16, bf16 or q8_0, not \(isFit ? "fit" : product.name)")
            }
            if mmproj, let option = optionsOfQuantizing.first {
                throw ValidationError("\(option) is for quantizing, and a projector is not quantized")
            }
            if lora != nil, content.vocabOnly { throw ValidationError("an adapter has no tokenizer") }
            _ = try quantization(product)
            _ = try files.overrides()
            if isFit { try fit.validate(besides: types, files) }
            if case .converted = product, let option = optionsOfQuantizing.first {
                throw ValidationError(
                    "\(option) is for quantizing, and --outtype \(product.name) quantizes nothing")
            }
        } catch let error as QuantizationError {
            throw ValidationError(error.description)
        }
    }

    /// The options that were given and belong to GGUF.
    private var optionsOfGGUF: [String] {
        var given = optionsOfQuantizing
        if outtype != nil { given.append("--outtype") }
        if via != nil { given.append("--via") }
        if files.splitMaxSize != nil { given.append("--split-max-size") }
        if dryRun { given.append("--dry-run") }
        if lora != nil { given.append("--lora") }
        if mmproj { given.append("--mmproj") }
        if threads != nil { given.append("--threads") }
        return given + content.given
    }

    /// The options that were given and say how to quantize.
    private var optionsOfQuantizing: [String] {
        fit.given + (importance.imatrix == nil ? [] : ["--imatrix"])
            + (files.overrideKv.isEmpty ? [] : ["--override-kv"]) + types.given
    }

    /// Writes the GGUF or the directory of safetensors; a file has its name only when it is whole.
    func execute(_ session: Session) async throws {
        let type = dtype.flatMap { CastType(rawValue: $0.rawValue) }
        if type != nil || prune != nil { return try await cast(to: type, session) }
        let product = try product()
        var request = GGUFConversion.Request(product)
        request.options = try content.options()
        request.isProjector = mmproj
        request.quantization = try quantization(product)
        request.overrides = try files.overrides()
        request.imatrix = try importance.file()
        request.division = try files.division()
        if isFit, let quantization = request.quantization {
            return try await runFit(request, quantization, session)
        }
        let caches = cacheOptions.caches(session.context)
        if let finding = GGUFAsModel.finding(model, type: outtype) {
            throw Diagnostics(finding)
        }
        let snapshot = try caches.model(model)
        if lora == nil, let adapter = try AdapterAlone.finding(snapshot, name: model) {
            throw Diagnostics(adapter)
        }
        let base = try lora.map { try caches.model($0) }
        if let base, let other = try AdapterAlone.otherBase(snapshot, name: model, on: base) {
            session.report([other])
        }
        let conversion =
            if let lora, let base {
                try GGUFConversion(
                    adapter: snapshot, base: base, named: lora, name: model,
                    directoryName: try directoryName(), request, path: path)
            } else {
                try GGUFConversion(
                    snapshot, name: model, directoryName: try directoryName(), request, path: path)
            }
        session.report(conversion.remarks)
        let report = QuantizationReport(conversion)
        let width = session.context.terminal.tableWidth
        if dryRun {
            session.report(conversion.problems.map(\.asWarning) + report.warnings)
            session.say(report.tensors(width: width) + "\n" + report.types(width: width))
        } else {
            try await conversion.write(threads: threads, progress: session.progress)
            session.report(report.warnings)
            if session.verbose { session.say(report.tensors(width: width)) }
            session.say(report.types(width: width))
        }
        session.say((dryRun ? "would write " : "wrote ") + report.closing)
        session.add("input", .string(model))
        session.add("type", .string(product.name))
        let written = conversion.conversion.outputType.rawValue
        session.add(conversion.quantizer == nil ? "outtype" : "via", .string(written))
        report.add(to: session)
    }

    /// Whether types are chosen within a budget.
    private var isFit: Bool { outtype?.hasSameBytes(as: FitRun.typeName) ?? false }

    /// Chooses types for the model as it would be converted, and writes it.
    private func runFit(
        _ request: GGUFConversion.Request, _ quantization: QuantizationOptions, _ session: Session
    ) async throws {
        let snapshot = try cacheOptions.caches(session.context).model(model)
        if let adapter = try AdapterAlone.finding(snapshot, name: model) { throw Diagnostics(adapter) }
        let conversion = try GGUFConversion(
            snapshot, name: model, directoryName: try directoryName(), request
        ) { conversion, _ in try path(conversion, FitRun.typeName.uppercased()) }
        session.report(conversion.remarks)
        var asked = Quantizer.Request(output: conversion.output.files[0].path, options: quantization)
        asked.overrides = request.overrides
        asked.imatrix = request.imatrix
        var wanted = FitPlan.Request(asked, budget: try fit.budget())
        wanted.constraints = try fit.constraints()
        session.add("input", .string(model))
        session.add("via", .string(conversion.conversion.outputType.rawValue))
        try await FitRun(fit, wanted, threads: threads, dryRun: dryRun).run(on: conversion.source, session) {
            try refuse($0)
        }
    }

    /// Refuses an output that exists, as every conversion does; so it replaces nothing that is read.
    private func refuse(_ output: String) throws {
        if !dryRun, try FileStatus.existing(output) != nil {
            throw Diagnostics(
                Diagnostic(
                    code: .outputExists, "\(output) exists, and is not replaced",
                    fix: "remove it, or choose another output", verdict: .undecided))
        }
    }

    private func product() throws(QuantizationError) -> GGUFProduct {
        try GGUFProduct(
            named: isFit ? "Q8_0" : outtype ?? (lora == nil ? "auto" : "f32"),
            via: via.flatMap { OutputType(rawValue: $0.rawValue) })
    }

    private func quantization(_ product: GGUFProduct) throws -> QuantizationOptions? {
        guard case .quantized(let type, _) = product else { return nil }
        var options = QuantizationOptions(type: type)
        try types.apply(to: &options)
        return options
    }

    /// The last part of the model's path.
    private func directoryName() throws(FileError) -> String {
        Path.name(Path.normalized(Path.join(try Directory.current(), model)))
    }

    /// Where the model goes.
    private func path(_ conversion: HuggingFaceConversion, _ type: String) throws -> String {
        let given = target ?? outfile
        let isDirectory = try given.map { try FileStatus.existing($0)?.kind == .directory } ?? true
        guard let given, !isDirectory else {
            let name = conversion.general.fileName(type: type, isVocabularyOnly: content.vocabOnly)
            return given.map { Path.join($0, name) } ?? name
        }
        if let problem = Diagnostic.missingDirectory(given) { throw Diagnostics(problem) }
        do throws(ConversionError) {
            let name = try GeneralMetadata.fileName(filling: Path.name(given), type: type)
            let parent = Path.parent(given)
            return parent == "." ? name : Path.join(parent, name)
        } catch {
            throw Diagnostics(
                Diagnostic(code: FindingCode(error.code), error.message, fix: error.fix, verdict: .undecided))
        }
    }
}
