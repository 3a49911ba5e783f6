import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import Storage

/// The list of codes against the sources that report them. What only the commands for single models report
/// (Convert/, Inspect/) is not in the list.
@Suite struct FindingCodeTests {
    private static let sources = Path.parent(Path.parent(Path.parent(#filePath))) + "/Sources"
    private static let modules = ["Manifests", "Caches", "ModelFacts", "Rules", "Locking", "Bundles"]

    @Test func everyCodeOfTheSourcesIsListed() throws {
        var missing: Set<String> = []
        let paths = try FindingCodeTests.modules.flatMap { module in
            try FindingCodeTests.files(in: "\(FindingCodeTests.sources)/\(module)")
        }
        for path in paths {
            let text = String(decoding: try contents(path), as: UTF8.self)
            for code in FindingCodeTests.codes(in: text) where FindingCode.named(code) == nil {
                missing.insert(code)
            }
        }
        #expect(
            missing.isEmpty,
            "add to FindingCode.all:\n\(missing.sorted().map { ".init(\"\($0)\", \"…\")," }.joined(separator: "\n"))"
        )
    }

    @Test func codesAreSortedUniqueAndSentencesAreSentences() {
        let codes = FindingCode.all.map(\.code)
        #expect(codes == Set(codes).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        for code in FindingCode.all {
            #expect(code.sentence.first?.isUppercase == true && !code.sentence.hasSuffix("."), "\(code.code)")
            #expect(code.sentence.utf8.count <= 90 && !code.sentence.contains("|"), "\(code.code)")
        }
    }

    private static func files(in directory: String) throws -> [String] {
        try Directory.names(in: directory).flatMap { name -> [String] in
            let path = Path.join(directory, name)
            if try FileStatus.status(of: path).kind == .directory {
                return ["Convert", "Inspect"].contains(name) ? [] : try files(in: path)
            }
            return name.hasSuffix(".swift") ? [path] : []
        }
    }

    /// Literals behind `code:`, both of a condition, and those of the manifest's problems.
    private static func codes(in text: String) -> [String] {
        let label = text.matches(of: /code:\s*"([a-z0-9-]+)"/).map { String($0.1) }
        let choice = text.matches(of: /code: [^",\n]*\? "([a-z0-9-]+)" : "([a-z0-9-]+)"/)
            .flatMap { [String($0.1), String($0.2)] }
        let manifest = text.matches(of: /"(manifest-[a-z-]+)"/).map { String($0.1) }
        return label + choice + manifest
    }
}
