import Caches
import Formats
import Manifests

/// A first manifest for a person to go on from: every complete model of the caches as an entry, and of the others why they
/// are none.
package struct StarterManifest {
    private let catalog: Catalog
    private let name: String

    /// Prepares the manifest.
    ///
    /// - Parameter name: what the bundle may be called; made to fit Kaggle's rule for slugs.
    package init(_ catalog: Catalog, name: String) {
        self.catalog = catalog
        self.name = EntryName.ofBundle(for: name)
    }

    /// The manifest's text, which ``Manifest/parse(_:path:)`` accepts.
    package var text: String {
        let usable = catalog.items.filter { $0.isComplete && StarterManifest.isUsual($0) }
        var names: Set<ExactName> = []
        let entries = usable.map { entry($0, &names) }
        let licenses = Set(exactly: usable.compactMap { $0.facts.license?.lowercased() }).sortedTexts
        return ManifestHead.text(name: name, licenses: licenses)
            + (entries.isEmpty ? [StarterManifest.example] : entries).joined(separator: "\n") + leftOut
    }

    /// What is no entry, as comments with the reason.
    private var leftOut: String {
        let others = catalog.items.filter { !$0.isComplete || !StarterManifest.isUsual($0) }
        guard !others.isEmpty else { return "" }
        let lines = others.flatMap { item -> [String] in
            let errors = item.findings.filter { $0.severity == .error }
            let source = "# source = \(EntryText.quoted(item.source.text))"
            guard let first = errors.first else {
                return [
                    source,
                    "#   the cache does not say what a \(item.kind) holds: a [[files]] entry takes anything",
                ]
            }
            let more = errors.count > 1 ? ["#   and \(errors.count - 1) more: knapsack list"] : []
            let fix = first.fix.map { ["#   fix: \(StarterManifest.comment($0))"] } ?? []
            return [source, "#   \(StarterManifest.comment(first.message))"] + fix + more
        }
        return "\n# Left out, because it cannot be packed as it is:\n" + lines.joined(separator: "\n") + "\n"
    }

    /// Whether it is clear what it is: a model or a data set.
    private static func isUsual(_ item: Catalog.Item) -> Bool {
        item.kind == "model" || item.kind == "dataset"
    }

    private static let example = """
        # The caches hold no complete model. This is how an entry looks:
        [[model]]
        name   = "qwen"
        source = "hf:Qwen/Qwen2.5-0.5B-Instruct@main"

        """

    private func entry(_ item: Catalog.Item, _ names: inout Set<ExactName>) -> String {
        let last = item.name.split(separator: "/").last.map(String.init) ?? "model"
        let base = EntryName.suggested(for: last)
        var name = base
        var number = 2
        while !names.insert(name).inserted {
            name = "\(base)-\(number)"
            number += 1
        }
        let license = item.facts.license
        let facts = [
            ByteCount.text(item.inventory.size), item.facts.formats.first?.rawValue,
            item.facts.dtypes.first, license ?? "licence unknown",
        ].compactMap(\.self).joined(separator: ", ")
        var text = """
            # \(StarterManifest.comment(facts))
            [[\(item.kind == "dataset" ? "dataset" : "model")]]
            name   = \(EntryText.quoted(name))
            source = \(EntryText.quoted(item.source.text))

            """
        if license == nil { text += "# license = \"…\"   # the cache does not state it\n" }
        return text
    }

    private static func comment(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
    }
}
