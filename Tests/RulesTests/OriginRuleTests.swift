import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Rules
@testable import Storage

/// What dates and lists of commits a policy accepts.
@Suite struct OriginRuleTests {
    private let commit = String(repeating: "a", count: 40)
    private let other = String(repeating: "b", count: 40)

    @Test func refusesWhatWasReleasedTooLateAndWhatHasNoDate() throws {
        let sample = try PolicySample(
            "released-before = 2026-10-01",
            [
                .init("before", lines: "released = 2026-09-30"), .init("on", lines: "released = 2026-10-01"),
                .init("undated"), .init("set", kind: .dataset), .init("wheels", kind: .wheels),
                .init("files", kind: .files),
                .init("allowed", lines: #"allow = ["released-unknown"]"#),
            ])
        #expect(
            try sample.findings() == [
                "error released-late on", "error released-unknown undated", "error released-unknown set",
                "note released-unknown allowed",
            ])
    }

    @Test func acceptsOnlyTheRevisionsOfTheList() throws {
        let list =
            #"allowed-revisions = ["Org/A@\#(commit)", "org/any", "kaggle:o/m/f/v/2", "kaggle:o/n/f/v"]"#
        let sample = try PolicySample(
            list,
            [
                .init("a", "hf:org/a@\(commit)"), .init("moved", "hf:org/a@\(other)"),
                .init("any", "hf:org/any@\(other)"), .init("foreign", "hf:else/a@\(commit)"),
                .init("two", "kaggle:o/m/f/v/2"), .init("three", "kaggle:o/m/f/v/3"),
                .init("unversioned", "kaggle:o/n/f/v/7"), .init("own"),
                .init("set", "hf-dataset:org/set@\(commit)", kind: .dataset),
                .init("smuggled", "hf:else/a@\(commit)", kind: .files),
            ])
        #expect(
            try sample.findings() == [
                "error revision-denied moved", "error revision-denied foreign", "error revision-denied three",
                "error revision-unknown own", "error revision-denied smuggled",
            ])
        #expect(try sample.diagnostics().first?.notes == ["allowed: Org/A@\(commit)"])
    }

    @Test func aRegistryIsAllowedByTheDigestOfAManifest() throws {
        let digest = String(repeating: "c", count: 64)
        let list = #"allowed-revisions = ["oci:h/a@sha256:\#(digest)", "oci:h/any"]"#
        let sample = try PolicySample(
            list,
            [
                .init("right", "oci:h/a:v1@sha256:\(digest)"),
                .init("moved", "oci:h/a:v1@sha256:\(String(repeating: "d", count: 64))"),
                .init("any", "oci:h/any:v2@sha256:\(digest)"), .init("else", "oci:g/a@sha256:\(digest)"),
            ])
        #expect(
            try sample.findings() == ["error revision-denied moved", "error revision-denied else"])
        #expect(AllowedRevision("oci:h/a:v1") == nil)
        #expect(AllowedRevision("oci:H:5000/a:v1") == nil)
        #expect(AllowedRevision("oci:h:5000/a") != nil)
        #expect(AllowedRevision("oci:h/a@sha256:\(digest)#entry") == nil)
    }

    @Test func modelsInDataSetsAndNotebooksAreModels() throws {
        let sample = try PolicySample(
            #"allowed-revisions = ["kaggle-notebook:o/trained/versions/2", "kaggle-dataset:o/set"]"#,
            [
                .init("right", "kaggle-notebook:o/trained/versions/2"),
                .init("moved", "kaggle-notebook:o/trained/versions/3"),
                .init("set", "kaggle-dataset:o/set/versions/1"),
                .init("else", "kaggle-dataset:o/else/versions/1"),
                .init("data", "kaggle-dataset:o/else/versions/1", kind: .dataset),
            ])
        #expect(
            try sample.findings() == ["error revision-denied moved", "error revision-denied else"])
        #expect(
            try sample.diagnostics().first?.message
                == "moved: kaggle-notebook:o/trained/versions/3 is not one of the allowed revisions")
    }

    @Test func aCompetitionsOwnDataNeedsNoDate() throws {
        let sample = try PolicySample(
            "released-before = 2026-10-01",
            [
                .init("own", "kaggle-competition:titanic", kind: .files),
                .init("output", "kaggle-notebook:o/n/versions/1", kind: .files),
                .init("m", lines: "released = 2026-01-01"),
            ])
        #expect(try sample.findings() == ["error released-unknown output"])
    }

    @Test(arguments: [
        "org/a@main", "org/a@\(String(repeating: "a", count: 39))", "path:x", "a b", "hf:a/b/c", "",
    ])
    func isNoRevision(_ text: String) {
        #expect(AllowedRevision(text) == nil)
    }

    @Test func readsListsOfRevisions() throws {
        let text = "# models\r\norg/a \(commit)\r\n\norg/b@\(other) # the second\norg/c,\(commit)\norg/d\n"
        let list = try AllowedRevision.list(Array(text.utf8), path: "list.txt")
        #expect(list.map(\.text) == ["org/a@\(commit)", "org/b@\(other)", "org/c@\(commit)", "org/d"])
        #expect(throws: Diagnostics.self) {
            _ = try AllowedRevision.list(Array("org/a\norg/b main\n".utf8), path: "list.txt")
        }
    }

    @Test func allowsNothingAsLongAsTheListWasNotRead() throws {
        let sample = try PolicySample(#"allowed-revisions = "list.txt""#, [.init("a", "hf:org/a@\(commit)")])
        #expect(try sample.findings() == ["error revision-denied a"])
    }
}
