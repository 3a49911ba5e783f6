import Formats
import Storage

/// The file into which llama-perplexity writes the probabilities that a model gives: a head, the tokens, and for each
/// token that is judged the logarithms of all probabilities in 16 bits, with a scale.
enum LogitsFile {
    /// The bytes of the head: "_logits_", and three numbers of 32 bits.
    private static let headSize = 20

    /// The size of the file; `nil` where it is past what a number holds.
    static func size(_ extent: LogitsExtent) -> Int? {
        let row = (extent.vocabulary + 1) / 2 * 2 + 4
        let (values, first) = extent.judgedInChunk.multipliedReportingOverflow(by: row)
        let (chunk, second) = values.multipliedReportingOverflow(by: 2)
        let (tokens, third) = extent.context.multipliedReportingOverflow(by: 4)
        let (one, fourth) = chunk.addingReportingOverflow(tokens)
        let (all, fifth) = one.multipliedReportingOverflow(by: extent.chunks)
        return first || second || third || fourth || fifth ? nil : all.saturated(adding: headSize)
    }

    /// Reads what was run from a file's head.
    /// - Throws: also where the file is not as long as it has to be then: it is not whole.
    static func extent(of path: String) throws -> LogitsExtent {
        let file = try FileHandle.reading(path)
        let head = try file.bytes(0..<headSize)
        guard head.count == headSize, head.starts(with: Array("_logits_".utf8)) else {
            throw LlamaOutput.Problem(words: "its file of logits is none")
        }
        func number(_ place: Int) -> Int {
            (0..<4).reduce(0) { $0 | Int(head[8 + 4 * place + $1]) << (8 * $1) }
        }
        let extent = LogitsExtent(context: number(0), chunks: number(2), vocabulary: number(1))
        let size = try file.status().size
        guard extent.chunks > 0, extent.context > 0, let wanted = LogitsFile.size(extent), wanted == size
        else {
            throw LlamaOutput.Problem(words: "its file of logits is not whole")
        }
        return extent
    }
}
