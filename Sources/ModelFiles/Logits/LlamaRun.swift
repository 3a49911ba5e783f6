import Caches
import Formats
package import Manifests
import Storage
import Tensors

/// Runs GGUF models through llama-perplexity: one writes its logits, and others are held against them.
package struct LlamaRun: Sendable {
    /// llama-perplexity's own batch, for short contexts.
    private static let batch = 2048
    /// The most bytes that it may write: a line for each chunk.
    private static let outputLimit = 1 << 26

    private let program: LogitsProgram
    private let request: LogitsRequest
    private let environment: [String: String]
    /// Where the logits are.
    private let file: String
    /// What was run.
    package let extent: LogitsExtent
    /// The bytes of the logits.
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
        file = Path.join(directory, "logits")
        let model = try GGUFModel.open(path: original)
        let tokens = try Self.vocabulary(of: model)
        vocabulary = tokens.bytes
        try Self.makeSure(of: directory, tokens.count, request)
        let answer = try Self.run(
            program,
            [
                "-m", try Directory.realPath(named: original), "-f",
                try Directory.realPath(named: request.text),
            ]
                + Self.extent(request) + ["--kl-divergence-base", file],
            environment, for: original, progress)
        let most = request.chunks
        do {
            extent = try LogitsFile.extent(of: file)
        } catch {
            // What it writes when the text is too short is no error to it.
            throw LogitsProgram.failure(
                "\(program.name) gave no logits of \(original)", answer)
        }
        size = LogitsFile.size(extent) ?? 0
        guard extent.context == request.context, most.map({ extent.chunks <= $0 }) ?? true,
            extent.vocabulary == tokens.count
        else {
            throw LogitsProgram.failure("\(program.name) ran something else than it was asked for", answer)
        }
        guard extent.judged >= LogitsRequest.fewestJudged else {
            throw Diagnostics(
                Diagnostic(
                    code: .logitsFailed,
                    "\(request.text) is too short: \(extent.judged) tokens are judged, and figures need "
                        + "\(LogitsRequest.fewestJudged)",
                    fix: "take a longer text, or a shorter chunk (--chunk-size)", verdict: .undecided))
        }
    }

    /// Holds another model against the original.
    /// - Throws: ``Diagnostics`` where it has other tokens, or the program gives no figures.
    package func figures(of other: String, progress: @escaping ProgressHandler) throws -> LogitsFigures {
        let model = try GGUFModel.open(path: other)
        guard try Self.vocabulary(of: model).bytes == vocabulary else {
            throw Diagnostics(
                Diagnostic(
                    code: .logitsUnlike, "\(other) has other tokens than the original",
                    fix: "compare a model with what was made from it", verdict: .undecided))
        }
        let command =
            ["-m", try Directory.realPath(named: other)] + Self.extent(request) + [
                "--kl-divergence-base", file, "--kl-divergence",
            ]
        let answer = try Self.run(program, command, environment, for: other, progress)
        do throws(LlamaOutput.Problem) {
            return try LlamaOutput.figures(answer.output, extent)
        } catch {
            throw LogitsProgram.failure(
                "what \(program.name) wrote of \(other) cannot be used: \(error.words)", answer)
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
        _ program: LogitsProgram, _ options: [String], _ environment: [String: String], for model: String,
        _ progress: @escaping ProgressHandler
    ) throws -> WorkingProgram.Answer {
        progress(.began(stage: "running \(Path.name(model))", files: 1, bytes: 0, counted: "models"))
        defer { progress(.ended) }
        let answer = try LogitsProgram.run(
            [program.path] + options, program.name, for: model, environment, limit: outputLimit)
        guard answer.status == 0 else {
            let end = answer.status < 0 ? "was ended by a signal" : "ended with \(answer.status)"
            throw LogitsProgram.failure("\(program.name) \(end) when it ran \(model)", answer)
        }
        progress(.finished(file: model))
        return answer
    }

    /// The bytes of the tokens' texts as the header has them, and how many there are.
    private static func vocabulary(of model: GGUFModel) throws -> (bytes: [UInt8], count: Int) {
        let key = "tokenizer.ggml.tokens"
        let item = model.metadata.header.items.first { $0.key.hasSameBytes(as: key) }
        guard let item, case .array(let tokens) = item.value,
            item.bytes.upperBound <= model.metadata.bytes.count
        else {
            throw Diagnostics(
                Diagnostic(
                    code: .logitsUnlike, "\(model.name) has no tokens, so it cannot be run on a text",
                    fix: "compare language models", verdict: .undecided))
        }
        return (Array(model.metadata.bytes[item.bytes]), tokens.count)
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
        let free = try Directory.freeBytes(at: directory)
        if size > free {
            let fitting = free / 10 * 9 / max(1, one)
            try SpaceNeeded(
                size, for: "the logits of \(request.text) in \(directory)",
                text: "up to \(SpaceNeeded.text(size))",
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
