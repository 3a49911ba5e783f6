import Caches
import Formats
package import Manifests
import Storage
package import Tensors

/// Runs GGUF models through llama-perplexity, which writes the logits of each into a file. They are compared here: what it
/// writes of divergences itself is lost in part where it ends before its messages are out.
package struct LlamaRun: Sendable {
    /// llama-perplexity's own batch, for short contexts.
    private static let batch = 2048
    /// The most bytes that it may write: a line for each chunk.
    private static let outputLimit = 1 << 26
    /// The name of the original's logits.
    private static let originalName = "original"

    private let program: LogitsProgram
    private let request: LogitsRequest
    private let environment: [String: String]
    /// Where the logits are.
    private let directory: String
    /// What was run.
    package let extent: LogitsExtent
    /// The bytes that the logits of both models take.
    package let size: Int
    private let vocabulary: [UInt8]

    /// Runs the original; its logits are written into a directory.
    /// - Throws: ``Diagnostics`` where there is no room for them, or the program gives none.
    package init(
        _ original: String, _ request: LogitsRequest, by program: LogitsProgram, in directory: String,
        environment: [String: String], progress: @escaping ProgressHandler
    ) throws {
        self.program = program
        self.request = request
        self.environment = environment
        self.directory = directory
        let tokens = try Self.vocabulary(of: try GGUFModel.open(path: original))
        vocabulary = tokens.bytes
        try Self.makeSure(of: directory, tokens.count, request)
        let path = Path.join(directory, Self.originalName)
        let file = try Self.run(program, original, request, writing: path, environment, progress)
        extent = file.extent
        size = (LogitsFile.size(extent) ?? 0).saturated(adding: LogitsFile.size(extent) ?? 0)
        guard extent.context == request.context, extent.chunks <= request.chunks ?? .max,
            extent.vocabulary == tokens.count
        else {
            throw Diagnostics(
                Diagnostic(
                    code: .logitsFailed, "\(program.name) ran something else than it was asked for",
                    verdict: .undecided))
        }
        guard extent.judged >= LogitsRequest.fewestJudged else {
            throw Diagnostics(request.tooShort("\(extent.judged) tokens are judged"))
        }
    }

    /// Runs another model, and holds it against the original.
    /// - Throws: ``Diagnostics`` where it has other tokens, or the program gives no logits.
    package func figures(of other: String, progress: @escaping ProgressHandler) throws -> LogitsFigures {
        guard try Self.vocabulary(of: try GGUFModel.open(path: other)).bytes == vocabulary else {
            throw Diagnostics(
                Diagnostic(
                    code: .logitsUnlike, "\(other) has other tokens than the original",
                    fix: "compare a model with what was made from it", verdict: .undecided))
        }
        let path = Path.join(directory, "other")
        let file = try Self.run(program, other, request, writing: path, environment, progress)
        do {
            let original = try LogitsFile.open(Path.join(directory, Self.originalName))
            return try original.figures(against: file)
        } catch let problem as LogitsFile.Problem {
            throw Diagnostics(
                Diagnostic(
                    code: .logitsFailed,
                    "\(program.name) gave nothing to compare of \(other): \(problem.words)",
                    verdict: .undecided))
        }
    }

    // MARK: Steps

    private static func extent(_ request: LogitsRequest) -> [String] {
        // A batch is a multiple of the context, or the program gives up.
        let size = request.context * max(1, batch / request.context)
        let chunks = request.chunks.map { ["--chunks", "\($0)"] } ?? []
        return ["-c", "\(request.context)", "-b", "\(size)"] + chunks
    }

    private static func run(
        _ program: LogitsProgram, _ model: String, _ request: LogitsRequest, writing path: String,
        _ environment: [String: String], _ progress: @escaping ProgressHandler
    ) throws -> LogitsFile {
        progress(.began(stage: "running \(Path.name(model))", files: 1, bytes: 0, counted: "models"))
        defer { progress(.ended) }
        try Directory.removeFile(path)
        let command =
            [
                program.path, "-m", try Directory.realPath(named: model), "-f",
                try Directory.realPath(named: request.text),
            ] + extent(request) + ["--kl-divergence-base", path]
        let answer = try LogitsProgram.run(
            command, program.name, for: model, environment, limit: outputLimit)
        guard answer.status == 0 else {
            let end = answer.status < 0 ? "was ended by a signal" : "ended with \(answer.status)"
            throw LogitsProgram.failure("\(program.name) \(end) when it ran \(model)", answer)
        }
        progress(.finished(file: model))
        do {
            return try LogitsFile.open(path)
        } catch let problem as LogitsFile.Problem where problem.isShort {
            throw Diagnostics(request.tooShort("it is less than two chunks"))
        } catch {
            throw LogitsProgram.failure("\(program.name) gave no logits of \(model)", answer)
        }
    }

    /// The bytes of the tokens' texts as the header has them, and how many there are.
    private static func vocabulary(of model: GGUFModel) throws -> (bytes: [UInt8], count: Int) {
        let (item, count) = try tokens(of: model.metadata, model.name)
        return (Array(model.metadata.bytes[item.bytes]), count)
    }

    /// Makes sure that a model has tokens, before anything is done for running it.
    /// - Parameter name: the model as messages name it.
    /// - Throws: ``Diagnostics`` where it has none.
    package static func check(_ metadata: GGUFMetadata, _ name: String) throws(Diagnostics) {
        _ = try tokens(of: metadata, name)
    }

    private static func tokens(
        of metadata: GGUFMetadata, _ name: String
    ) throws(Diagnostics) -> (item: GGUFHeader.Item, count: Int) {
        let key = "tokenizer.ggml.tokens"
        let item = metadata.header.items.first { $0.key.hasSameBytes(as: key) }
        guard let item, case .array(let tokens) = item.value, item.bytes.upperBound <= metadata.bytes.count
        else {
            throw Diagnostics(
                Diagnostic(
                    code: .logitsUnlike, "\(name) has no tokens, so it cannot be run on a text",
                    fix: "take a language model", verdict: .undecided))
        }
        return (item, tokens.count)
    }

    /// Makes sure that there is room for the logits, whatever number of tokens the text has.
    private static func makeSure(of directory: String, _ count: Int, _ request: LogitsRequest) throws {
        let length = try FileHandle.named(request.text).status().size
        // No token is shorter than a byte, but a few may be put before the text.
        let most = min(request.chunks ?? .max, max(1, length.saturated(adding: 8) / request.context))
        let extent = LogitsExtent(context: request.context, chunks: most, vocabulary: count)
        guard let size = LogitsFile.size(extent),
            let one = LogitsFile.size(LogitsExtent(context: request.context, chunks: 1, vocabulary: count))
        else { throw Diagnostics(tooLarge(request)) }
        let free = try Directory.freeBytes(at: directory) / 2
        if size > free {
            let fitting = free / 10 * 9 / max(1, one)
            try SpaceNeeded(
                size.saturated(adding: size), for: "the logits of \(request.text) in \(directory)",
                text: "up to \(SpaceNeeded.text(size.saturated(adding: size)))",
                fix: fitting > 0
                    ? "run less of the text: --chunks \(fitting); or name another directory: --scratch DIR"
                    : "name another directory: --scratch DIR"
            ).check()
        }
    }

    private static func tooLarge(_ request: LogitsRequest) -> Diagnostic {
        Diagnostic(
            code: .logitsFailed, "the logits of \(request.text) are too many",
            fix: "run less of the text: --chunks 100", verdict: .undecided)
    }
}
