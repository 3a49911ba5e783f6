import Formats
import Manifests
import ModelFacts
import Rules
import Transfer

extension RepositoryReport {
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
                (
                    "projector",
                    gguf?.projector.map { ($0.canBeMade ? "yes: " : "no: ") + $0.reason }
                ),
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
        let indent = String(repeating: " ", count: start.count)
        return lines(text, width: max(width, 40) - start.count).enumerated()
            .map { ($0 == 0 ? start : indent) + $1 + "\n" }.joined()
    }

    /// The words of a text on as many lines as they take, at least one. A word that is longer than a line has one of its own.
    static func lines(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        // A line's end in a text of strangers would begin a line that looks like one of ours.
        for word in DiagnosticText.printable(text).split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + [line]
    }
}
