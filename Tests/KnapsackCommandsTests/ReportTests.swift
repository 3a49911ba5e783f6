import ArgumentParser
import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import KnapsackCommands
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite struct ReportTests {
    private let finding = Diagnostic(
        code: .licenseDenied, "qwen: no, 100 %: it is\r\nnot",
        at: .init(file: "sub/a,b:c.toml", line: 3, column: 7),
        notes: ["allowed: mit"], fix: "take another")

    private func report(_ findings: [Diagnostic], root: String = "/repo", current: String = "/repo") -> Report
    {
        Report(
            command: "check", findings: findings, exitCode: ExitStatus(of: findings).rawValue,
            subject: "models.toml",
            root: SourceRoot(root, current: current))
    }

    // MARK: GitHub

    @Test func workflowCommandsEscapeWhatEndsAPropertyOrALine() {
        #expect(
            GitHubCommands(report: report([finding]), notes: false).text
                == "::error file=sub/a%2Cb%3Ac.toml,line=3,col=7,title=license-denied::"
                + "qwen: no, 100 %25: it is%0D%0Anot%0Aallowed: mit%0Afix: take another\n")
    }

    @Test func annotationsNameFilesFromTheRepositorysRoot() {
        let warning = Diagnostic(.warning, code: .failed, "y", at: .init(file: "../m.toml", line: 1))
        let inside = report([warning], root: "/repo", current: "/repo/deep/er")
        #expect(
            GitHubCommands(report: inside, notes: false).text
                == "::warning file=deep/m.toml,line=1,title=failed::y\n")
        let outside = report([warning], root: "/repo/deep/er", current: "/repo/deep/er")
        #expect(GitHubCommands(report: outside, notes: false).text == "::warning title=failed::y\n")
    }

    @Test func notesAreNoticesWhereTheyAreAskedFor() {
        let note = report([Diagnostic(.note, code: .failed, "y")])
        #expect(
            GitHubCommands(report: note, notes: true).text == "::notice file=models.toml,title=failed::y\n")
        #expect(GitHubCommands(report: note, notes: false).text.isEmpty)
    }

    /// A runner takes such lines of a log for commands, whoever wrote them.
    @Test func linesOfALogAreNotTakenForCommands() {
        #expect(
            GitHubCommands.harmless("a\n  ::stop-commands::x\nb ::c\n") == "a\n  '::stop-commands::x\nb ::c\n"
        )
        #expect(GitHubCommands.harmless("x ##[add-matcher]y") == "x # #[add-matcher]y")
        let hostile = Diagnostic(code: .failed, "a\n::error::b", notes: ["::c"])
        #expect(
            GitHubCommands(report: report([hostile]), notes: false).text.split(separator: "\n").count == 1)
    }

    @Test func summaryEscapesMarkupAndMentions() {
        let hostile = Diagnostic(code: .failed, "a|b <img src=x> @team #1 [l](https://e) `c` *d*\n\u{1B}e")
        let text = GitHubSummary(report: report([hostile]), notes: false).text()
        #expect(
            text.contains(
                "a\\|b &lt;img src=x&gt; @<!-- -->team #<!-- -->1 \\[l\\](https:<!-- -->//e) \\`c\\` \\*d\\*<br>\u{FFFD}e"
            ))
        #expect(text.hasPrefix("### knapsack check: 1 error\n"))
        #expect(text.contains("| error | `models.toml` |"))
    }

    @Test func codeHasAFenceThatItsTextCannotEnd() {
        #expect(Markdown.code("a`b") == "`` a`b ``")
        #expect(Markdown.code("a|b\nc") == "`a\\|b⏎c`")
    }

    @Test func summaryIsBoundedAndSaysWhatIsLeftOut() {
        let many = (0..<500).map { Diagnostic(code: .failed, "finding \($0)") }
        let text = GitHubSummary(report: report(many), notes: false).text(limit: 4000)
        #expect(text.utf8.count <= 4000)
        #expect(text.contains("more findings are not shown."))
        #expect(!GitHubSummary(report: report(many), notes: false).text().contains("not shown"))
    }

    // MARK: SARIF

    private func sarif(_ report: Report, notes: Bool = false) throws -> JSON {
        let document = SARIFReport(report: report, version: "1.2.3", notes: notes).json
        return try #require(document["runs"]?.array?.first)
    }

    @Test func cleanRunHasEmptyResults() throws {
        let run = try sarif(report([]))
        #expect(run["results"]?.array == [])
        #expect(run["invocations"]?.array?.first?["executionSuccessful"]?.bool == true)
    }

    @Test func resultHasRulePlaceAndMessage() throws {
        let run = try sarif(report([finding, Diagnostic(code: .versionPartial, "b")]))
        let results = try #require(run["results"]?.array)
        let artifact = results[0]["locations"]?.array?.first?["physicalLocation"]
        #expect(artifact?["artifactLocation"]?["uri"]?.string == "sub/a%2Cb%3Ac.toml")
        #expect(artifact?["region"]?["startColumn"]?.integer == 7)
        let rules = try #require(run["tool"]?["driver"]?["rules"]?.array)
        #expect(rules.compactMap { $0["id"]?.string } == ["license-denied", "version-partial"])
        #expect(results.compactMap { $0["ruleIndex"]?.integer } == [0, 1])
        let second = results[1]["locations"]?.array?.first?["physicalLocation"]
        #expect(second?["artifactLocation"]?["uri"]?.string == "models.toml")
        #expect(second?["region"]?["startLine"]?.integer == 1)
    }

    @Test func undecidedNeverLooksClean() throws {
        let undecided = Diagnostic(code: .lockUnreadable, "no", verdict: .undecided)
        let run = try sarif(report([undecided]))
        let invocation = try #require(run["invocations"]?.array?.first)
        #expect(invocation["executionSuccessful"]?.bool == false)
        #expect(invocation["exitCode"]?.integer == 2)
        #expect(invocation["toolExecutionNotifications"]?.array?.count == 1)
        #expect(run["results"]?.array?.count == 1)
    }

    @Test func acceptedFindingsAreSuppressedResultsAndNotesAreNone() throws {
        let accepted = Diagnostic(.note, code: .failed, "a", isAccepted: true)
        let run = try sarif(report([accepted, Diagnostic(.note, code: .usage, "b")]))
        let results = try #require(run["results"]?.array)
        #expect(results.count == 1)
        #expect(results.first?["suppressions"]?.array?.first?["kind"]?.string == "inSource")
    }

    @Test func fingerprintsStayWhenLinesMoveAndOnOtherMachines() throws {
        func prints(_ root: String, _ line: Int) throws -> [String] {
            let findings = [
                Diagnostic(
                    code: .usage, "\(root)/m.toml has it twice, first on line \(line)",
                    at: .init(file: "m.toml", line: line)),
                Diagnostic(code: .usage, "x"), Diagnostic(code: .usage, "x"),
            ]
            let results = try sarif(report(findings, root: root, current: root))["results"]?.array ?? []
            return results.compactMap { $0["partialFingerprints"]?["knapsackFinding/v1"]?.string }
        }
        let here = try prints("/home/me/repo", 3)
        #expect(try prints("/builds/repo", 44) == here)
        #expect(Set(here).count == 3)
    }

    @Test func textWithBracketsIsNoLinkInSARIF() throws {
        let hostile = Diagnostic(code: .failed, "see [here](http://e)")
        let results = try sarif(report([hostile]))["results"]?.array
        #expect(results?.first?["message"]?["text"]?.string == "see \\[here\\](http://e)")
    }

    // MARK: The command line

    @Test func checkSpeaksEveryFormat() async throws {
        let manifest = Fixtures.root + "/manifests/quickstart.toml"
        #expect(try await knapsack("check", manifest, "--format", "json").output.hasPrefix("{\n"))
        #expect(try await knapsack("check", manifest, "--format", "github").output.isEmpty)
        #expect(try await knapsack("check", manifest, "--format", "sarif").output.contains("\"results\": []"))
        #expect(throws: (any Error).self) {
            try Knapsack.parseAsRoot(["check", manifest, "--json", "--format", "sarif"])
        }
        #expect(ReportFormat.asked(in: ["check", "--format=sarif", "--nope"]) == .sarif)
    }

    @Test func githubFormatAppendsToTheJobSummary() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/summary.md"
            try writeFile(path, "before\n")
            try GitHubSummary(report: report([finding]), notes: false).append(to: path)
            let text = String(decoding: try contents(path), as: UTF8.self)
            #expect(text.hasPrefix("before\n### knapsack check: 1 error\n"))
        }
    }
}
