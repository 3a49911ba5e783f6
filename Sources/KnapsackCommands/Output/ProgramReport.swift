import Formats
import ModelFiles
import Scanning

/// What `inspect` states of programs in a file, for people and for `--json`.
struct ProgramReport {
    private let inspection: ProgramInspection

    /// Takes what scanning found; nothing was executed.
    init(_ inspection: ProgramInspection) { self.inspection = inspection }

    /// Two lines.
    var text: String {
        let verdict =
            inspection.scan.findings.isEmpty
            ? "no program: what it names is known to do nothing but compute"
            : "not known to be harmless: loading it may run code"
        return
            "\(inspection.path): \(inspection.scan.format), \(ByteCount.text(inspection.size))\n\(verdict)\n"
    }

    /// The members for `--json`.
    var json: JSON {
        [
            "format": .string(inspection.scan.format), "omitted": .integer(inspection.scan.omitted),
            "findings": .array(
                inspection.scan.findings.map { finding in
                    [
                        "unreadable": .bool(finding.isUnreadable), "message": .string(finding.message),
                        "member": .string(finding.member),
                    ]
                }),
        ]
    }
}
