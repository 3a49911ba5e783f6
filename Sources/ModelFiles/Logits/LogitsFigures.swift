import Glibc
import Manifests
import Storage

/// How far the answers of two models are apart on a text: what a program measured that ran both.
package struct LogitsFigures: Equatable, Sendable {
    /// A mean, and how far it may be off.
    package struct Estimate: Equatable, Sendable {
        /// The mean.
        package let value: Double
        /// One standard error; `nil` where the program states none.
        package let uncertainty: Double?

        /// States both.
        package init(_ value: Double, _ uncertainty: Double? = nil) {
            self.value = value
            self.uncertainty = uncertainty
        }

        /// The mean of values, of which there are at least two.
        init(_ values: [Double]) {
            let mean = values.reduce(0, +) / Double(values.count)
            let spread = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            value = mean
            uncertainty = (spread / Double(values.count) / Double(values.count - 1)).squareRoot()
        }

        /// e to the power of it.
        var exponential: Estimate { Estimate(exp(value), uncertainty.map { $0 * exp(value) }) }
    }

    /// The perplexity of the original on the text.
    package let original: Estimate
    /// The perplexity of the other on the text.
    package let other: Estimate
    /// The mean of the Kullback-Leibler divergences, token by token, of the other's probabilities from the original's, in
    /// natural units.
    package let divergence: Estimate
    /// What half, 99 of 100, and all of the divergences are no greater than.
    package let median, percentile99, greatest: Double
    /// The part of the tokens, 0 to 1, at which both find the same token the most probable.
    package let agreement: Estimate
    /// What was run.
    package var extent: LogitsExtent
}

/// On how much text figures are.
package struct LogitsExtent: Equatable, Sendable {
    /// The tokens of a chunk, each of which begins anew; the second half of each is judged.
    package let context: Int
    /// The chunks.
    package let chunks: Int
    /// The tokens that the models know.
    package let vocabulary: Int

    /// States what was run.
    package init(context: Int, chunks: Int, vocabulary: Int) {
        self.context = context
        self.chunks = chunks
        self.vocabulary = vocabulary
    }

    /// The tokens of a chunk whose probabilities count: those that have at least half a context before them.
    package var judgedInChunk: Int { max(0, context - 1 - context / 2) }
    /// The tokens that were judged.
    package var judged: Int { judgedInChunk.multipliedReportingOverflow(by: chunks).partialValue }
}

/// What is run on what.
package struct LogitsRequest: Sendable {
    /// What a context is where nobody states it: that of llama-perplexity.
    package static let usualContext = 512
    /// The fewest tokens that are worth figures, as llama-perplexity has it.
    package static let fewestJudged = 100

    /// The path of the text.
    package let text: String
    /// The tokens of a chunk.
    package let context: Int
    /// The most chunks of the text that are run; `nil` for all.
    package let chunks: Int?

    /// States what is run.
    package init(text: String, context: Int = usualContext, chunks: Int? = nil) {
        self.text = text
        self.context = context
        self.chunks = chunks
    }

    /// The SHA-256 of the text, which is read whole.
    /// - Throws: ``Diagnostics`` where it cannot be read, with exit code 2.
    package func textDigest() throws -> String {
        do {
            var buffer = Buffer(count: FileReader.blockSize)
            let file = try FileHandle.named(text)
            return try FileReader.read(file, gitBlob: false, buffer: &buffer) { _ in }.digests.sha256.hex
        } catch let error as FileError {
            throw Diagnostics(
                Diagnostic(
                    code: .fileNotFound, "the text cannot be read: \(error)", fix: error.remedy(),
                    verdict: .undecided))
        }
    }

    /// What to report of a text that has too few tokens.
    func tooShort(_ words: String) -> Diagnostic {
        Diagnostic(
            code: .logitsFailed,
            "\(text) is too short: \(words), and figures need \(Self.fewestJudged) that are judged",
            fix: "take a longer text, or a shorter chunk (--chunk-size)", verdict: .undecided)
    }
}
