import Formats
import Manifests
import ModelFacts
import Rules

extension RepositoryReport {
    /// How many files are listed where not all are asked for.
    private static let shownFiles = 40

    /// The formats, which of them a bundle needs, and the command that leaves out the rest.
    func formatText(width: Int) -> String {
        let table = RepositoryReport.table(
            [
                .init(title: "FORMAT"), .init(title: "FILES", isNumber: true),
                .init(title: "SIZE", isNumber: true), .init(title: "NEEDED"),
            ],
            rows: formats.map {
                [
                    $0.format.rawValue, "\($0.files.count)", ByteCount.text($0.size),
                    $0.isNeeded ? "yes" : "no", $0.reason,
                ]
            }, width: width)
        guard let command = addCommand else { return table }
        return table + "without the rest: \(command)\n"
    }

    /// The command that appends it to a manifest without what is not needed; `nil` where all of it is.
    var addCommand: String? {
        guard !exclusions.isEmpty, exclusions.count <= 12 else { return nil }
        let patterns = exclusions.map(ShellWord.quoted).joined(separator: " --exclude ")
        let command = "knapsack add \(ShellWord.quoted(source)) --exclude \(patterns)"
        // A name that must not be shown as it is cannot be copied either.
        return DiagnosticText.printable(command).hasSameBytes(as: command) ? command : nil
    }

    /// The files; the first of them, unless all are asked for.
    func fileText(width: Int, verbose: Bool) -> String {
        let shown = verbose ? files[...] : files.prefix(RepositoryReport.shownFiles)
        let isTyped = files.contains { !$0.dtypes.isEmpty }
        var columns: [Table.Column] = [
            .init(title: "FILE", canShrink: true, least: 24), .init(title: "SIZE", isNumber: true),
        ]
        if isTyped {
            columns += [
                .init(title: "DTYPE", canShrink: true, dropRank: 1),
                .init(title: "PARAMS", isNumber: true, dropRank: 2),
            ]
        }
        let table = Table(
            columns,
            rows: shown.map { file in
                let cells = [
                    file.path.text, file.size.map(ByteCount.text) ?? "-", file.dtypes.joined(separator: " "),
                    file.parameters.map(ParameterText.text) ?? "",
                ]
                return Array(cells.prefix(columns.count))
            }
        ).text(width: width)
        let more = files.count - shown.count
        return more > 0 ? table + "and \(Counted.text(more, "file")) more; --verbose lists all\n" : table
    }

    /// The accelerators, each with the weightiest reason, unless all reasons are asked for.
    func fitText(width: Int, verbose: Bool) -> String {
        RepositoryReport.table(
            [.init(title: "ACCELERATOR"), .init(title: "ROOM", isNumber: true), .init(title: "RUNS")],
            rows: fits.flatMap { fit -> [[String]] in
                let reasons = verbose ? fit.reasons : Array(fit.reasons.prefix(1))
                let first = [
                    fit.accelerator.rawValue, ByteCount.text(fit.room), fit.verdict.rawValue,
                    reasons.first ?? "",
                ]
                return [first] + reasons.dropFirst().map { ["", "", "", $0] }
            }, width: width)
    }

    /// The points and their reasons.
    func scoreText(width: Int) -> String {
        let sum = [
            "in all", "\(score.points)", "\(score.most)", "of use and description, not of what it can do",
        ]
        return RepositoryReport.table(
            [
                .init(title: "QUALITY"), .init(title: "POINTS", isNumber: true),
                .init(title: "OF", isNumber: true),
            ],
            rows: score.parts.map {
                [
                    $0.name, $0.points.map(String.init) ?? "-", $0.points == nil ? "-" : "\($0.most)",
                    $0.reason,
                ]
            } + [sum], width: width)
    }

    /// A table whose last column has the reasons: sentences, which take as many lines as they need.
    private static func table(_ columns: [Table.Column], rows: [[String]], width: Int) -> String {
        let taken = columns.indices.reduce(0) { sum, place in
            sum + 2 + (([columns[place].title] + rows.map { $0[place] }).map(\.count).max() ?? 0)
        }
        let room = max(width - taken, 24)
        let filled = rows.flatMap { row -> [[String]] in
            let lines = RepositoryReport.lines(row[columns.count], width: room)
            return lines.enumerated().map { place, line in
                (place == 0 ? Array(row.prefix(columns.count)) : columns.map { _ in "" }) + [line]
            }
        }
        return Table(columns + [.init(title: "WHY", canShrink: true)], rows: filled).text(width: width)
    }
}
