import Formats
import Manifests

extension Diagnostic {
    /// The finding as `--json` shows it.
    var json: JSON {
        var members: [JSON.Member] = [
            .init("severity", .string(severity.rawValue)), .init("code", .string(code.rawValue)),
            .init("message", .string(message)),
        ]
        if let location {
            var place: [JSON.Member] = [.init("file", .string(location.file))]
            if let line = location.line { place.append(.init("line", .integer(line))) }
            if let column = location.column { place.append(.init("column", .integer(column))) }
            members.append(.init("location", .object(place)))
        }
        if !notes.isEmpty { members.append(.init("notes", .array(notes.map(JSON.string)))) }
        if let fix { members.append(.init("fix", .string(fix))) }
        return .object(members)
    }
}

extension Report {
    /// The document of `--json`.
    func json(_ data: [JSON.Member]) -> JSON {
        let status = ["ok", "finding", "undecided"][Int(exitCode)]
        let head: [JSON.Member] = [
            .init("command", .string(command)), .init("status", .string(status)),
            .init("findings", .array(findings.map(\.json))),
        ]
        return .object(head + data)
    }
}
