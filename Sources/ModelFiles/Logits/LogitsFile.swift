import Formats
import Storage
import Tensors

/// The file into which llama-perplexity writes the probabilities that a model gives: "_logits_", the tokens of a chunk,
/// those of the vocabulary and the number of chunks in 32 bits each, all tokens in 32 bits each, and a
/// ``ProbabilityRow`` for each token that is judged.
struct LogitsFile: ~Copyable {
    /// Why a file is none.
    struct Problem: Error, Equatable {
        /// What is wrong, as the end of a sentence.
        let words: String
        /// Whether the program ended where it found the text to be too short.
        var isShort = false
    }

    /// The bytes in front of the tokens.
    private static let headSize = 20
    /// What of them is there where the text is too short.
    private static let shortSize = 12

    /// What was run.
    let extent: LogitsExtent
    private let file: FileHandle

    /// Opens a file.
    /// - Throws: ``Problem`` where it is not whole, or something else.
    static func open(_ path: String) throws -> LogitsFile {
        let extent = try extent(of: path)
        return LogitsFile(extent: extent, file: try FileHandle.reading(path))
    }

    private init(extent: LogitsExtent, file: consuming FileHandle) {
        self.extent = extent
        self.file = file
    }

    private static func extent(of path: String) throws -> LogitsExtent {
        let file = try FileHandle.reading(path)
        let size = try file.status().size
        let head = try file.bytes(0..<headSize)
        guard head.starts(with: Array("_logits_".utf8)) else {
            throw Problem(words: "its file of logits is none")
        }
        guard size != shortSize else { throw Problem(words: "the text is too short", isShort: true) }
        guard head.count == headSize else { throw Problem(words: "its file of logits is not whole") }
        let extent = LogitsExtent(
            context: number(head, 8), chunks: number(head, 16), vocabulary: number(head, 12))
        guard extent.chunks > 0, extent.context > 0, extent.vocabulary > 0,
            let wanted = Self.size(extent), wanted == size
        else { throw Problem(words: "its file of logits is not whole") }
        return extent
    }

    /// The size of a file; `nil` where it is past what a number holds.
    static func size(_ extent: LogitsExtent) -> Int? {
        guard extent.vocabulary < 1 << 32 else { return nil }
        let (rows, first) = extent.judgedInChunk.multipliedReportingOverflow(
            by: ProbabilityRow.size(extent.vocabulary))
        let (tokens, second) = extent.context.multipliedReportingOverflow(by: 4)
        let (one, third) = rows.addingReportingOverflow(tokens)
        let (all, fourth) = one.multipliedReportingOverflow(by: extent.chunks)
        return first || second || third || fourth ? nil : all.saturated(adding: headSize)
    }

    /// Holds another model's file against this one, row by row.
    /// - Throws: ``Problem`` where they are not of the same tokens, or rows are none of probabilities.
    func figures(against other: borrowing LogitsFile) throws -> LogitsFigures {
        guard other.extent == extent else { throw Problem(words: "both models were not run on the same") }
        let row = ProbabilityRow.size(extent.vocabulary)
        let start = Self.headSize + extent.context * 4 * extent.chunks
        var sums = LogitsSums()
        for chunk in 0..<extent.chunks {
            let place = Self.headSize + chunk * extent.context * 4
            let tokens = try file.bytes(place..<place + extent.context * 4)
            guard try other.file.bytes(place..<place + extent.context * 4) == tokens,
                tokens.count == extent.context * 4
            else { throw Problem(words: "both models make other tokens of the text") }
            for number in 0..<extent.judgedInChunk {
                let offset = start + (chunk * extent.judgedInChunk + number) * row
                let first = try file.bytes(offset..<offset + row)
                let second = try other.file.bytes(offset..<offset + row)
                let next = Self.number(tokens, 4 * (extent.context / 2 + number + 1))
                guard first.count == row, second.count == row,
                    let difference = ProbabilityRow.difference(
                        first.span, second.span, vocabulary: extent.vocabulary, next: next)
                else { throw Problem(words: "its logits are no probabilities") }
                sums.add(difference)
            }
        }
        guard let figures = sums.figures(extent) else {
            throw Problem(words: "its logits are no probabilities")
        }
        return figures
    }

    private static func number(_ bytes: [UInt8], _ place: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
    }
}

/// The sums over all tokens that were judged.
private struct LogitsSums {
    private var divergences: [Double] = []
    private var (original, other): ([Double], [Double]) = ([], [])
    private var same = 0

    mutating func add(_ difference: ProbabilityRow.Difference) {
        divergences.append(difference.divergence)
        original.append(difference.original)
        other.append(difference.other)
        if difference.isSame { same += 1 }
    }

    /// `nil` where there is no number.
    func figures(_ extent: LogitsExtent) -> LogitsFigures? {
        let count = divergences.count
        guard count > 1 else { return nil }
        let sorted = divergences.sorted()
        func part(_ share: Double) -> Double {
            let place = share * Double(count - 1)
            let low = Int(place)
            let high = min(low + 1, count - 1)
            return sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
        }
        let share = Double(same) / Double(count)
        let figures = LogitsFigures(
            original: LogitsFigures.Estimate(original).exponential,
            other: LogitsFigures.Estimate(other).exponential,
            divergence: LogitsFigures.Estimate(divergences), median: part(0.5), percentile99: part(0.99),
            greatest: sorted[count - 1],
            agreement: LogitsFigures.Estimate(share, (share * (1 - share) / Double(count - 1)).squareRoot()),
            extent: extent)
        let all = [figures.original.value, figures.other.value, figures.divergence.value]
        return all.allSatisfy(\.isFinite) ? figures : nil
    }
}
