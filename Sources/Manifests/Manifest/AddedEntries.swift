import Formats

/// What a person wants to add to a manifest, and the entries that this takes.
package struct AddedEntries {
    /// Where the files come from.
    package let source: Source
    /// What the entry is; found by the source if it is `nil`.
    package var kind: Entry.Kind?
    /// The name; made from the source's if it is `nil`.
    package var name: String?
    /// Patterns of files to take.
    package var include: [String] = []
    /// Patterns of files to leave out.
    package var exclude: [String] = []
    /// The licence where the cache does not state it.
    package var license: String?
    /// What the model is converted to: a value of the manifest's `gguf`.
    package var gguf: String?
    /// Whether its part for pictures or sound becomes GGUF, too: the manifest's `mmproj`.
    package var hasProjector = false
    /// The budget of a fitted file: a value of the manifest's `max-size`.
    package var maxSize: String?
    /// What llama.cpp calls the pre-tokenizer: a value of the manifest's `pre-tokenizer`.
    package var preTokenizer: String?
    /// What the model is cast to: a value of the manifest's `dtype`.
    package var dtype: String?

    /// Takes the source; everything else is optional.
    package init(_ source: Source) { self.source = source }

    /// The entries to write, in their order: what is converted is not packed itself, and an entry that has the
    /// source already is converted from.
    /// - Parameter present: the entries of the manifest.
    /// - Throws: where a name is taken, and where there is nothing to add.
    package func entries(beside present: [Entry]) throws(Diagnostics) -> [EntryText] {
        let same = present.first { $0.source == source && $0.kind == found }
        guard let conversion else {
            if let same, name == nil { throw Diagnostics(Self.isThere(same)) }
            return [entry(named: try free(name ?? EntryName.suggested(for: source), present), isPacked: true)]
        }
        let own = same?.name ?? EntryName.suggested(for: source)
        let product = name ?? EntryName.suggested(for: "\(own)-\(conversion.type)")
        // No option names the entry of the source.
        let isTaken = present.contains { $0.name.hasSameBytes(as: own) } || own.hasSameBytes(as: product)
        let from = same.map(\.name) ?? (isTaken ? "\(own)-source" : own)
        var keys: [(key: String, value: EntryText.Value)] = [
            ("name", .text(try free(product, present))), ("from", .text(from)),
            (conversion.key, .text(conversion.type)),
        ]
        if let maxSize { keys.append(("max-size", .text(maxSize))) }
        if hasProjector { keys.append(("mmproj", .flag(true))) }
        if let preTokenizer { keys.append(("pre-tokenizer", .text(preTokenizer))) }
        let made = EntryText(.model, keys)
        return same == nil ? [entry(named: try free(from, present), isPacked: false), made] : [made]
    }

    private var conversion: (key: String, type: String)? {
        gguf.map { ("gguf", $0) } ?? dtype.map { ("dtype", $0) }
    }

    /// The kind, or what such a source usually is.
    private var found: Entry.Kind {
        if let kind { return kind }
        if conversion != nil { return .model }
        return switch source.scheme {
        case .hub, .kaggle, .registry: .model
        case .hubDataset, .kaggleDataset, .kaggleCompetition: .dataset
        case .hubSpace, .hubKernel, .kaggleNotebook, .path: .files
        }
    }

    private func entry(named name: String, isPacked: Bool) -> EntryText {
        var keys: [(key: String, value: EntryText.Value)] = [
            ("name", .text(name)), ("source", .text(source.text)),
        ]
        if !include.isEmpty { keys.append(("include", .list(include))) }
        if !exclude.isEmpty { keys.append(("exclude", .list(exclude))) }
        if let license { keys.append(("license", .text(license))) }
        if !isPacked { keys.append(("pack", .flag(false))) }
        return EntryText(found, keys)
    }

    private func free(_ name: String, _ present: [Entry]) throws(Diagnostics) -> String {
        guard let other = present.first(where: { $0.name.hasSameBytes(as: name) }) else { return name }
        throw Diagnostics(
            Diagnostic(
                code: .manifestDuplicateName, "the name \(quoted(name)) is taken", at: other.location,
                fix: "give it another one with --name", verdict: .undecided))
    }

    private static func isThere(_ entry: Entry) -> Diagnostic {
        Diagnostic(
            code: .manifestDuplicateName, "\(entry.name) has this source already", at: entry.location,
            fix: "to add it twice, for example with other files, give it a name with --name",
            verdict: .undecided)
    }
}
