import Formats
import Manifests

/// What `diff` states: for people, as Markdown for a pull request, and for `--json`.
struct DifferenceReport {
    private let difference: LockDifference

    /// Takes the difference of two locks.
    init(_ difference: LockDifference) { self.difference = difference }

    /// The most characters that a comment on GitHub may have; counted in bytes here, which are never fewer.
    static let commentLimit = 65_536

    // MARK: Text

    /// Every entry with its sentences, a line each.
    var text: String {
        var text = difference.bundle.map { "[bundle] \($0)\n" }.joined()
        for entry in difference.entries {
            text += "\(entry.name): \(entry.change.rawValue)\n"
            for detail in entry.details { text += "  \(detail)\n" }
        }
        if let sizes { text += "the bundle: \(sizes)\n" }
        return DiagnosticText.printable(text)
    }

    private var sizes: String? {
        guard let size = difference.size, size.before != size.after else { return nil }
        return "\(ByteCount.text(size.before)) → \(ByteCount.text(size.after))"
    }

    // MARK: Markdown

    /// A heading, a table of the entries, and the sentences of each below it, as far as there is room.
    func markdown(limit: Int = commentLimit) -> String {
        var head = "### Models: \(counts)\n\n"
        guard !difference.isEmpty else { return head }
        for change in difference.bundle { head += "- \\[bundle\\] \(Markdown.text(change))\n" }
        if let sizes { head += "- the bundle: \(sizes)\n" }
        if !difference.bundle.isEmpty || sizes != nil { head += "\n" }
        guard !difference.entries.isEmpty else { return head }
        head += "| | Entry | Revision | Licence | Files | Size |\n| --- | --- | --- | --- | ---: | ---: |\n"
        // The table may take half of the room, so that some of the sentences are always seen.
        let table = Markdown.bounded(head: head, difference.entries.map(row), limit: limit / 2) {
            "\n\($0) more entries are not shown.\n"
        }
        let changed = difference.entries.filter { $0.change == .changed }
        return Markdown.bounded(head: table, changed.map(section), limit: limit) {
            "\nWhat changed in \($0) more entries is not shown.\n"
        }
    }

    private var counts: String {
        let kinds: [LockDifference.Change] = [.added, .changed, .removed]
        let parts = kinds.compactMap { kind -> String? in
            let count = difference.entries.count { $0.change == kind }
            return count == 0 ? nil : "\(count) \(kind.rawValue)"
        }
        if !parts.isEmpty { return parts.joined(separator: ", ") }
        return difference.isEmpty ? "nothing changed" : "only the bundle's settings changed"
    }

    private func row(_ entry: LockDifference.Entry) -> String {
        func cell(_ text: (LockDifference.State) -> String) -> String {
            let (before, after) = (entry.before.map(text), entry.after.map(text))
            guard let before, let after, before != after else { return after ?? before ?? "" }
            return "\(before) → \(after)"
        }
        let cells = [
            entry.change.rawValue, Markdown.code(entry.name),
            cell { Markdown.code(Markdown.shortened($0.revision, to: 80)) },
            cell { Markdown.text(Markdown.shortened($0.license ?? "unknown", to: 80)) },
            cell { "\($0.files)" }, cell { ByteCount.text($0.size) },
        ]
        return "| " + cells.joined(separator: " | ") + " |\n"
    }

    private func section(_ entry: LockDifference.Entry) -> String {
        let details = entry.details.map { "- \(Markdown.text(Markdown.shortened($0, to: 2000)))\n" }
        return "\n**\(Markdown.text(entry.name))**\n\n" + details.joined()
    }

    // MARK: JSON

    /// The members of the document.
    var json: [JSON.Member] {
        var members: [JSON.Member] = [.init("bundle", .array(difference.bundle.map(JSON.string)))]
        if let size = difference.size {
            members.append(
                .init("size", ["before": .integer(size.before), "after": .integer(size.after)]))
        }
        members.append(.init("entries", .array(difference.entries.map(DifferenceReport.json))))
        return members
    }

    private static func json(_ entry: LockDifference.Entry) -> JSON {
        func texts(_ list: [String]) -> JSON { .array(list.map(JSON.string)) }
        var members: [JSON.Member] = [
            .init("name", .string(entry.name)), .init("change", .string(entry.change.rawValue)),
            .init("details", texts(entry.details)),
            .init("before", entry.before.map(json) ?? .null), .init("after", entry.after.map(json) ?? .null),
            .init(
                "files",
                [
                    "added": texts(entry.added.map(\.text)), "removed": texts(entry.removed.map(\.text)),
                    "changed": texts(entry.changed.map(\.text)),
                ]),
        ]
        if let tensors = entry.tensors {
            let value: JSON = ["count": .integer(tensors.count), "differing": texts(tensors.differing)]
            members.append(.init("tensors", value))
        }
        return .object(members)
    }

    private static func json(_ state: LockDifference.State) -> JSON {
        [
            "source": .string(state.source), "revision": .string(state.revision),
            "license": state.license.map(JSON.string) ?? .null, "files": .integer(state.files),
            "size": .integer(state.size),
        ]
    }
}
