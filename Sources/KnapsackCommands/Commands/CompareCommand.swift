import ArgumentParser
import Caches
import Conversion
import Formats
import Manifests
import ModelFiles
import Storage

/// `knapsack compare`
struct CompareCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Show what a quantization or a cast cost: how far each tensor is from the original.",
        usage: "knapsack compare <original> <other> [<options>]",
        discussion: """
            The original comes first. Either side may be GGUF or safetensors; between the two the names are \
            mapped, and Llama's and Gemma's tensors are put in one order. Nothing is said of tensors that \
            only one side has but their names. Its figures are of the weights alone, and state nothing of what \
            the models answer.

            --logits runs both models on a text: perplexity, Kullback-Leibler divergence, and how often both find \
            the same token the most probable. GGUF models are run by llama.cpp's llama-perplexity, which \
            KNAPSACK_LLAMA_CPP or PATH names, and two directories of safetensors by transformers, of the Python \
            that KNAPSACK_PYTHON or PATH names. Of a directory beside a GGUF model a GGUF model is made for a while.

            Examples:
              knapsack compare model-BF16.gguf model-Q4_K_M.gguf
              knapsack compare snapshot/model.safetensors.index.json model-Q4_K_M.gguf
              knapsack compare a.gguf b.gguf --all --json
              # runs both; one of them is a directory
              knapsack compare ./qwen qwen-q4.gguf --logits wiki.test.raw --chunks 100
              # files from the caches
              knapsack compare hf:org/name hf:org/name-gguf:q4_k_m.gguf
            """)

    /// The model that errors are counted from: a path or a source in the caches.
    @Argument(help: "The original: a model or source that inspect can read.", completion: Completions.models)
    var original: String

    /// The model whose errors are counted.
    @Argument(help: "What was made from it.", completion: Completions.models)
    var other: String

    /// Whether the table has all tensors.
    @Flag(help: "List every tensor, not only the ten that lost the most.")
    var all = false

    /// The text that both are run on; `nil` compares weights.
    @Option(
        help: ArgumentHelp("Run both models on this text, in place of comparing weights.", valueName: "text"),
        completion: .file())
    var logits: String?

    /// What runs them; `nil` leaves it to what they are.
    @Option(
        help: ArgumentHelp(
            "With --logits: what runs them, if it is not to depend on what they are.",
            valueName: "llama.cpp|transformers"))
    var with: LogitsOptions.Program?

    /// What llama.cpp calls the pre-tokenizer of a directory that becomes GGUF; `nil` finds it by what the tokenizer does.
    @Option(
        help: ArgumentHelp(
            "The pre-tokenizer's name of a directory that becomes GGUF, if it is not known.",
            valueName: "name"))
    var pre: String?

    /// On how much of the text, and where the logits are meanwhile.
    @OptionGroup(title: "With --logits") var running: LogitsOptions
    /// Where sources are looked up.
    @OptionGroup var cacheOptions: CacheOptions
    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    /// Refuses options of runs where nothing is run; exit code 2.
    func validate() throws {
        if let logits {
            _ = try running.request(logits)
            if all { throw ValidationError("--all lists tensors, and --logits runs models") }
        } else if let option = running.given.first ?? (with == nil ? nil : "--with")
            ?? (pre == nil ? nil : "--pre")
        {
            throw ValidationError("\(option) is for --logits")
        }
    }

    /// Prints how far the tensors are apart, which is no finding however far it is. Exit code 2 where they
    /// have no tensor in common.
    func execute(_ session: Session) async throws {
        let caches = cacheOptions.caches(session.context)
        let paths = try [original, other].map { try SourceFile.path(of: $0, caches) }
        for path in paths {
            if let finding = NoModel.finding(path) { throw Diagnostics(finding) }
        }
        if let logits {
            return try await LogitsComparison(
                [original, other], try running.request(logits), running, by: with, session
            ).run(paths) { place, file in
                try await convert([original, other][place], to: file, caches, session)
            }
        }
        let first = try TensorModel(path: paths[0])
        let second = try TensorModel(path: paths[1])
        let comparison = try await ModelComparison.compare(
            of: first, with: second, progress: session.progress)
        guard !comparison.results.isEmpty else {
            throw Diagnostics(
                Diagnostic(
                    code: .nothingInCommon, "\(original) and \(other) have no tensor in common",
                    fix: "compare a model with what was made from it", verdict: .undecided))
        }
        let report = CompareReport(first, second, comparison)
        for member in report.json { session.add(member.key, member.value) }
        if session.json { return }
        session.context.writeOutput(report.text(all: all, width: session.context.terminal.tableWidth))
    }

    /// Makes a GGUF model that keeps the numbers of a directory's checkpoint.
    private func convert(
        _ name: String, to file: String, _ caches: Caches, _ session: Session
    ) async throws {
        let directory = Path.name(Path.normalized(Path.join(try Directory.current(), name)))
        var request = GGUFConversion.Request(try GGUFProduct(named: "auto", via: nil))
        request.options.preTokenizer = pre
        let conversion = try GGUFConversion(
            try caches.model(name), name: name, directoryName: directory, request
        ) { _, _ in file }
        try await conversion.write(progress: session.progress)
    }
}
