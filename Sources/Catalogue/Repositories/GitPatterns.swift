package import Formats
import Manifests

/// The patterns of a `.gitignore` or a `.gitattributes`, of which the last one that takes a path counts (gitignore(5),
/// gitattributes(5)).
package struct GitPatterns: Sendable {
    private struct Rule {
        let parts: [Glob]
        /// Whether a part is `**`, which takes any number of folders.
        let isAnyDepth: [Bool]
        let isAnchored: Bool
        let isFolder: Bool
        let value: Bool
    }

    private let rules: [Rule]

    /// The most patterns that count, and the most bytes of one.
    private static let limit = 2000
    private static let longest = 512

    private init(_ rules: [Rule]) { self.rules = rules }

    /// The files that a `.gitignore` leaves out.
    package static func ignoring(_ text: String) -> GitPatterns {
        GitPatterns(
            lines(text).compactMap { line in
                var pattern = line
                let isKept = pattern.hasUTF8Prefix("!")
                if isKept { pattern = String(pattern.utf8.dropFirst()) ?? "" }
                return rule(pattern, value: !isKept)
            })
    }

    /// The files of which a `.gitattributes` states that git has pointers (`filter=lfs`).
    package static func large(_ text: String) -> GitPatterns {
        GitPatterns(
            lines(text).compactMap { line in
                let words = line.utf8.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 })
                    .compactMap { String($0) }
                guard let pattern = words.first, !pattern.hasUTF8Prefix("!") else { return nil }
                let filter = words.dropFirst().last {
                    $0.hasUTF8Prefix("filter=") || $0.hasSameBytes(as: "-filter")
                        || $0.hasSameBytes(as: "!filter")
                }
                return filter.flatMap { rule(pattern, value: $0.hasSameBytes(as: "filter=lfs")) }
            })
    }

    private static func lines(_ text: String) -> [String] {
        text.utf8.split(separator: 0x0A).prefix(limit).compactMap { line in
            var bytes = line[...]
            while let last = bytes.last, last == 0x0D || last == 0x20 || last == 0x09 { bytes.removeLast() }
            guard let first = bytes.first, first != UInt8(ascii: "#"), bytes.count <= longest else {
                return nil
            }
            return String(bytes)
        }
    }

    private static func rule(_ written: String, value: Bool) -> Rule? {
        var bytes = Array(written.utf8)[...]
        let isFolder = bytes.last == UInt8(ascii: "/")
        if isFolder { bytes.removeLast() }
        let isAnchored = bytes.contains(UInt8(ascii: "/"))
        if bytes.first == UInt8(ascii: "/") { bytes.removeFirst() }
        let parts = bytes.split(separator: UInt8(ascii: "/")).map { part -> String in
            let text = String(decoding: part, as: UTF8.self)
            // How git writes a blank in a pattern.
            return text.utf8.contains(UInt8(ascii: ":")) ? blanks(text) : text
        }
        guard !parts.isEmpty else { return nil }
        return Rule(
            parts: parts.map { Glob($0) }, isAnyDepth: parts.map { $0.hasSameBytes(as: "**") },
            isAnchored: isAnchored, isFolder: isFolder, value: value)
    }

    private static func blanks(_ text: String) -> String {
        var result: [UInt8] = []
        var rest = Array(text.utf8)[...]
        let name = Array("[[:space:]]".utf8)
        while let first = rest.first {
            if rest.starts(with: name) {
                result.append(0x20)
                rest = rest.dropFirst(name.count)
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// How much is compared for one question, in characters: enough for 100,000 files and the usual patterns, and about a second.
    package static let steps = 300_000_000

    /// Whether the last pattern that takes a file, or a folder that it is in, says so.
    /// - Parameter steps: how much may be compared, which is counted down: patterns and paths are strangers'.
    /// - Throws: ``TooMuch`` where it does not suffice.
    package func contains(_ path: RelativePath, steps: inout Int) throws(TooMuch) -> Bool {
        // Once for all patterns: a step is the comparison of one character, however long a name is.
        let parts = path.components.map(Glob.Subject.init)
        var value = false
        for rule in rules.reversed() where GitPatterns.takes(rule, parts, &steps) {
            value = rule.value
            break
        }
        guard steps > 0 else { throw TooMuch() }
        return value
    }

    /// The patterns take too long.
    package struct TooMuch: Error {}

    private static func takes(_ rule: Rule, _ path: [Glob.Subject], _ steps: inout Int) -> Bool {
        // A pattern that takes a folder takes what is in it.
        for length in 1...path.count where !rule.isFolder || length < path.count {
            let isTaken =
                rule.isAnchored
                ? matches(rule, path[..<length], &steps)
                : rule.parts[0].matches(path[length - 1], steps: &steps)
            if isTaken { return true }
        }
        return false
    }

    /// Whether the parts of a pattern take those of a path, one each but for `**`: in time of the product of both numbers.
    private static func matches(_ rule: Rule, _ path: ArraySlice<Glob.Subject>, _ steps: inout Int) -> Bool {
        var reached = [Bool](repeating: false, count: path.count + 1)
        reached[0] = true
        for (glob, isAnyDepth) in zip(rule.parts, rule.isAnyDepth) {
            var next = [Bool](repeating: false, count: path.count + 1)
            steps -= min(steps, path.count + 1)
            for index in 0...path.count {
                if isAnyDepth {
                    next[index] = reached[index] || (index > 0 && next[index - 1])
                } else if index > 0, reached[index - 1] {
                    next[index] = glob.matches(path[index - 1], steps: &steps)
                }
            }
            reached = next
        }
        return reached[path.count]
    }
}

/// The `.gitattributes` that repositories begin with, as on the Hub.
package enum StandardAttributes {
    private static let common =
        """
        *.7z *.arrow *.bin *.bz2 *.ckpt *.ftz *.gguf *.gz *.h5 *.joblib *.lfs.* *.mlmodel *.model *.msgpack *.npy *.npz *.onnx \
        *.ot *.parquet *.pb *.pickle *.pkl *.pt *.pth *.rar *.safetensors saved_model/**/* *.tar.* *.tar *.tflite *.tgz \
        *.wasm *.xz *.zip *.zst *tfevents*
        """
    private static let media =
        """
        *.lz4 *.mds *.pcm *.sam *.raw *.aac *.flac *.mp3 *.ogg *.wav *.bmp *.gif *.png *.tiff *.jpg *.jpeg *.webp *.mp4 *.webm
        """

    /// The text for a model, or for a data set, which also has pictures and sounds.
    package static func text(isDataset: Bool) -> String {
        (isDataset ? "\(common) \(media)" : common).split(separator: " ").map { line(String($0)) }.joined()
    }

    /// The line that has git keep a pointer in place of a file.
    package static func line(_ pattern: String) -> String {
        "\(pattern) filter=lfs diff=lfs merge=lfs -text\n"
    }

    /// A path as a pattern that takes it alone.
    package static func pattern(_ path: RelativePath) -> String {
        var text = ""
        for scalar in path.text.unicodeScalars {
            switch scalar {
            case " ": text += "[[:space:]]"
            case "*", "?", "[": text += "[\(scalar)]"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text.utf8.contains(UInt8(ascii: "/")) ? text : "/\(text)"
    }
}
