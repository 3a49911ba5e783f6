import Formats
import Manifests
import ModelFacts
import Rules
import Transfer

extension RepositoryReport {
    /// How many files are listed where not all are asked for.
    private static let shownFiles = 40
    /// How many tags are shown.
    private static let shownTags = 12

    /// Everything, for people.
    /// - Parameter verbose: whether all files and all reasons are listed.
    func text(width: Int, verbose: Bool) -> String {
        var sections = [head(width: width)]
        if !formats.isEmpty { sections.append(formatText(width: width)) }
        sections.append(fileText(width: width, verbose: verbose))
        if !fits.isEmpty { sections.append(fitText(width: width, verbose: verbose)) }
        sections.append(scoreText(width: width))
        return sections.joined(separator: "\n")
    }

    private func head(width: Int) -> String {
        var rows: [(String, String?)] = [
            ("title", info?.found.title), ("about", info?.subtitle), ("page", info?.page),
            ("directory", directory), ("revision", revision), ("changed", info?.found.updated),
            ("licence", license ?? "not stated"), ("access", access),
            ("task", info?.found.task ?? facts?.card?.pipelineTag),
            ("library", info?.found.library ?? facts?.card?.library),
            ("framework", info?.found.framework),
            ("base model", list(baseModels)), ("languages", list(facts?.card?.languages ?? [])),
            ("trained on", list(facts?.card?.datasets ?? [])), ("tags", list(tags)),
            ("used", usage), ("security", security),
        ]
        if isModel || !formats.isEmpty {
            rows += [
                ("parameters", parameters), ("quantized", facts?.quantization?.text),
                ("own code", code), ("whole", whole), ("to GGUF", gguf.map(RepositoryReport.text)),
            ]
        }
        rows += [("size", sizeText), ("in caches", cachedText)]
        let shown = rows.compactMap { name, value in value.map { (name, $0) } }
        let column = (shown.map { $0.0.count }.max() ?? 0) + 2
        return source + "\n"
            + shown.map { name, value in
                let start = "  " + name + String(repeating: " ", count: column - name.count)
                return RepositoryReport.filled(value, start: start, width: width)
            }.joined()
    }

    private var access: String? {
        guard let info else { return nil }
        if info.isDisabled { return "the service has switched it off" }
        switch info.found.access {
        case .open: return "open"
        case .gated: return "gated: accept its terms at \(info.page) in a browser"
        case .manual: return "gated: accept its terms at \(info.page) in a browser; the author has to agree"
        case .private: return "private"
        case .unknown: return nil
        }
    }

    private var baseModels: [String] {
        let stated = facts?.card?.baseModels ?? []
        guard !stated.isEmpty else { return info?.found.baseModels ?? [] }
        let relation = facts?.card?.baseModelRelation.map { " (\($0))" } ?? ""
        return stated.map { $0 + relation }
    }

    private var tags: [String] {
        let all = facts?.card?.tags.isEmpty == false ? facts?.card?.tags ?? [] : info?.found.tags ?? []
        let more =
            all.count > RepositoryReport.shownTags ? ["… \(all.count - RepositoryReport.shownTags) more"] : []
        return all.prefix(RepositoryReport.shownTags) + more
    }

    private var usage: String? {
        guard let found = info?.found else { return nil }
        var parts: [String] = []
        if let count = found.downloads {
            let since = if case .hub = found.source { " in 30 days" } else { "" }
            parts.append("\(ParameterText.text(count)) downloads\(since)")
        }
        if let count = found.likes {
            let word = if case .hub = found.source { "like" } else { "vote" }
            parts.append(count < 1000 ? Counted.text(count, word) : "\(ParameterText.text(count)) \(word)s")
        }
        if let usability = info?.usability {
            parts.append("usability \(Figure.fixed(usability * 10, digits: 1)) of 10")
        }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    private var security: String? {
        guard let security = info?.security else { return nil }
        guard !security.issues.isEmpty else {
            return security.isDone
                ? "all files are scanned, and nothing was found" : "not all files are scanned yet"
        }
        let shown = security.issues.prefix(5).map { "\($0.path) (\($0.level))" }
        let more = security.issues.count > 5 ? ["… \(security.issues.count - 5) more"] : []
        return "the service's scanners found something in " + (shown + more).joined(separator: ", ")
    }

    private var parameters: String? {
        guard let count = facts?.parameters ?? info?.found.parameters else { return nil }
        let types = (facts?.weightBytes ?? []).prefix(4).map { "\($0.dtype) \(ByteCount.text($0.bytes))" }
        return ([ParameterText.text(count)] + types).joined(separator: ", ")
    }

    private var code: String? {
        guard let facts else { return nil }
        let places = facts.safety.code.filter(\.runsUnasked).map(\.file) + (facts.config?.remoteCode ?? [])
        let unique = Set(exactly: places).sortedTexts
        return unique.isEmpty
            ? nil
            : "it brings code along that runs where it is loaded: " + unique.prefix(4).joined(separator: ", ")
    }

    private var whole: String? {
        guard facts != nil else { return nil }
        let errors = problems.filter { $0.severity == .error }
        guard let first = errors.first else { return "nothing is missing that it needs" }
        let start = source + ": "
        let message =
            first.message.hasUTF8Prefix(start) ? String(first.message.dropFirst(start.count)) : first.message
        return "no: \(message)" + (errors.count > 1 ? "; and \(errors.count - 1) more" : "")
    }

    private var sizeText: String {
        let count = Counted.text(files.count, "file")
        let cut = info?.isCut == true ? ", and more" : ""
        let refused =
            info.map {
                $0.refused > 0 ? "; \(Counted.text($0.refused, "name")) left out that no file can have" : ""
            } ?? ""
        return "\(ByteCount.text(size)) in \(count)\(cut)\(refused)"
    }

    private var cachedText: String? {
        guard directory == nil || !cached.isEmpty else { return nil }
        guard !cached.isEmpty else { return "nothing" }
        return cached.map { one in
            let isSame = revision.map { one.revision.hasSameBytes(as: $0) } ?? false
            let name = ([String(one.revision.prefix(12))] + one.refs).joined(separator: " ")
            return "\(name): \(ByteCount.text(one.size))\(isSame ? " (this one)" : "")"
        }.joined(separator: ", ")
    }

    private static func text(_ answer: GGUFAnswer) -> String {
        switch answer.canBeMade {
        case true?: "yes: \(answer.reason)"
        case false?: "no: \(answer.reason)"
        case nil: answer.reason
        }
    }

    private func list(_ texts: [String]) -> String? { texts.isEmpty ? nil : texts.joined(separator: ", ") }

    /// Words behind a start, on as many lines as they take; those after the first are indented.
    private static func filled(_ text: String, start: String, width: Int) -> String {
        // A line's end in a text of strangers would begin a line that looks like one of these.
        let words = DiagnosticText.printable(text).split { $0 == " " || $0 == "\n" }
        let indent = String(repeating: " ", count: start.count)
        var lines: [String] = []
        var line = start
        var isEmpty = true
        for word in words {
            if !isEmpty, line.count + 1 + word.count > max(width, 40) {
                lines.append(line)
                line = indent
                isEmpty = true
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return (lines + [line]).map { $0 + "\n" }.joined()
    }
}

extension RepositoryReport {
    private func formatText(width: Int) -> String {
        let table = Table(
            [
                .init(title: "FORMAT"), .init(title: "FILES", isNumber: true),
                .init(title: "SIZE", isNumber: true), .init(title: "NEEDED"),
                .init(title: "WHY", canShrink: true),
            ],
            rows: formats.map {
                [
                    $0.format.rawValue, "\($0.files.count)", ByteCount.text($0.size),
                    $0.isNeeded ? "yes" : "no", $0.reason,
                ]
            }
        ).text(width: width)
        guard let command = addCommand else { return table }
        return table + "without the rest: \(command)\n"
    }

    /// The command that appends it to a manifest without what is not needed; `nil` where all of it is.
    var addCommand: String? {
        guard !exclusions.isEmpty, exclusions.count <= 12 else { return nil }
        let words = exclusions.map { "--exclude \(ShellWord.quoted($0))" }.joined(separator: " ")
        let command = "knapsack add \(ShellWord.quoted(source)) \(words)"
        // A name that must not be shown as it is cannot be copied either.
        return DiagnosticText.printable(command).hasSameBytes(as: command) ? command : nil
    }

    private func fileText(width: Int, verbose: Bool) -> String {
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

    private func fitText(width: Int, verbose: Bool) -> String {
        Table(
            [
                .init(title: "ACCELERATOR"), .init(title: "ROOM", isNumber: true), .init(title: "RUNS"),
                .init(title: "WHY", canShrink: true),
            ],
            rows: fits.flatMap { fit -> [[String]] in
                let reasons = verbose ? fit.reasons : Array(fit.reasons.prefix(1))
                let first = [
                    fit.accelerator.rawValue, ByteCount.text(fit.room), fit.verdict.rawValue,
                    reasons.first ?? "",
                ]
                return [first] + reasons.dropFirst().map { ["", "", "", $0] }
            }
        ).text(width: width)
    }

    private func scoreText(width: Int) -> String {
        let table = Table(
            [
                .init(title: "QUALITY"), .init(title: "POINTS", isNumber: true),
                .init(title: "OF", isNumber: true),
                .init(title: "WHY", canShrink: true),
            ],
            rows: score.parts.map {
                [
                    $0.name, $0.points.map(String.init) ?? "-", $0.points == nil ? "-" : "\($0.most)",
                    $0.reason,
                ]
            } + [
                [
                    "in all", "\(score.points)", "\(score.most)",
                    "of use and description, not of what it can do",
                ]
            ])
        return table.text(width: width)
    }
}
