import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import Storage

/// The enumeration of codes against the page that lists them and the sources that report them.
@Suite struct FindingCodeTests {
    private static let root = Path.parent(Path.parent(Path.parent(#filePath)))

    /// One line of a table of docs/findings.md.
    private struct Row: Hashable {
        let code, severity, sentence: String
    }

    @Test func thePageOfFindingsHasEveryCodeAsItIs() throws {
        let page = String(decoding: try contents(Self.root + "/docs/findings.md"), as: UTF8.self)
        let rows = page.split(separator: "\n").compactMap { line -> Row? in
            guard let match = line.wholeMatch(of: /\| `([a-z0-9-]+)` \| ([a-z]+) \| (.*) \|/) else {
                return nil
            }
            return Row(code: String(match.1), severity: String(match.2), sentence: String(match.3))
        }
        let wanted = FindingCode.allCases.map {
            Row(code: $0.rawValue, severity: $0.severity.rawValue, sentence: $0.sentence)
        }
        #expect(rows.count == Set(rows).count)
        let missing = Set(wanted).subtracting(rows).map {
            "| `\($0.code)` | \($0.severity) | \($0.sentence) |"
        }
        #expect(missing.isEmpty, "docs/findings.md needs:\n\(missing.sorted().joined(separator: "\n"))")
        #expect(Set(rows).subtracting(wanted).map(\.code).sorted() == [], "of docs/findings.md alone")
    }

    @Test func codesAreSortedWordsAndSentencesAreSentences() {
        let codes = FindingCode.allCases.map(\.rawValue)
        #expect(codes == codes.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        for code in FindingCode.allCases {
            #expect(code.rawValue.wholeMatch(of: /[a-z0-9]+(-[a-z0-9]+)*/) != nil, "\(code)")
            #expect(code.sentence.first?.isUppercase == true, "\(code)")
            #expect(!code.sentence.hasSuffix(".") && !code.sentence.contains("|"), "\(code)")
            #expect(code.sentence.utf8.count <= 90, "\(code)")
        }
    }

    @Test func errorsOfConversionsKeepTheirCodes() {
        for code in ConversionError.Code.allCases {
            #expect(FindingCode(code).rawValue == code.rawValue)
        }
    }

    @Test func everyCodeIsReportedSomewhere() throws {
        var left = Set(FindingCode.allCases.map(name))
        for path in try Self.files(in: Self.root + "/Sources") where !Path.name(path).hasPrefix("FindingCode")
        {
            let text = String(decoding: try contents(path), as: UTF8.self)
            for match in text.matches(of: /\.([a-z][A-Za-z0-9]*)/) { left.remove(String(match.1)) }
            if left.isEmpty { return }
        }
        #expect(left.sorted() == [])
    }

    /// The name of a case, which its description is not.
    private func name(of code: FindingCode) -> String {
        let words = code.rawValue.split(separator: "-")
        return words.dropFirst().reduce(String(words[0])) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }

    private static func files(in directory: String) throws -> [String] {
        try Directory.names(in: directory).flatMap { name -> [String] in
            let path = Path.join(directory, name)
            if try FileStatus.status(of: path).kind == .directory { return try files(in: path) }
            return name.hasSuffix(".swift") ? [path] : []
        }
    }
}
