import Formats
import ModelFiles

/// What `compare --logits` states, for people and for `--json`.
struct LogitsReport {
    private let figures: LogitsFigures
    private let program: LogitsProgram
    private let names: [String]
    private let file: String
    private let digest: String
    private let space: Int

    /// Takes figures, what found them, and the bytes of disk that it took for a while.
    init(
        _ figures: LogitsFigures, _ program: LogitsProgram, names: [String], text: String, digest: String,
        space: Int
    ) {
        self.figures = figures
        self.program = program
        self.names = names
        file = text
        self.digest = digest
        self.space = space
    }

    /// A line for each figure.
    var text: String {
        let extent = figures.extent
        var lines = [
            names.map(DiagnosticText.printable).joined(separator: " → "),
            "\(program.name) (\(program.version))",
            "\(DiagnosticText.printable(file)): \(Counted.text(extent.chunks, "chunk")) of \(extent.context) tokens, "
                + "\(Counted.text(extent.judged, "token")) judged",
            "perplexity     \(estimate(figures.original)) → \(estimate(figures.other))",
            "KL divergence  mean \(estimate(figures.divergence)), median \(number(figures.median)), "
                + "99 % \(number(figures.percentile99)), largest \(number(figures.greatest))",
            "same top token \(percent(figures.agreement))",
        ]
        if space > 0 { lines.append("the logits took \(ByteCount.text(space)) on the disk, and are removed") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The members of `logits`.
    var json: JSON {
        let extent = figures.extent
        return [
            "program": [
                "name": .string(program.name), "version": .string(program.version),
                "path": .string(program.path),
            ],
            "text": .string(file), "text_sha256": .string(digest), "chunk_size": .integer(extent.context),
            "chunks": .integer(extent.chunks), "judged_tokens": .integer(extent.judged),
            "vocabulary": .integer(extent.vocabulary),
            "perplexity": ["original": json(figures.original), "other": json(figures.other)],
            "kl_divergence": [
                "mean": json(figures.divergence), "median": .number(figures.median),
                "percentile_99": .number(figures.percentile99), "max": .number(figures.greatest),
            ],
            "same_top_token": json(figures.agreement), "scratch_bytes": .integer(space),
        ]
    }

    private func json(_ estimate: LogitsFigures.Estimate) -> JSON {
        ["value": .number(estimate.value), "error": estimate.uncertainty.map(JSON.number) ?? .null]
    }

    private func estimate(_ estimate: LogitsFigures.Estimate) -> String {
        number(estimate.value) + (estimate.uncertainty.map { " ± \(Figure.text($0, digits: 2))" } ?? "")
    }

    private func number(_ value: Double) -> String { Figure.text(value, digits: 4) }

    private func percent(_ estimate: LogitsFigures.Estimate) -> String {
        Figure.fixed(estimate.value * 100, digits: 2)
            + (estimate.uncertainty.map { " ± \(Figure.fixed($0 * 100, digits: 2))" } ?? "") + " %"
    }
}
