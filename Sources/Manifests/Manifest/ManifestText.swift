import Formats

/// A manifest's text, to add entries to it and to take entries out of it: everything else keeps its bytes.
package struct ManifestText {
    /// What the text states.
    package let manifest: Manifest
    private let bytes: [UInt8]
    private let text: LineColumns
    private let root: LocatedValue
    private let comments: Set<Int>

    /// Reads a manifest; `path` is how messages call it.
    /// - Throws: every problem that ``Manifest/parse(_:path:)`` finds: only what is right is edited.
    package static func read(_ bytes: [UInt8], path: String) throws(Diagnostics) -> ManifestText {
        let manifest = try Manifest.parse(bytes, path: path)
        do throws(TOMLSyntaxError) {
            let (root, comments) = try TOMLParser.parseWithComments(bytes)
            return ManifestText(
                manifest: manifest, bytes: bytes, text: LineColumns(bytes, path: path), root: root,
                comments: comments)
        } catch {
            // The parser took the same bytes a moment ago.
            throw Diagnostics(
                Diagnostic(
                    code: .manifestSyntax, error.message, at: Diagnostic.Location(file: path),
                    verdict: .undecided))
        }
    }

    // MARK: Adding

    /// The text with entries behind all others, each after an empty line.
    /// - Throws: what a reader of the new text would have against it.
    package func adding(_ entries: [EntryText]) throws(Diagnostics) -> [UInt8] {
        let newline = usesCarriageReturns ? "\r\n" : "\n"
        var result = bytes
        if result.last != UInt8(ascii: "\n") { result += newline.utf8 }
        for (index, entry) in entries.enumerated() {
            if index > 0 || !endsWithEmptyLine { result += newline.utf8 }
            let lines = entry.text.utf8.split(separator: UInt8(ascii: "\n")).map(Array.init)
            for line in lines { result += line + Array(newline.utf8) }
        }
        try ManifestText.check(result, manifest.path)
        return result
    }

    private var usesCarriageReturns: Bool {
        guard let newline = bytes.firstIndex(of: UInt8(ascii: "\n")), newline > 0 else { return false }
        return bytes[newline - 1] == UInt8(ascii: "\r")
    }

    private var endsWithEmptyLine: Bool {
        let line = text.lines.dropLast().last ?? 0..<0
        return bytes.last == UInt8(ascii: "\n") && isEmpty(line)
    }

    // MARK: Removing

    /// The text without entries: without their tables, the comments directly above and below these, and one of
    /// the two gaps around them.
    /// - Throws: where an entry of that name is not there, where another one needs it, and what a reader of the
    ///   new text would have against it.
    package func removing(_ names: [String]) throws(Diagnostics) -> [UInt8] {
        var problems: [Diagnostic] = []
        var removed: Set<ExactName> = []
        for name in names {
            removed.insert(ExactName(name))
            if !manifest.entries.contains(where: { $0.name.hasSameBytes(as: name) }) {
                problems.append(
                    .unknownEntry(
                        name, among: manifest.entries.map(\.name),
                        "\(manifest.path) has no entry \(quoted(name))"))
            }
        }
        for entry in manifest.entries where !removed.contains(ExactName(entry.name)) {
            let needed = entry.conversion.map { [$0.from] + $0.merged } ?? []
            for name in needed where removed.contains(ExactName(name)) {
                problems.append(
                    Diagnostic(
                        code: .manifestFrom, "\(entry.name) is made from \(name)", at: entry.location,
                        fix:
                            "remove both: knapsack remove \(ShellWord.quoted(name)) \(ShellWord.quoted(entry.name))",
                        verdict: .undecided))
            }
        }
        guard problems.isEmpty else { throw Diagnostics(problems) }
        guard removed.count < manifest.entries.count else {
            throw Diagnostics(
                Diagnostic(
                    code: .manifestEmpty, "nothing would be left in \(manifest.path)",
                    fix: "add the entry that takes its place first, or delete the manifest",
                    verdict: .undecided))
        }
        let result = try kept(without: manifest.entries.filter { removed.contains(ExactName($0.name)) })
        try ManifestText.check(result, manifest.path)
        return result
    }

    /// The text without the lines of entries and without the empty lines behind them; at the end of the text,
    /// without those before them.
    private func kept(without entries: [Entry]) throws(Diagnostics) -> [UInt8] {
        let all = text.lines
        var removed: Set<Int> = []
        for entry in entries {
            let own = try lines(of: entry, in: all)
            let gap = all[own.upperBound...].prefix(while: isEmpty)
            removed.formUnion(own.lowerBound..<own.upperBound + gap.count)
        }
        let last = all.indices.last { !removed.contains($0) && !isEmpty(all[$0]) } ?? -1
        if let end = removed.max(), end > last { removed.formUnion(last + 1..<all.count) }
        let mark = bytes[..<(all.first?.lowerBound ?? 0)]
        return mark + all.indices.filter { !removed.contains($0) }.flatMap { bytes[all[$0]] }
    }

    /// The numbers of the lines that belong to an entry, from 0.
    private func lines(of entry: Entry, in all: [Range<Int>]) throws(Diagnostics) -> Range<Int> {
        let headers = self.headers
        guard let index = headers.firstIndex(where: { text.location($0) == entry.location }) else {
            throw Diagnostics(
                Diagnostic(
                    code: .manifestValue,
                    "\(entry.name): the entry is written between braces, not below a header",
                    at: entry.location, fix: "remove it by hand", verdict: .undecided))
        }
        let header = line(of: headers[index], in: all)
        let following = index + 1 < headers.count ? line(of: headers[index + 1], in: all) : all.count
        var first = header
        while first > 0, isComment(all[first - 1]) { first -= 1 }
        // Behind the last value there are only comments and empty lines.
        var end = following
        while end > header + 1, isEmpty(all[end - 1]) || isComment(all[end - 1]) { end -= 1 }
        var behind = end
        while behind < following, isComment(all[behind]) { behind += 1 }
        // Comments that stand directly above the next header are about what follows.
        return first..<(behind == following && following < all.count ? end : behind)
    }

    /// The places of the headers of all tables, in the order of the text.
    private var headers: [Int] {
        var result: [Int] = []
        var values = [root]
        while let value = values.popLast() {
            values += value.elements ?? []
            guard let members = value.members else { continue }
            values += members.map(\.value)
            // The root and tables that dotted keys and braces make stand at something else.
            if value.place < bytes.count, bytes[value.place] == UInt8(ascii: "[") {
                result.append(value.place)
            }
        }
        // The root's place is the document's first byte, which can be that of a header.
        return Set(result).sorted()
    }

    private func line(of place: Int, in lines: [Range<Int>]) -> Int {
        lines.firstIndex { $0.contains(place) } ?? lines.count
    }

    private func isEmpty(_ line: Range<Int>) -> Bool {
        bytes[line].allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A }
    }

    /// Whether nothing but a comment stands in a line.
    private func isComment(_ line: Range<Int>) -> Bool {
        bytes[line].firstIndex { $0 != 0x20 && $0 != 0x09 }.map(comments.contains) ?? false
    }

    // MARK: Table [bundle]

    /// The same text without entries, read again.
    package func without(_ names: [String]) throws(Diagnostics) -> ManifestText {
        try ManifestText.read(removing(names), path: manifest.path)
    }

    /// The text with other lines in place of the table `[bundle]`; comments above and below it stay.
    package func replacingBundle(with lines: [String]) throws(Diagnostics) -> [UInt8] {
        let all = text.lines
        let (header, following) = try bundleLines(all)
        var end = following
        while end > header + 1, isEmpty(all[end - 1]) || isComment(all[end - 1]) { end -= 1 }
        return try written(all, lines, replacing: header..<end)
    }

    /// The text with a line directly below the header `[bundle]`.
    package func addingToBundle(_ line: String) throws(Diagnostics) -> [UInt8] {
        let all = text.lines
        let header = try bundleLines(all).header
        return try written(all, [line], replacing: header + 1..<header + 1)
    }

    /// The text with other lines in place of some.
    private func written(
        _ all: [Range<Int>], _ lines: [String], replacing range: Range<Int>
    ) throws(Diagnostics) -> [UInt8] {
        let newline = usesCarriageReturns ? "\r\n" : "\n"
        var result =
            Array(bytes[..<(all.first?.lowerBound ?? 0)]) + all[..<range.lowerBound].flatMap { bytes[$0] }
        if !result.isEmpty, result.last != UInt8(ascii: "\n") { result += newline.utf8 }
        for line in lines { result += (line + newline).utf8 }
        result += all[range.upperBound...].flatMap { bytes[$0] }
        try ManifestText.check(result, manifest.path)
        return result
    }

    /// The numbers of the line with the header `[bundle]`, and of the one with the next header.
    private func bundleLines(_ all: [Range<Int>]) throws(Diagnostics) -> (header: Int, following: Int) {
        let headers = self.headers
        guard let place = root["bundle"]?.value.place, let index = headers.firstIndex(of: place) else {
            throw Diagnostics(
                Diagnostic(
                    code: .manifestValue, "[bundle] is written between braces, not below a header",
                    at: manifest.bundleLocation(of: ""), fix: "write it as a table", verdict: .undecided))
        }
        let following = index + 1 < headers.count ? line(of: headers[index + 1], in: all) : all.count
        return (line(of: place, in: all), following)
    }

    // MARK: Checking

    /// Reads the new text as everything else will.
    private static func check(_ bytes: [UInt8], _ path: String) throws(Diagnostics) {
        do throws(Diagnostics) {
            _ = try Manifest.parse(bytes, path: path)
        } catch {
            // Their places are in a text that nobody sees.
            throw Diagnostics(
                error.all.map {
                    Diagnostic(
                        $0.severity, code: $0.code, $0.message, notes: $0.notes + ["\(path) stays as it is"],
                        fix: $0.fix, verdict: $0.verdict)
                })
        }
    }
}
