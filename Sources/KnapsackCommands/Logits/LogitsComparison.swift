import Formats
import Manifests
import ModelFiles
import Storage

/// `knapsack compare A B --logits TEXT`: runs both models.
struct LogitsComparison {
    private let names: [String]
    private let request: LogitsRequest
    private let options: LogitsOptions
    private let program: LogitsOptions.Program?
    private let session: Session
    private var environment: [String: String] { session.context.environment }

    /// Takes the models as the user named them.
    init(
        _ names: [String], _ request: LogitsRequest, _ options: LogitsOptions,
        by program: LogitsOptions.Program?, _ session: Session
    ) {
        self.names = names
        self.request = request
        self.options = options
        self.program = program
        self.session = session
    }

    /// Runs them.
    /// - Parameters:
    ///   - paths: where they are.
    ///   - convert: makes GGUF of a directory, for a model named by its place, in a file.
    func run(
        _ paths: [String], convert: (_ place: Int, _ file: String) async throws -> Void
    ) async throws {
        let text = try request.textDigest()
        let areDirectories = paths.map(Self.isDirectory)
        let chosen = program ?? (areDirectories.contains(false) ? .llama : .transformers)
        let found: LogitsProgram
        let figures: LogitsFigures
        var space = 0
        switch chosen {
        case .transformers:
            guard let place = areDirectories.firstIndex(of: false) else {
                found = try TransformersRun.program(environment)
                tell(found)
                figures = try TransformersRun.figures(
                    of: paths[0], and: paths[1], request, by: found, environment: environment,
                    progress: session.progress)
                break
            }
            throw Diagnostics(
                Diagnostic(
                    code: .usage,
                    "\(names[place]) is no directory, and transformers runs directories of safetensors",
                    fix: "leave --with out: llama.cpp runs GGUF", verdict: .undecided))
        case .llama:
            found = try LogitsProgram.llama(environment)
            tell(found)
            let scratch = try ScratchDirectory.make(in: options.scratch ?? session.context.cacheDirectory)
            var files = paths
            for place in files.indices where areDirectories[place] {
                files[place] = Path.join(scratch.path, "\(place).gguf")
                try await convert(place, files[place])
                session.say("\(names[place]) was converted to GGUF for it")
            }
            let run = try LlamaRun(
                files[0], request, by: found, in: scratch.path, environment: environment,
                progress: session.progress)
            space = run.size
            figures = try run.figures(of: files[1], progress: session.progress)
            withExtendedLifetime(scratch) {}
        }
        let report = LogitsReport(
            figures, found, names: names, text: request.text, digest: text, space: space)
        session.add("original", .string(names[0]))
        session.add("other", .string(names[1]))
        session.add("logits", report.json)
        if !session.json { session.context.writeOutput(report.text) }
    }

    private func tell(_ program: LogitsProgram) {
        session.say("\(program.name) (\(program.version)) runs both models on \(request.text)")
    }

    private static func isDirectory(_ path: String) -> Bool {
        (try? FileStatus.status(of: Directory.realPath(path)).kind) == .directory
    }
}
