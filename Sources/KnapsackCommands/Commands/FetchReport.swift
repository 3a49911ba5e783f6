import Formats
import Manifests
import Storage
import Transfer

/// What a fetch did or would do, for people and for `--json`.
enum FetchReport {
    /// The table of `--dry-run`.
    static func planned(_ plans: [FetchPlan], files: Bool, width: Int) -> String {
        var rows: [[String]] = []
        for plan in plans {
            let there = plan.size - plan.missing
            rows.append([
                plan.wish.subject, String(plan.origin.revisionText.prefix(12)),
                plan.files.contains { $0.isArchive } ? "archive" : "\(plan.files.count)",
                ByteCount.text(plan.size), ByteCount.text(there), ByteCount.text(plan.missing),
            ])
            guard files else { continue }
            for file in plan.files {
                rows.append([
                    "  " + file.path.text, "", "", ByteCount.text(file.size),
                    ByteCount.text(file.size - file.missing), ByteCount.text(file.missing),
                ])
            }
        }
        var text = Table(
            [
                .init(title: "NAME", canShrink: true), .init(title: "REVISION", dropRank: 1),
                .init(title: "FILES", isNumber: true), .init(title: "SIZE", isNumber: true),
                .init(title: "THERE", isNumber: true), .init(title: "TO LOAD", isNumber: true),
            ], rows: rows
        ).text(width: width)
        if text.utf8.last == UInt8(ascii: "\n") { text.removeLast() }
        return text
    }

    /// The sentences at the end.
    static func loaded(_ results: [FetchResult]) -> String {
        let lines = results.map { result -> String in
            let plan = result.plan
            let files = Counted.text(result.files, "file")
            let place = "\(plan.wish.subject): "
            if result.findings.contains(where: { $0.severity == .error }) {
                return place
                    + "not whole\(plan.origin.revisionPhrase): loaded \(ByteCount.text(result.bytes)), "
                    + "\(result.files) of \(Counted.text(plan.files.count, "file")) there"
            }
            // What another process loaded meanwhile is there, and nobody waited for a byte of it here.
            guard result.loaded > 0, result.bytes > 0 || plan.size == 0 else {
                return place + "all there, \(files)\(plan.origin.revisionPhrase)"
            }
            // The size of an archive whose store does not state it is not known.
            let amount =
                plan.size > 0 ? "\(ByteCount.text(result.bytes)) of \(ByteCount.text(plan.size)), " : ""
            return place + "loaded \(amount)\(files)\(plan.origin.revisionPhrase)"
        }
        return lines.joined(separator: "\n")
    }

    /// What became of an entry: the plan's members, and what was loaded.
    static func json(_ result: FetchResult) -> JSON {
        guard case .object(let members) = json(result.plan) else { return .null }
        return .object(
            members + [
                JSON.Member("loaded", .integer(result.loaded)),
                JSON.Member("directory", .string(result.plan.directory)),
                JSON.Member("whole", .bool(!result.findings.contains { $0.severity == .error })),
            ])
    }

    /// What is to be loaded for an entry, for `--json`.
    static func json(_ plan: FetchPlan) -> JSON {
        [
            "name": .string(plan.wish.subject), "source": .string(plan.wish.source.text),
            "revision": .string(plan.origin.revisionText), "size": .integer(plan.size),
            "missing": .integer(plan.missing),
            "files": .array(
                plan.files.map { file in
                    [
                        "path": .string(file.path.text), "size": .integer(file.size),
                        "missing": .integer(file.missing),
                    ]
                }),
        ]
    }
}

extension Origin {
    /// The words that follow a number of files: " at 0123456789ab", " of version 2", or nothing for what has no versions.
    fileprivate var revisionPhrase: String {
        switch self {
        case .hub(_, _, let commit): " at \(commit.prefix(12))"
        case .kaggle(let handle): handle.version.map { " of version \($0)" } ?? ""
        case .registry(_, let manifest): " of sha256:\(manifest.hex.prefix(12))"
        case .path, .conversion: ""
        }
    }
}
