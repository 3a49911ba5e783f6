import ArgumentParser
import Bundles
import Formats
import Manifests
import ModelFiles
import Reports

/// `knapsack inspect`
struct InspectCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a model or a bundle holds: metadata, tensors, types, sizes; entries and files.",
        usage: "knapsack inspect <model> [<options>]",
        discussion: """
            Reads the header alone, whatever the size of the file; of split and sharded models those of all \
            files. With --tensor it reads that tensor and states what its numbers are like. Of a bundle, a directory \
            or an archive, it shows the entries and where their files are stored, and compares names and sizes.

            Examples:
              knapsack inspect model.gguf
              knapsack inspect model.safetensors.index.json   # all shards
              knapsack inspect pytorch_model.bin   # without executing its pickle
              knapsack inspect model.joblib        # what loading it would import and call
              knapsack inspect model-00001-of-00003.gguf   # all files of a split
              knapsack inspect model.gguf --tensor blk.0.attn_v.weight
              knapsack inspect model.gguf --json
              knapsack inspect aimo3-models        # a bundle, or its archive
              knapsack inspect model.gguf --html model.html   # a page with a treemap
              # out of a cache
              knapsack inspect hf:org/name@main:model.safetensors
              knapsack inspect kaggle:owner/model/gguf/q4/1
            """)

    /// What is looked at: a path, or a source in the caches with the file of it.
    @Argument(
        help:
            "A .gguf, .safetensors, .bin or .pt file, a pickle, an index of shards, their directory, a bundle, or a source, with :FILE of it.",
        completion: Completions.models)
    var model: String

    /// The tensor whose numbers are read; `nil` reads headers alone.
    @Option(help: ArgumentHelp("Statistics and a histogram of this tensor's numbers.", valueName: "name"))
    var tensor: String?

    /// The page to write about one model; `nil` writes none.
    @Option(
        help: ArgumentHelp("Also write a page about the model to this file.", valueName: "file"),
        completion: .file())
    var html: String?

    /// Where sources are looked up.
    @OptionGroup var cacheOptions: CacheOptions
    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    /// Refuses a page about one tensor; exit code 2.
    func validate() throws {
        guard html == nil || tensor == nil else {
            throw ValidationError("--html is about a whole model, so it does not go with --tensor")
        }
    }

    /// Prints what the file or bundle holds, and writes nothing but the page of `--html`.
    func execute(_ session: Session) async throws {
        let file = try SourceFile.path(of: model, cacheOptions.caches(session.context))
        if let finding = NoModel.finding(file) { throw Diagnostics(finding) }
        try await inspect(file, session)
    }

    private func inspect(_ file: String, _ session: Session) async throws {
        if let bundle = try await BundleInspection.read(path: file) {
            guard html == nil else {
                throw Diagnostics(
                    Diagnostic(
                        code: .usage, "\(file) is a bundle, and --html is about one model",
                        fix: "for a page about a bundle: knapsack report \(ShellWord.quoted(file))",
                        verdict: .undecided))
            }
            guard tensor == nil else {
                throw Diagnostics(
                    Diagnostic(
                        code: .usage,
                        "\(file) is a bundle: --tensor reads a model, such as one in its models/",
                        verdict: .undecided))
            }
            return show(bundle, session)
        }
        if tensor == nil {
            let program = try ProgramInspection(path: file)
            if let program {
                session.report(program.findings)
                session.add("program", ProgramReport(program).json)
            }
            if let pickle = try PickleInspection.read(path: file) { return try show(pickle, file, session) }
            if let program {
                try refusePage(file)
                if session.json { return session.add("path", .string(file)) }
                return session.context.writeOutput(ProgramReport(program).text)
            }
        }
        let model = try TensorModel(path: file)
        if let tensor { return try show(tensor, of: model, file, session) }
        try write(page: model, [], session)
        let report = InspectReport(model)
        guard !session.json else {
            for member in report.json { session.add(member.key, member.value) }
            return
        }
        let terminal = session.context.terminal
        var part = ""
        report.write(width: terminal.tableWidth, bars: terminal.hasBlocks) { line in
            part += line
            guard part.utf8.count > 1 << 16 else { return }
            session.context.writeOutput(part)
            part = ""
        }
        session.context.writeOutput(part)
    }

    /// Shows what a file's pickles would do, and its tensors where it has some that can be read.
    private func show(_ pickle: PickleInspection, _ file: String, _ session: Session) throws {
        session.report(pickle.findings)
        let report = PickleReport(pickle)
        let width = session.context.terminal.tableWidth
        var text = report.text(width: width)
        if let model = try? TensorModel(path: file) {
            try write(page: model, pickle.findings, session)
            let tensors = InspectReport(model, showsImports: false)
            for member in tensors.json { session.add(member.key, member.value) }
            text = "\(tensors.text(width: width))\n\(text)"
        } else {
            try refusePage(file)
            session.add("path", .string(file))
        }
        session.add("pickle", report.json)
        if session.json { return }
        session.context.writeOutput(text)
    }

    /// Writes the page about a model where it was asked for.
    private func write(page model: TensorModel, _ findings: [Diagnostic], _ session: Session) throws {
        guard let html else { return }
        try PageFile.write(ModelPage(model, findings).text(), to: html, keeping: model.paths)
        session.add("html", .string(html))
        session.say("wrote \(html)")
    }

    /// There is no page about a file without tensors.
    private func refusePage(_ file: String) throws {
        guard html != nil else { return }
        throw Diagnostics(
            Diagnostic(
                code: .usage, "\(file) has no tensors that can be read, and --html is about tensors",
                fix: "leave --html out", verdict: .undecided))
    }

    private func show(_ bundle: BundleInspection, _ session: Session) {
        session.report(bundle.findings)
        let report = BundleReport(bundle)
        for member in report.json { session.add(member.key, member.value) }
        if session.json { return }
        let terminal = session.context.terminal
        session.context.writeOutput(report.text(width: terminal.tableWidth, bars: terminal.hasBlocks))
    }

    private func show(
        _ name: String, of model: TensorModel, _ file: String, _ session: Session
    ) throws {
        guard let tensor = model.tensors.first(where: { $0.name.hasSameBytes(as: name) }) else {
            throw Diagnostics(
                Diagnostic(
                    code: .noSuchTensor, "\(file) has no tensor \(name)",
                    fix: Suggestion.nearest(to: name, among: model.tensors.map(\.name)).map {
                        "did you mean \(quoted($0))?"
                    } ?? "knapsack inspect \(ShellWord.quoted(self.model)) lists them", verdict: .undecided))
        }
        guard tensor.type.isNumeric else {
            throw Diagnostics(
                Diagnostic(
                    code: .notNumeric, "\(name) is \(tensor.type.name), which is not read as numbers",
                    verdict: .undecided))
        }
        let report = TensorReport(tensor, try TensorInspection.read(of: tensor, in: model))
        session.add("tensor", report.json)
        if session.json { return }
        session.context.writeOutput(report.text(width: session.context.terminal.tableWidth))
    }
}
