import Formats
import Manifests
import Storage

/// Names for findings that stay when lines move and when another machine finds them: of the code and the
/// sentence, and of a number where those are not enough.
struct FindingFingerprints {
    /// Where the sources are, which the names do not depend on.
    let root: SourceRoot
    private var seen: [ExactName: Int] = [:]

    /// Begins with no finding seen.
    init(root: SourceRoot) { self.root = root }

    /// The name of the next finding.
    /// - Returns: 64 hexadecimal digits, and a shorter form of the kind "hash:number" that GitHub's own have.
    mutating func next(_ finding: Diagnostic) -> (digest: String, short: String) {
        let text =
            finding.code.rawValue + "\0" + FindingFingerprints.withoutLines(root.portable(finding.message))
        let number = seen[text, default: 0] + 1
        seen[text] = number
        func digest(_ text: String) -> String {
            (try? ContentHasher.sha256(Array(text.utf8).span))?.hex ?? ""
        }
        return (digest(number == 1 ? text : "\(text)\0\(number)"), "\(digest(text).prefix(16)):\(number)")
    }

    /// The text without the numbers behind the word "line", which move with every edit above.
    static func withoutLines(_ text: String) -> String {
        var words = text.split(separator: " ", omittingEmptySubsequences: false)
        for index in words.indices.dropFirst() where words[index - 1] == "line" {
            words[index] = words[index].drop { $0.isASCII && $0.isNumber }
        }
        return words.joined(separator: " ")
    }
}
