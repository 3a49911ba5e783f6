import Formats
import Manifests

/// Findings as SARIF 2.1.0 (OASIS standard, errata 01), as GitHub's code scanning takes it.
///
/// Every result has a place, because code scanning refuses those without: what is in no text file is shown at the
/// file that the command is about. What could not be decided is a result, too, so that a run that looked at
/// nothing never looks clean, and besides a notification of the run.
struct SARIFReport {
    /// What is told.
    let report: Report
    /// Knapsack's version, which the document states as the tool's.
    let version: String
    /// Whether notes are told, too.
    let notes: Bool

    private static let schema =
        "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

    /// The document.
    var json: JSON {
        let findings = report.findings.filter { notes || $0.severity != .note || $0.isAccepted }
        let codes = FindingCode.allCases.filter(Set(findings.map(\.code)).contains)
        let indices = Dictionary(uniqueKeysWithValues: codes.enumerated().map { ($1, $0) })
        var fingerprints = FindingFingerprints(root: report.root)
        let results = findings.map { finding in
            result(finding, indices[finding.code] ?? 0, &fingerprints)
        }
        let run: JSON = [
            "tool": [
                "driver": [
                    "name": "Knapsack", "semanticVersion": .string(version),
                    "rules": .array(codes.map(rule)),
                ]
            ],
            "automationDetails": ["id": .string(category)],
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": [
                Self.base: ["description": ["text": "The root of the repository."]]
            ],
            "invocations": [invocation(indices)],
            "results": .array(results),
        ]
        return ["$schema": .string(Self.schema), "version": "2.1.0", "runs": [run]]
    }

    private static let base = "%SRCROOT%"

    /// Distinguishes runs over several manifests of one repository; the part behind the last "/" may vary.
    private var category: String {
        let about = report.subject.map { report.root.relative($0) ?? Path.name($0) }
        return (["knapsack \(report.command)"] + (about.map { [Self.encoded($0)] } ?? [])).joined(
            separator: "/") + "/"
    }

    private func rule(_ code: FindingCode) -> JSON {
        [
            "id": .string(code.rawValue), "shortDescription": ["text": .string(code.sentence + ".")],
            "defaultConfiguration": ["level": .string(code.severity.rawValue)],
        ]
    }

    private func result(
        _ finding: Diagnostic, _ index: Int, _ fingerprints: inout FindingFingerprints
    ) -> JSON {
        let fingerprint = fingerprints.next(finding)
        var members: [JSON.Member] = [
            .init("ruleId", .string(finding.code.rawValue)), .init("ruleIndex", .integer(index)),
            .init("level", .string(finding.severity.rawValue)), .init("message", message(finding)),
            .init("locations", .array(locations(finding))),
            .init(
                "partialFingerprints",
                [
                    "knapsackFinding/v1": .string(fingerprint.digest),
                    "primaryLocationLineHash": .string(fingerprint.short),
                ]),
        ]
        if finding.isAccepted {
            members.append(
                .init(
                    "suppressions",
                    [["kind": "inSource", "justification": "The manifest's entry allows this code."]]))
        }
        if finding.verdict == .undecided {
            members.append(.init("properties", ["verdict": "undecided"]))
        }
        return .object(members)
    }

    private func message(_ finding: Diagnostic) -> JSON {
        let text = DiagnosticText.printable(finding.lines.joined(separator: "\n"))
        // "[text](place)" would be a link in a SARIF message.
        let plain =
            text.contains("](")
            ? text.replacing("\\", with: "\\\\").replacing("[", with: "\\[").replacing("]", with: "\\]")
            : text
        return ["text": .string(plain)]
    }

    private func locations(_ finding: Diagnostic) -> [JSON] {
        guard let location = report.location(of: finding) else { return [] }
        var region: [JSON.Member] = [.init("startLine", .integer(location.line ?? 1))]
        if location.line != nil, let column = location.column {
            region.append(.init("startColumn", .integer(column)))
        }
        let artifact: JSON =
            if let path = report.root.relative(location.file) {
                ["uri": .string(Self.encoded(path)), "uriBaseId": .string(Self.base)]
            } else {
                ["uri": .string("file://" + Self.encoded(report.root.absolute(location.file)))]
            }
        return [["physicalLocation": ["artifactLocation": artifact, "region": .object(region)]]]
    }

    private func invocation(_ indices: [FindingCode: Int]) -> JSON {
        let undecided = report.findings.filter { $0.severity == .error && $0.verdict == .undecided }
        let meaning = ["everything holds", "something does not hold", "it could not be decided"]
        var members: [JSON.Member] = [
            .init("executionSuccessful", .bool(undecided.isEmpty && report.exitCode != 2)),
            .init("exitCode", .integer(Int(report.exitCode))),
            .init(
                "exitCodeDescription",
                .string(meaning.indices.contains(Int(report.exitCode)) ? meaning[Int(report.exitCode)] : "")),
        ]
        if !undecided.isEmpty {
            members.append(
                .init(
                    "toolExecutionNotifications",
                    .array(
                        undecided.map { finding in
                            [
                                "level": .string(finding.severity.rawValue), "message": message(finding),
                                "associatedRule": [
                                    "id": .string(finding.code.rawValue),
                                    "index": .integer(indices[finding.code] ?? -1),
                                ],
                                "locations": .array(locations(finding)),
                            ]
                        })))
        }
        return .object(members)
    }

    /// A path in a URI: everything but letters, digits, "-", ".", "_", "~" and "/" in percent signs (RFC 3986).
    static func encoded(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "/"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
