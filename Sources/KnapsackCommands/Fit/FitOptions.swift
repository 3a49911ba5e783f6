import ArgumentParser
import Conversion
import Fitting
import Formats
import Manifests
import ModelFiles
import Tensors

/// How large a fitted file may be, and what may not be chosen.
struct FitOptions: ParsableArguments {
    /// The most bytes of the file, such as `4.2GB`.
    @Option(help: ArgumentHelp("fit: the most bytes of the file: 4.2GB, 900MiB.", valueName: "size"))
    var maxSize: String?

    /// The most bits for a weight, such as `4.25`.
    @Option(help: ArgumentHelp("fit: the most bits for a weight: 4.25.", valueName: "bits"))
    var bits: String?

    /// The accelerator whose memory the file and a context have to fit.
    @Option(
        help: ArgumentHelp(
            "fit: the accelerator whose memory has to hold the file and a context: t4x2, l4.",
            valueName: "accelerator"))
    var fitMemory: String?

    /// The tokens of that context.
    @Option(help: ArgumentHelp("fit: the tokens of that context; by default 8192.", valueName: "tokens"))
    var context: Int?

    /// The bits that both ends get at least, by a type; `none` for any.
    @Option(
        help: ArgumentHelp(
            "fit: token embeddings and output get at least its bits: Q6_K by default (Q5_1 where rows are no multiples of 256), or none.",
            valueName: "type"))
    var floor: String?

    /// What decodes the weights: `any` or `cpu`.
    @Option(
        help: ArgumentHelp(
            "fit: cpu leaves out types with codebooks, which are slow there.", valueName: "kind"))
    var speed: String?

    /// Whether fused tensors get one type.
    @Flag(help: "fit: one type for a block's query, key and value, and one for its gate and up.")
    var fused = false

    /// A mixture to compare with.
    @Option(help: ArgumentHelp("fit: show the same for a mixture, such as Q4_K_M.", valueName: "type"))
    var compare: String?

    /// Where the rules for llama-quantize go.
    @Option(
        help: ArgumentHelp(
            "fit: write the types for llama-quantize's --tensor-type-file.", valueName: "file"),
        completion: .file())
    var writeTensorTypes: String?

    /// A text on which the weights of roles are measured.
    @Option(
        help: ArgumentHelp(
            "fit: measure the weights of roles: have llama-perplexity run the model on this text.",
            valueName: "text"),
        completion: .file())
    var calibrate: String?

    /// On how much of the text.
    @OptionGroup(title: "With --calibrate") var running: LogitsOptions

    /// The options that were given.
    var given: [String] {
        var given: [String] = []
        if maxSize != nil { given.append("--max-size") }
        if bits != nil { given.append("--bits") }
        if fitMemory != nil { given.append("--fit-memory") }
        if context != nil { given.append("--context") }
        if floor != nil { given.append("--floor") }
        if speed != nil { given.append("--speed") }
        if fused { given.append("--fused") }
        if compare != nil { given.append("--compare") }
        if writeTensorTypes != nil { given.append("--write-tensor-types") }
        if calibrate != nil { given.append("--calibrate") }
        return given + running.given
    }

    /// Refuses values that are none, and options that a fit cannot keep; exit code 2.
    func validate(besides types: QuantizeTypeOptions, _ files: ModelFileOptions) throws {
        let single = [
            ("--pure", types.pure), ("--prune-layers", types.pruneLayers != nil),
            ("--split-max-size", files.splitMaxSize != nil),
        ]
        if let (option, _) = single.first(where: \.1) {
            throw ValidationError("\(option) cannot be used with fit")
        }
        _ = try budget()
        _ = try calibration()
        do {
            _ = try constraints()
        } catch let error as QuantizationError {
            throw ValidationError(error.description)
        }
    }

    /// The budget.
    /// - Throws: `ValidationError` where there is none or more than one, or a value is none; exit code 2.
    func budget() throws -> FitBudget {
        let stated = [maxSize, bits, fitMemory].compactMap(\.self).count
        guard stated == 1 else {
            throw ValidationError(
                "fit \(stated == 0 ? "needs" : "takes only") one of --max-size, --bits and --fit-memory")
        }
        if context != nil, fitMemory == nil { throw ValidationError("--context is for --fit-memory") }
        if let maxSize {
            guard case .size(let bytes)? = ModelOutput.Division.size(named: maxSize) else {
                throw ValidationError("--max-size \(maxSize) is not a size such as 4.2GB or 900MiB")
            }
            return .size(bytes)
        }
        if let bits {
            guard let number = FitBudget.millibits(of: bits) else {
                throw ValidationError(
                    "--bits \(bits) is not a number such as 4.25, of at most 64 and with at most three decimals"
                )
            }
            return .millibits(number)
        }
        guard let accelerator = Accelerator(rawValue: fitMemory ?? "") else {
            let names = Accelerator.allCases.map(\.rawValue)
            let nearest = Suggestion.nearest(to: fitMemory ?? "", among: names)
            throw ValidationError(
                "--fit-memory \(fitMemory ?? "") is none of \(names.joined(separator: ", "))"
                    + (nearest.map { "; did you mean \($0)?" } ?? ""))
        }
        let tokens = context ?? FitBudget.usualContext
        guard tokens > 0 else { throw ValidationError("--context has to be at least 1") }
        return .memory(accelerator, context: tokens)
    }

    /// What is run to measure the weights of roles; `nil` where they are those of the table.
    /// - Throws: `ValidationError` where an option is of no use or a number cannot be; exit code 2.
    func calibration() throws -> LogitsRequest? {
        if calibrate == nil, let option = running.given.first {
            throw ValidationError("\(option) is for --calibrate")
        }
        return try calibrate.map { try running.request($0) }
    }

    /// The constraints.
    /// - Throws: `ValidationError` where a value is none; exit code 2.
    func constraints() throws -> FitConstraints {
        var constraints = FitConstraints()
        if let floor {
            if floor == "none" {
                constraints.floor = nil
            } else {
                do throws(QuantizationError) {
                    constraints.floor = try GGMLType(convertibleNamed: floor)
                } catch {
                    throw ValidationError("--floor takes none, or a type: \(error.description)")
                }
            }
        }
        switch speed ?? "any" {
        case "any": break
        case "cpu": constraints.isForCPU = true
        default: throw ValidationError("--speed takes any or cpu")
        }
        constraints.isFused = fused
        return constraints
    }
}
