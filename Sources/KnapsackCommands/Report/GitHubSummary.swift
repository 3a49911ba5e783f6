import Manifests
import Storage

/// A job's summary in Markdown: all findings in a table.
struct GitHubSummary {
    /// What is told.
    let report: Report
    /// Whether notes are told, too.
    let notes: Bool

    /// What GitHub takes of one step: 1 MiB ("Workflow commands", job summaries); more is not shown at all.
    static let sizeLimit = 1 << 20

    /// The text, of at most `limit` bytes.
    func text(limit: Int = sizeLimit) -> String {
        var head = "### knapsack \(report.command): \(report.counts)\n\n"
        let findings = report.told(notes: notes)
        guard !findings.isEmpty else { return head }
        head += "| | Where | Finding | Code |\n| --- | --- | --- | --- |\n"
        return Markdown.bounded(head: head, findings.map(row), limit: limit) { count in
            "\n\(count) more findings are not shown.\n"
        } + "\n"
    }

    private func row(_ finding: Diagnostic) -> String {
        var place = ""
        if let location = report.location(of: finding) {
            place = report.root.relative(location.file) ?? location.file
            if let line = location.line { place += ":\(line)" }
        }
        let text = finding.lines.map { Markdown.shortened($0, to: 1000) }.joined(separator: "\n")
        return "| \(finding.severity.rawValue) | \(Markdown.code(Markdown.shortened(place, to: 300))) "
            + "| \(Markdown.text(text)) | \(Markdown.code(finding.code.rawValue)) |\n"
    }

    /// Appends the summary to the file that GitHub Actions names, if there is room in it.
    func append(to path: String) throws(FileError) {
        let present = try FileStatus.existing(path)?.size ?? 0
        guard present < GitHubSummary.sizeLimit - 4096 else { return }
        let text = text(limit: GitHubSummary.sizeLimit - present - 16)
        try FileHandle.appending(path).write(Array(text.utf8).span)
    }
}
