import ArgumentParser
import TestSupport
import Testing

@testable import Formats
@testable import KnapsackCommands
@testable import Storage

/// The command lines that messages print, each of which can be pasted: read out of the sources, where every text in
/// quotation marks with "knapsack COMMAND" in it counts.
@Suite struct PastedCommandTests {
    /// One command line of the sources.
    private struct Line: CustomStringConvertible {
        let file: String
        let text: String

        var description: String { "\(file): \(text)" }
    }

    /// What ends a command in a sentence.
    private static let ends = [
        ",", ";", ")", "\n", " to ", " and ", " or ", " takes ", " lists ", " states ", " reads ", " proves ",
        " where ", " what ", " wrote", " which ", " makes ", " is ", " removes ",
    ]
    /// Words behind "knapsack" that are none of its commands.
    private static let others = ["is", "bill", "conversion"]

    private static func lines() throws -> [Line] {
        let root = Path.join(Fixtures.root, "Sources")
        return try files(below: root).flatMap { path -> [Line] in
            let text = String(decoding: try contents(path), as: UTF8.self)
            return text.split(separator: "\n").flatMap { line -> [Line] in
                // Comments, and the examples of help texts, which the interop tests parse.
                let start = line.drop(while: { $0 == " " })
                guard line.contains("\""), !start.hasPrefix("//"), !start.hasPrefix("usage:") else {
                    return []
                }
                return commands(in: String(line)).map { Line(file: Path.name(path), text: $0) }
            }
        }
    }

    private static func files(below directory: String) throws -> [String] {
        try Directory.names(in: directory).flatMap { name -> [String] in
            let path = Path.join(directory, name)
            if try FileStatus.status(of: path).kind == .directory { return try files(below: path) }
            return name.hasSuffix(".swift") ? [path] : []
        }
    }

    /// The texts behind "knapsack " up to where the command ends, with what is put in replaced by a word.
    static func commands(in line: String) -> [String] {
        var found: [String] = []
        for part in line.split(separator: "knapsack ", omittingEmptySubsequences: false).dropFirst() {
            var rest = withoutInterpolations(String(part))
            if let quote = rest.firstIndex(of: "\"") { rest = String(rest[..<quote]) }
            for end in ends {
                if let range = rest.firstRange(of: end) { rest = String(rest[..<range.lowerBound]) }
            }
            guard let word = rest.split(separator: " ").first,
                word.allSatisfy({ $0.isLowercase && $0.isASCII }),
                !others.contains(String(word)), rest != "word"
            else { continue }
            found.append(rest)
        }
        return found
    }

    /// `\(…)` becomes a word, and so does the manifest's place.
    private static func withoutInterpolations(_ text: String) -> String {
        var result = ""
        var rest = Substring(text)
        while let start = rest.firstRange(of: "\\(") {
            result += rest[..<start.lowerBound] + "word"
            var depth = 1
            var index = start.upperBound
            while index < rest.endIndex, depth > 0 {
                if rest[index] == "(" { depth += 1 }
                if rest[index] == ")" { depth -= 1 }
                index = rest.index(after: index)
            }
            rest = rest[index...]
        }
        return (result + rest).replacing("{manifest}", with: "'my models.toml'")
    }

    @Test func allCanBeParsed() throws {
        let lines = try Self.lines()
        #expect(lines.count > 30, "\(lines)")
        for line in lines where line.text.contains(" ") {
            let words = line.text.replacing("'my models.toml'", with: "models.toml").split(separator: " ")
                .map(String.init)
            #expect(throws: Never.self, "\(line)") {
                _ = try Knapsack.parseAsRoot(LockingOptions.spelledOut(words))
            }
        }
    }

    @Test func whatCannotBeParsedIsFound() {
        let line = #"fix: "run knapsack lokc {manifest} --update \(name(x)), and knapsack pack --fast","#
        let found = Self.commands(in: line)
        #expect(found == ["lokc 'my models.toml' --update word", "pack --fast"])
        for text in found {
            #expect(throws: (any Error).self) {
                _ = try Knapsack.parseAsRoot(text.split(separator: " ").map(String.init))
            }
        }
        #expect(
            Self.commands(in: #""another knapsack is writing", "name what knapsack pack wrote""#) == ["pack"])
    }

    /// The commands that take a manifest, with a placeholder for it in every fix.
    @Test func fixesThatLockOrPackNameTheManifest() throws {
        for line in try Self.lines() where line.text.hasPrefix("lock") || line.text.hasPrefix("pack") {
            let isNamed = line.text.contains("models.toml") || line.text.contains("word")
            // What a bundle was written by, and what one may wait for.
            let isNoCommand = line.text == "pack" || line.text == "lock"
            #expect(isNamed || isNoCommand, "\(line)")
        }
    }

    /// A line of an example that is broken by the help's width cannot be pasted.
    @Test func examplesFitALine() {
        for command in Knapsack.configuration.subcommands {
            for line in command.configuration.discussion.split(separator: "\n") where line.hasPrefix("  ") {
                #expect(line.utf8.count <= 80, "\(line)")
            }
        }
    }

    @Test func usageFitsALine() {
        for command in Knapsack.configuration.subcommands {
            let usage = command.usageString()
            #expect(usage.utf8.count <= 80, "\(usage)")
            #expect(usage.contains(command._commandName))
        }
    }
}
