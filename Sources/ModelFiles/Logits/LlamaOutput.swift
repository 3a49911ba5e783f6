import Formats

/// Reads what llama-perplexity writes to its standard output behind `--kl-divergence`. Every line that counts has to be
/// there exactly once and be a number that can be, else nothing is taken.
enum LlamaOutput {
    /// Why an output gives no figures.
    struct Problem: Error, Equatable {
        /// What is wrong, as the end of a sentence.
        let words: String
    }

    /// The figures of a run.
    /// - Parameter extent: what was run.
    static func figures(_ output: [UInt8], _ extent: LogitsExtent) throws(Problem) -> LogitsFigures {
        let lines = lines(of: output)
        let agreement = try estimate("Same top p", in: lines, upTo: 100, hasPercent: true)
        return LogitsFigures(
            original: try perplexity("Mean PPL(base)", in: lines),
            other: try perplexity("Mean PPL(Q)", in: lines),
            divergence: try estimate("Mean KLD", in: lines),
            median: try number("Median KLD", in: lines), percentile99: try number("99.0% KLD", in: lines),
            greatest: try number("Maximum KLD", in: lines),
            agreement: LogitsFigures.Estimate(
                agreement.value / 100, agreement.uncertainty.map { $0 / 100 }),
            extent: extent)
    }

    /// The version that `--version` states: what is behind "version: " in the first line that begins so, of the bytes that
    /// a version has; `nil` if there is none.
    static func version(_ output: [UInt8]) -> String? {
        let prefix = Array("version: ".utf8)
        for line in output.split(separator: UInt8(ascii: "\n")) where line.starts(with: prefix) {
            let words = line.dropFirst(prefix.count).prefix(100)
            let isPlain = words.allSatisfy { (0x20...0x7E).contains($0) }
            return isPlain && !words.isEmpty ? String(decoding: words, as: UTF8.self) : nil
        }
        return nil
    }

    /// What a program gave as the reason, for a message: the last lines that are no progress, of printable characters
    /// alone.
    static func reasons(_ messages: [UInt8]) -> [String] {
        let lines = messages.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.map { line in
            String(decoding: line.prefix(200).map { (0x20...0x7E).contains($0) ? $0 : 0x3F }, as: UTF8.self)
        }
        let telling = lines.filter { line in
            ["error", "fail", "unable", "unknown", "invalid", "need", "assert", "cannot", "Error", "abort"]
                .contains { line.containsUTF8($0) }
        }
        return Array((telling.isEmpty ? lines : telling).suffix(3))
    }

    // MARK: Lines

    /// The lines in which a name and a number are divided by a colon, with one space in place of several.
    private static func lines(of output: [UInt8]) -> [(name: String, value: [Substring])] {
        output.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard line.count < 200, let colon = line.lastIndex(of: UInt8(ascii: ":")) else { return nil }
            func words(_ part: ArraySlice<UInt8>) -> [Substring] {
                String(decoding: part, as: UTF8.self).split(separator: " ")
            }
            return (words(line[..<colon]).joined(separator: " "), words(line[(colon + 1)...]))
        }
    }

    private static func value(
        _ name: String, in lines: [(name: String, value: [Substring])]
    ) throws(Problem) -> [Substring] {
        let found = lines.filter { $0.name.hasSameBytes(as: name) }
        guard found.count == 1 else {
            throw Problem(words: found.isEmpty ? "it has no \(name)" : "it has \(name) more than once")
        }
        return found[0].value
    }

    private static func number(
        _ name: String, in lines: [(name: String, value: [Substring])]
    ) throws(Problem) -> Double {
        let words = try value(name, in: lines)
        guard words.count == 1, let number = decimal(words[0]) else {
            throw Problem(words: "its \(name) is no number")
        }
        return number
    }

    private static func perplexity(
        _ name: String, in lines: [(name: String, value: [Substring])]
    ) throws(Problem) -> LogitsFigures.Estimate {
        let estimate = try estimate(name, in: lines)
        guard estimate.value >= 1 else { throw Problem(words: "its \(name) is less than 1") }
        return estimate
    }

    private static func estimate(
        _ name: String, in lines: [(name: String, value: [Substring])], upTo most: Double = .infinity,
        hasPercent: Bool = false
    ) throws(Problem) -> LogitsFigures.Estimate {
        let words = try value(name, in: lines)
        guard words.count == (hasPercent ? 4 : 3), words[1].utf8.elementsEqual("±".utf8), !hasPercent || words[3] == "%",
            let value = decimal(words[0]), let uncertainty = decimal(words[2])
        else { throw Problem(words: "its \(name) is no number with an uncertainty") }
        // Rounding of what is stored takes the divergence of equal models a little below zero.
        guard value >= -0.001, value <= most, uncertainty >= 0 else {
            throw Problem(words: "its \(name) cannot be \(words[0])")
        }
        return LogitsFigures.Estimate(value, uncertainty)
    }

    /// A decimal number as C's `%lf` writes finite ones.
    private static func decimal(_ word: Substring) -> Double? {
        let digits = word.utf8.first == UInt8(ascii: "-") ? word.dropFirst() : word
        let parts = digits.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), word.utf8.count <= 40,
            parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { (0x30...0x39).contains($0) } })
        else { return nil }
        return Double(word)
    }
}
