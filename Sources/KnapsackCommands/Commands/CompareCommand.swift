import ArgumentParser
import Conversion
import Formats
import Manifests
import ModelFiles

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
            only one side has but their names.

            Examples:
              knapsack compare model-BF16.gguf model-Q4_K_M.gguf
              knapsack compare snapshot/model.safetensors.index.json model-Q4_K_M.gguf
              knapsack compare a.gguf b.gguf --all --json
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

    /// Where sources are looked up.
    @OptionGroup var cacheOptions: CacheOptions
    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    /// Prints how far the tensors are apart, which is no finding however far it is. Exit code 2 where they
    /// have no tensor in common.
    func execute(_ session: Session) async throws {
        let caches = cacheOptions.caches(session.context)
        let paths = try [original, other].map { try SourceFile.path(of: $0, caches) }
        if let finding = paths.lazy.compactMap(NoModel.finding).first { throw Diagnostics(finding) }
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
}
