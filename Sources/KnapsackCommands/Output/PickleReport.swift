import Formats
import ModelFiles
import Scanning

/// What `inspect` states of a file's pickles, for people and for `--json`.
struct PickleReport {
    private let inspection: PickleInspection

    /// Takes what scanning found; nothing was executed.
    init(_ inspection: PickleInspection) { self.inspection = inspection }

    private var scan: PickleScan { inspection.scan }

    /// The file, the verdict, and what the pickle imports.
    func text(width: Int) -> String {
        let count = Counted.text(scan.pickles, "pickle")
        let version = scan.pickles == 0 ? "" : " of protocol \(scan.protocolVersion)"
        var text =
            "\(inspection.path): \(scan.format), \(ByteCount.text(inspection.size)), \(count)\(version)\n\(verdict)\n"
        if !scan.globals.isEmpty {
            text += "\n"
            text += Table(
                [
                    .init(title: "IMPORTED BY THE PICKLE", canShrink: true),
                    .init(title: "VERDICT", canShrink: true),
                ],
                rows: scan.globals.map { [$0.path, $0.reason ?? "not known to be harmless"] }
            ).text(width: width)
        }
        return text
    }

    private var verdict: String {
        switch scan.verdict {
        case .harmless: "harmless: loading it builds data and does nothing else"
        case .refused: "refused: loading it would do more than build data, as far as is known"
        case .unreadable: "unreadable: what loading it would do could not be determined"
        }
    }

    /// The members for `--json`.
    var json: JSON {
        [
            "format": .string(scan.format), "verdict": .string(scan.verdict.rawValue),
            "protocol": .integer(scan.protocolVersion), "pickles": .integer(scan.pickles),
            "globals": .array(
                scan.globals.map { global in
                    [
                        "name": .string(global.path), "harmless": .bool(global.reason != nil),
                        "reason": global.reason.map(JSON.string) ?? .null,
                    ]
                }),
            "findings": .array(
                scan.findings.map { finding in
                    [
                        "verdict": .string(finding.verdict.rawValue), "message": .string(finding.message),
                        "member": .string(finding.member), "offset": .integer(finding.offset),
                    ]
                }),
        ]
    }
}
