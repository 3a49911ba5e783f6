import Formats
import Foundation
import TestSupport
import Testing

@testable import Conversion

/// The page of all classes that the reference converter knows is made from its list, the registry and the cases.
@Suite struct ReferencePageTests {
    private static var path: URL {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../docs/gguf-models.md")
    }

    /// `KNAPSACK_WRITE_DOCS=1` writes the page instead of comparing it.
    @Test func thePageStatesWhatTheRegistryHas() throws {
        let page = try Self.page()
        if ProcessInfo.processInfo.environment["KNAPSACK_WRITE_DOCS"] == "1" {
            try page.write(to: Self.path, atomically: true, encoding: .utf8)
        }
        #expect(
            try String(contentsOf: Self.path, encoding: .utf8) == page, "run it with KNAPSACK_WRITE_DOCS=1")
    }

    @Test func theReferenceKnowsEveryClassOfTheRegistry() throws {
        let known = Set(exactly: try Self.classes("text").map(\.name))
        #expect(ArchitectureRegistry.classes.filter { !known.contains(ExactName($0)) } == [])
        #expect(ArchitectureRegistry.refusals.keys.filter { !known.contains($0) } == [])
    }

    @Test func theReferenceKnowsEveryClassOfTheProjectors() throws {
        let known = Set(exactly: try Self.classes("projector").map(\.name))
        #expect(ProjectorRegistry.classes.filter { !known.contains(ExactName($0)) } == [])
        #expect(ProjectorRegistry.refusals.keys.filter { !known.contains($0) } == [])
    }

    @Test func noClassIsTakenAndRefused() {
        let refused = ArchitectureRegistry.refusals.keys.filter {
            ArchitectureRegistry.classes.containsExactly($0.text)
        }
        #expect(refused == [])
    }

    // MARK: The page

    private static func classes(_ part: String) throws -> [(name: String, file: String)] {
        let json = try JSON.parse(fixture("reference-classes.json", in: "conversion").span)
        return try #require(json[part]?.members).map { ($0.key, $0.value.string ?? "") }
    }

    /// How many cases a class has.
    private static func counts() throws -> [ExactName: Int] {
        var counts: [ExactName: Int] = [:]
        for name in ArchitectureTests.names {
            let config = try ArchitectureTests.read(name).json["files"]?["config.json"] ?? .null
            let text = config["text_config"]?["architectures"]?.strings ?? config["architectures"]?.strings
            guard let architecture = text?.first else { continue }
            counts[ExactName(architecture), default: 0] += 1
        }
        return counts
    }

    private static func projectors() throws -> [String] {
        var counts: [ExactName: Int] = [:]
        for name in ProjectorTests.names {
            let config = try ProjectorTests.read(name).json["files"]?["config.json"] ?? .null
            counts[ExactName(ProjectorRegistry.architecture(config)), default: 0] += 1
        }
        return try classes("projector").map { name, file in
            if ProjectorRegistry.classes.containsExactly(name) {
                let limit = ProjectorRegistry.limits[ExactName(name)].map { ", \($0)" } ?? ""
                let count = counts[ExactName(name)].map { "\($0)" } ?? "–"
                return "| `\(name)` | \(file) | equal\(limit) | \(count) |"
            }
            let state = ProjectorRegistry.refusals[ExactName(name)].map { "refused: \($0)" } ?? "not yet"
            return "| `\(name)` | \(file) | \(state) | – |"
        }
    }

    private static func page() throws -> String {
        let counts = try counts()
        let text = try classes("text").map { name, file in
            if ArchitectureRegistry.classes.containsExactly(name) {
                let limit = ArchitectureRegistry.limits[ExactName(name)].map { ", \($0)" } ?? ""
                let count = counts[ExactName(name)].map { "\($0)" } ?? "–"
                return "| `\(name)` | \(file) | equal\(limit) | \(count) |"
            }
            let state = ArchitectureRegistry.refusals[ExactName(name)].map { "refused: \($0)" } ?? "not yet"
            return "| `\(name)` | \(file) | \(state) | – |"
        }
        let count = text.count { $0.contains("| equal") }
        let projectors = try projectors()
        return """
            # Models that can become GGUF

            The \(text.count) classes of models of language that llama.cpp's `convert_hf_to_gguf.py` knows (commit
            0c1e57098), as `architectures` of `config.json` names them. Of \(count) Knapsack makes the same file, byte for byte: *equal*.
            The last column counts the models that are compared for the class itself; where it has none, its family is compared by
            others. This page is made from the code's tables.

            `knapsack info` states of a model, before it is loaded, whether it can become GGUF. To add a class that is not there:
            [add a model architecture](model-architectures.md).

            | class | the reference's file | Knapsack | models |
            | --- | --- | --- | --- |
            \(text.joined(separator: "\n"))

            ## Parts for pictures and sound

            `knapsack convert --mmproj` makes the other part of a model with pictures or sound, its projector: the file that
            llama.cpp takes as `--mmproj` beside that of the text. Of the \(projectors.count) classes that the reference knows
            \(projectors.count { $0.contains("| equal") }) are *equal*. [Projectors](projectors.md) has more of them.

            | class | the reference's file | Knapsack | models |
            | --- | --- | --- | --- |
            \(projectors.joined(separator: "\n"))

            """
    }
}
