import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import KnapsackCommands
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite struct DifferenceReportTests {
    /// A lock's text with one entry for each name, of one file.
    private func lock(
        _ names: [String], license: String = "mit", size: Int = 1000, digit: Character = "a",
        facts: String = ""
    ) throws -> Lock {
        let entries = names.sorted().map { name in
            """
            {"name":"\(name)","kind":"files","asked":{"source":"path:x"},\
            "resolved":{\(facts)"license":{"from":"model-card","id":"\(license)"}},"files":[\
            {"path":"a.bin","proof":"none","sha256":"\(String(repeating: digit, count: 64))","size":\(size)}]}
            """
        }
        let text = """
            {"version":1,"generator":"knapsack",\
            "bundle":{"dedup":"none","license":"other","name":"report-test","title":"Report test"},\
            "entries":[\(entries.joined(separator: ","))]}
            """
        return try Lock.parse(Array(text.utf8), path: "test.lock")
    }

    private func report(_ old: Lock, _ new: Lock) -> DifferenceReport {
        DifferenceReport(LockDifference(from: old, to: new))
    }

    @Test func textNamesLicenceSizesAndFacts() throws {
        let text = report(
            try lock(["a"], facts: #""parameters":5,"#),
            try lock(["a", "b"], license: "gemma", size: 2_000_000, digit: "b", facts: #""parameters":7,"#)
        ).text
        #expect(
            text == """
                a: changed
                  licence: mit → gemma
                  size: 1.00 kB → 2.00 MB
                  1 file changed: a.bin (2.00 MB)
                  parameters: 5 → 7
                b: added
                  path:x, 1 file, 2.00 MB
                the bundle: 1.00 kB → 4.00 MB

                """)
    }

    @Test func markdownHasATableAndTheSentences() throws {
        let text = report(try lock(["a", "gone"]), try lock(["a", "b|c"], license: "x_y", digit: "c"))
            .markdown()
        #expect(text.hasPrefix("### Models: 1 added, 1 changed, 1 removed\n\n| | Entry |"))
        #expect(text.contains("| changed | `a` | `a directory` | mit → x\\_y | 1 | 1.00 kB |\n"))
        #expect(text.contains("| added | `b\\|c` |"))
        #expect(text.contains("| removed | `gone` |"))
        #expect(text.contains("\n**a**\n\n- licence: mit → x\\_y\n- 1 file changed: a.bin (1.00 kB)\n"))
        #expect(report(try lock(["a"]), try lock(["a"])).markdown() == "### Models: nothing changed\n\n")
    }

    @Test func markdownFitsACommentAndSaysWhatIsLeftOut() throws {
        let names = (0..<1000).map { "entry-with-a-rather-long-name-\($0)" }
        let report = report(try lock(names), try lock(names, digit: "d"))
        let text = report.markdown()
        #expect(text.utf8.count <= DifferenceReport.commentLimit)
        #expect(text.contains("more entries are not shown."))
        #expect(text.contains("What changed in "))
        #expect(report.json.count == 3)
    }
}
