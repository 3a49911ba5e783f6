import ArgumentParser
import ModelFiles

/// What models are run on.
struct LogitsOptions: ParsableArguments {
    /// The program that runs models.
    enum Program: String, ExpressibleByArgument, CaseIterable {
        /// llama.cpp's llama-perplexity.
        case llama = "llama.cpp"
        /// transformers, for directories of safetensors.
        case transformers
    }

    /// The tokens of a chunk; `nil` is the usual number.
    @Option(
        help: ArgumentHelp("The tokens of a chunk of the text; by default 512.", valueName: "tokens"))
    var chunkSize: Int?

    /// The most chunks; `nil` runs all of the text.
    @Option(help: ArgumentHelp("Run only so many chunks of the text.", valueName: "n"))
    var chunks: Int?

    /// Where the logits of the original go.
    @Option(
        help: ArgumentHelp(
            "Where the logits are kept while it works; by default in Knapsack's cache directory.",
            valueName: "dir"),
        completion: .directory)
    var scratch: String?

    /// The options that were given.
    var given: [String] {
        var given: [String] = []
        if chunkSize != nil { given.append("--chunk-size") }
        if chunks != nil { given.append("--chunks") }
        if scratch != nil { given.append("--scratch") }
        return given
    }

    /// What is run.
    /// - Throws: `ValidationError` where a number cannot be; exit code 2.
    func request(_ text: String) throws -> LogitsRequest {
        let context = chunkSize ?? LogitsRequest.usualContext
        guard (8...1 << 20).contains(context) else {
            throw ValidationError("--chunk-size has to be 8 to 1048576")
        }
        guard (1...1 << 30).contains(chunks ?? 1) else {
            throw ValidationError("--chunks has to be at least 1")
        }
        if text.isEmpty { throw ValidationError("the text's name is empty") }
        return LogitsRequest(text: text, context: context, chunks: chunks)
    }
}
