import Formats

/// Reads what llama-perplexity and Python say in words: they decide nothing.
enum LlamaOutput {
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
}
