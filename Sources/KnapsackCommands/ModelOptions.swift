import ArgumentParser
import Conversion
import Formats
import Manifests
import ModelFiles
import Storage
import Tensors

/// Which tensors get which types.
struct QuantizeTypeOptions: ParsableArguments {
    /// Whether all quantized tensors get the type that was asked for.
    @Flag(help: "One type for every tensor that is quantized, without the mixture's exceptions.")
    var pure = false

    /// The rules, as `PATTERN=TYPE`, in the order in which they are tried.
    @Option(
        help: ArgumentHelp(
            "Tensors in whose names the regular expression is found get the type; the first rule that fits decides.",
            valueName: "pattern=type"))
    var tensorType: [String] = []

    /// A file with rules in place of ``tensorType``; both at once are an error.
    @Option(
        help: ArgumentHelp(
            "A file with such rules, separated by spaces or line ends, in place of --tensor-type.",
            valueName: "file"),
        completion: .file())
    var tensorTypeFile: String?

    /// The numbers of blocks to leave out, with commas between.
    @Option(
        help: ArgumentHelp(
            "Leave these blocks out; those after them move up.", valueName: "n,n,…"))
    var pruneLayers: String?

    /// The type of `token_embd.weight`; `nil` leaves it to the mixture.
    @Option(
        help: ArgumentHelp("The type of the token embeddings.", valueName: "type"),
        completion: Completions.quantizationTypes)
    var tokenEmbeddingType: String?

    /// The type of `output.weight`; `nil` leaves it to the mixture.
    @Option(
        help: ArgumentHelp("The type of output.weight.", valueName: "type"),
        completion: Completions.quantizationTypes)
    var outputTensorType: String?

    /// Whether `output.weight` is copied.
    @Flag(help: "Copy output.weight as it is.")
    var leaveOutputTensor = false

    /// Whether tensors that are quantized already may be quantized again.
    @Flag(help: "Convert tensors that are quantized already, which costs quality.")
    var allowRequantize = false

    /// The options that were given.
    var given: [String] {
        var given: [String] = []
        if pure { given.append("--pure") }
        if !tensorType.isEmpty { given.append("--tensor-type") }
        if tensorTypeFile != nil { given.append("--tensor-type-file") }
        if pruneLayers != nil { given.append("--prune-layers") }
        if tokenEmbeddingType != nil { given.append("--token-embedding-type") }
        if outputTensorType != nil { given.append("--output-tensor-type") }
        if leaveOutputTensor { given.append("--leave-output-tensor") }
        if allowRequantize { given.append("--allow-requantize") }
        return given
    }

    /// Puts what was given into the options of a quantization.
    /// - Throws: where a rule, a number or a type does not parse, or the file of rules cannot be read.
    func apply(to options: inout QuantizationOptions) throws(QuantizationError) {
        options.isPure = pure
        options.leavesOutputTensor = leaveOutputTensor
        options.allowsRequantizing = allowRequantize
        for text in tensorType { options.tensorTypes.append(try TensorTypeRule(text)) }
        if let tensorTypeFile { try readRules(tensorTypeFile, to: &options) }
        if let pruneLayers { options.prunedBlocks = try PrunedBlocks.numbers(pruneLayers) }
        if let tokenEmbeddingType {
            options.tokenEmbeddingType = try GGMLType(convertibleNamed: tokenEmbeddingType)
        }
        if let outputTensorType {
            options.outputTensorType = try GGMLType(convertibleNamed: outputTensorType)
        }
    }
}

extension QuantizeTypeOptions {
    private func readRules(_ path: String, to options: inout QuantizationOptions) throws(QuantizationError) {
        guard tensorType.isEmpty else {
            throw QuantizationError(
                "--tensor-type and --tensor-type-file exclude each other: the first rule that fits decides, and which "
                    + "comes first would not be known", hint: "write all rules into the file")
        }
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileReader.contents(named: path, limit: 1 << 24)
        } catch {
            throw QuantizationError(
                "the file of --tensor-type-file cannot be read: \(error)", hint: error.remedy())
        }
        options.tensorTypes = try QuantizationOptions.tensorTypes(
            inFile: String(decoding: bytes, as: UTF8.self))
    }
}

/// Which columns count how much.
struct QuantizeImportanceOptions: ParsableArguments {
    /// The file of the importance matrix; `nil` where no column counts more than another.
    @Option(
        help: ArgumentHelp(
            "What llama-imatrix measured of the model, as GGUF or .dat; its name is written to the metadata as it is given.",
            valueName: "file"),
        completion: .file())
    var imatrix: String?

    /// Texts, one of which a tensor's name has to contain for its importance to be used; none uses all.
    @Option(help: ArgumentHelp("Use it only for tensors whose names contain the text.", valueName: "text"))
    var includeWeights: [String] = []

    /// Texts, none of which a tensor's name may contain for its importance to be used.
    @Option(help: ArgumentHelp("Do not use it for tensors whose names contain the text.", valueName: "text"))
    var excludeWeights: [String] = []

    /// Refuses both lists at once, and a list without a matrix; exit code 2.
    func validate() throws {
        if !includeWeights.isEmpty && !excludeWeights.isEmpty {
            throw ValidationError("--include-weights and --exclude-weights exclude each other")
        }
        if imatrix == nil, !includeWeights.isEmpty || !excludeWeights.isEmpty {
            throw ValidationError("--include-weights and --exclude-weights need --imatrix")
        }
    }

    /// The matrix with its table of contents read; `nil` if none is named.
    func file() throws -> ImatrixFile? {
        guard let imatrix else { return nil }
        return try ImatrixFile.open(path: imatrix, including: includeWeights, excluding: excludeWeights)
    }
}

/// What the files hold besides tensors, and how many there are.
struct ModelFileOptions: ParsableArguments {
    /// The metadata items to set, as `KEY=TYPE:VALUE`.
    @Option(
        help: ArgumentHelp(
            "Set a metadata item; TYPE is int, float, bool or str.", valueName: "key=type:value"))
    var overrideKv: [String] = []

    /// The most bytes of tensors in a file, as `500M` or `4G`; `nil` writes one file.
    @Option(
        help: ArgumentHelp(
            "Write OUTPUT-00001-of-0000N.gguf, each with at most this many bytes of tensors: 500M, 4G.",
            valueName: "size"))
    var splitMaxSize: String?

    /// Refuses a size that is none; exit code 2.
    func validate() throws { _ = try division() }

    /// How tensors are divided into files.
    /// - Throws: `ValidationError` where the size is none.
    func division() throws -> ModelOutput.Division {
        guard let splitMaxSize else { return .none }
        guard let division = ModelOutput.Division.size(named: splitMaxSize) else {
            throw ValidationError("--split-max-size \(splitMaxSize) is not a size such as 500M or 4G")
        }
        return division
    }

    /// The metadata items to set, in their order.
    /// - Throws: where one is not `KEY=TYPE:VALUE`.
    func overrides() throws(QuantizationError) -> [MetadataOverride] {
        var overrides: [MetadataOverride] = []
        for text in overrideKv { overrides.append(try MetadataOverride(text)) }
        return overrides
    }
}

/// What of a model is taken, and what is said in its place.
struct ContentOptions: ParsableArguments {
    /// Whether the tokenizer alone is written.
    @Flag(help: "Write the tokenizer alone, without tensors.")
    var vocabOnly = false

    /// The model's name; `nil` leaves it to card, configuration and directory.
    @Option(help: ArgumentHelp("The model's name, in place of the one that is found.", valueName: "name"))
    var modelName: String?

    /// A JSON file of `general.*` keys that override what is found; `nil` for none.
    @Option(
        help: ArgumentHelp(
            "A JSON file with values of general.* keys, which override what the model states.",
            valueName: "file"),
        completion: .file(extensions: ["json"]))
    var metadata: String?

    /// What llama.cpp calls the pre-tokenizer; `nil` finds it by what the tokenizer does.
    @Option(
        help: ArgumentHelp(
            "The pre-tokenizer's name, if it is not known from what the tokenizer does; knapsack help gguf lists them.",
            valueName: "name"))
    var pre: String?

    /// The options that were given.
    var given: [String] {
        var given: [String] = []
        if vocabOnly { given.append("--vocab-only") }
        if modelName != nil { given.append("--model-name") }
        if metadata != nil { given.append("--metadata") }
        if pre != nil { given.append("--pre") }
        return given
    }

    /// The options of a conversion, with the file of metadata read.
    /// - Throws: ``Diagnostics`` where that file cannot be read or is no object of JSON.
    func options() throws -> HuggingFaceConversion.Options {
        var options = HuggingFaceConversion.Options()
        options.isVocabularyOnly = vocabOnly
        options.modelName = modelName
        options.preTokenizer = pre
        if let metadata {
            let bytes: [UInt8]
            do throws(FileError) {
                bytes = try FileReader.contents(named: metadata, limit: 1 << 24)
            } catch {
                throw Diagnostics(
                    Diagnostic(
                        code: .metadataUnreadable, "\(error)", fix: error.remedy(), verdict: .undecided))
            }
            do throws(FormatError) {
                options.overrides = try JSON.parse(bytes.span, nonFinite: true)
            } catch {
                throw Diagnostics(
                    Diagnostic(
                        code: .jsonBroken, "\(metadata) is not JSON: \(error)",
                        fix: "write an object of general.* keys and values"))
            }
        }
        return options
    }
}
