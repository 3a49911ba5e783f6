import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import KnapsackCommands
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite struct OutputTests {
    @Test func findingSaysWhatWhereAndWhatToDo() {
        let finding = Diagnostic(
            code: .failed, "qwen: it broke", at: .init(file: "m.toml", line: 3, column: 7),
            notes: ["expected 1"],
            fix: "mend it")
        #expect(
            DiagnosticText(terminal: .plain).text(finding)
                == "m.toml:3:7: error: qwen: it broke\n  expected 1\n  fix: mend it\n")
        let colored = DiagnosticText(terminal: Terminal(isInteractive: true, hasColor: true, width: 80))
        #expect(colored.text(finding).contains("\u{1B}[1;31merror\u{1B}[0m: qwen"))
    }

    @Test func escapeSequencesOfStrangersDoNotReachTheTerminal() {
        let finding = Diagnostic(code: .failed, "bad \u{1B}[2J name\r", notes: ["\u{7}"])
        #expect(!DiagnosticText(terminal: .plain).text(finding).unicodeScalars.contains("\u{1B}"))
    }

    @Test func nothingOfStrangersTurnsTheDirectionOfWriting() {
        #expect(
            DiagnosticText.printable("a\u{202E}b\u{2066}c\u{200F}\u{061C}")
                == "a\u{FFFD}b\u{FFFD}c\u{FFFD}\u{FFFD}")
        #expect(DiagnosticText.printable("نص \u{200D}") == "نص \u{200D}")
    }

    @Test func aDocumentMeansTheSameAndActsOnNoTerminal() throws {
        let document: JSON = ["key\u{9B}": "a\u{85}b\u{202E}\u{1B}\u{7F}é\n"]
        let text = DiagnosticText.harmless(json: document.prettyText)
        #expect(!text.unicodeScalars.contains { (0x7F..<0xA0).contains($0.value) || $0.value == 0x202E })
        #expect(try JSON.parse(Array(text.utf8)) == document)
        #expect(DiagnosticText.harmless(json: "{\n}") == "{\n}")
    }

    @Test func longCellsAreCutInTheMiddleAndNumbersKeepRight() {
        let table = Table(
            [.init(title: "NAME", canShrink: true), .init(title: "SIZE", isNumber: true)],
            rows: [["organization/a-model-with-a-very-long-name-Instruct", "5 GB"], ["x", "12.5 GB"]])
        let lines = table.text(width: 40).split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 40 })
        #expect(lines[1].contains("…") && lines[1].hasSuffix("   5 GB"))
        #expect(lines[2].hasSuffix("12.5 GB"))
    }

    @Test func columnsOfTheHighestRankGoFirst() {
        let table = Table(
            [
                .init(title: "NAME", canShrink: true, least: 30), .init(title: "SIZE", dropRank: 1),
                .init(title: "FORMAT", dropRank: 2), .init(title: "STATE"),
            ], rows: [["organization/a-model-with-a-very-long-name", "5.00 GB", "safetensors", "complete"]])
        #expect(
            table.text(width: 100).hasPrefix(
                "NAME                                        SIZE     FORMAT       STATE\n"))
        let (narrower, narrow) = (table.text(width: 52), table.text(width: 44))
        #expect(narrower.contains("SIZE") && !narrower.contains("FORMAT"))
        #expect(!narrow.contains("SIZE") && narrow.contains("STATE"))
        #expect(narrow.split(separator: "\n").allSatisfy { $0.count <= 44 })
    }

    @Test func estimatesNoTimeWhileConnectionsAreBeingMade() {
        var state = ProgressState()
        state.apply(.began(stage: "fetching", files: 2, bytes: 4_000_000_000), now: 0)
        state.apply(.advanced(bytes: 1_000), now: 1)
        #expect(!state.line(now: 1_900_000_000, width: 100, bar: true).contains("left"))
        #expect(state.line(now: 2_000_000_000, width: 100, bar: true).contains("left"))
    }

    @Test func progressLineFitsTheTerminalAndCounts() {
        var state = ProgressState()
        state.apply(.began(stage: "packing", files: 2, bytes: 4_000_000_000), now: 0)
        state.apply(.advanced(bytes: 1_000_000_000), now: 1)
        state.apply(.finished(file: "a"), now: 1)
        let line = state.line(now: 2_000_000_000, width: 100, bar: true)
        #expect(line.hasPrefix("packing  █"))
        #expect(line.hasSuffix("25 %  1.00 GB of 4.00 GB  500 MB/s  6 s left  1/2 files"))
        #expect(state.line(now: 1_000_000_000, width: 40, bar: true).count < 40)
    }

    /// An archive does not say how many files are to come.
    @Test func progressCountsFilesWhoseNumberIsNotKnown() {
        var state = ProgressState()
        state.apply(.began(stage: "verifying", files: 0, bytes: 1000), now: 0)
        state.apply(.finished(file: "a"), now: 1)
        #expect(state.line(now: 1_000_000_000, width: 100, bar: false).hasSuffix("  1 files"))
    }

    @Test func durationsAreReadable() {
        #expect(ProgressState.duration(0.2) == "1 s")
        #expect(ProgressState.duration(61) == "1 min 1 s")
        #expect(ProgressState.duration(7261) == "2 h 1 min")
        #expect(ProgressState.duration(.infinity) == "99 h 59 min")
    }

    @Test func aLogGetsWholeLinesAndATerminalOneThatIsRedrawn() {
        for interactive in [true, false] {
            let written = Written()
            let meter = ProgressMeter(
                terminal: Terminal(isInteractive: interactive, hasColor: false, width: 80),
                write: { written.add($0) })
            meter.handle(.began(stage: "hashing", files: 1, bytes: 10), now: 0)
            meter.handle(.advanced(bytes: 5), now: 11_000_000_000)
            meter.handle(.ended, now: 12_000_000_000)
            #expect(written.parts.count == (interactive ? 2 : 1))
            #expect(written.parts.first?.hasPrefix("\r") == interactive)
            #expect(written.parts.first?.hasSuffix("\n") == !interactive)
        }
    }

    @Test func updateTakesAnyNumberOfNames() {
        let spelled = LockingOptions.spelledOut
        #expect(spelled(["lock", "--update"]) == ["lock", "--update", "\0"])
        #expect(
            spelled(["lock", "--update", "a", "b", "--json"]) == [
                "lock", "--update", "a", "--update", "b", "--json",
            ])
        #expect(spelled(["lock", "--update", "m.toml"]) == ["lock", "m.toml", "--update", "\0"])
    }

    @Test func exitStatusTellsFindingsFromWhatCouldNotBeDecided() {
        let finding = Diagnostic(code: .failed, "a")
        let undecided = Diagnostic(code: .usage, "b", verdict: .undecided)
        let warning = Diagnostic(code: .refKept, "c")
        #expect(ExitStatus(of: [warning]) == .holds)
        #expect(ExitStatus(of: [undecided, warning]) == .undecided)
        #expect(ExitStatus(of: [undecided, finding]) == .finding)
    }
}
