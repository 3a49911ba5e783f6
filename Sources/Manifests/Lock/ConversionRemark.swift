package import Formats

/// What is worth knowing of a conversion each time that it is used, as a lock and the conversion cache keep it.
package enum ConversionRemark {
    /// The name of the fact in a lock.
    package static let fact = "remarks"

    /// The fact; `nil` where there is nothing that a user should look at. Notes are not kept.
    package static func lockMember(_ remarks: [Diagnostic]) -> JSON.Member? {
        let kept = remarks.filter { $0.severity == .warning }
        return kept.isEmpty ? nil : JSON.Member(fact, .array(kept.map(json)))
    }

    /// What the lock keeps of an entry; nothing of codes that this Knapsack does not know.
    package static func findings(_ locked: LockedEntry) -> [Diagnostic] {
        (locked.fact(fact)?.array ?? []).compactMap(diagnostic)
    }

    /// A remark as JSON.
    package static func json(_ remark: Diagnostic) -> JSON {
        var members: [JSON.Member] = [
            .init("code", .string(remark.code.rawValue)),
            .init("severity", .string(remark.severity.rawValue)),
            .init("message", .string(remark.message)),
        ]
        if !remark.notes.isEmpty { members.append(.init("notes", .array(remark.notes.map(JSON.string)))) }
        if let fix = remark.fix { members.append(.init("fix", .string(fix))) }
        return .object(members)
    }

    /// A remark; `nil` for an error, and for one of a Knapsack that knows other codes.
    package static func diagnostic(_ json: JSON) -> Diagnostic? {
        guard let code = json["code"]?.string.flatMap(FindingCode.init(rawValue:)),
            let severity = json["severity"]?.string.flatMap(Diagnostic.Severity.init(rawValue:)),
            severity != .error, let message = json["message"]?.string
        else { return nil }
        return Diagnostic(
            severity, code: code, message, notes: json["notes"]?.strings ?? [], fix: json["fix"]?.string)
    }
}
