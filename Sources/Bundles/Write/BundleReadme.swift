import Formats
import Manifests
import Storage

/// The README.md of a bundle: for people who open the dataset's page and want to know what it is.
package struct BundleReadme {
    private let plan: Plan

    /// Takes the plan, from which the text follows.
    init(_ plan: Plan) { self.plan = plan }

    var text: String {
        let bundle = plan.lock.bundle
        return """
            \(CardHeader(plan.lock).text)
            # \(BundleReadme.plain(bundle.title))

            Packed by Knapsack for notebooks without internet. Every file is proved by `SHA256SUMS` and \
            `\(Lock.bundledName)`: `sha256sum -c SHA256SUMS` checks all of them.

            ## In a notebook

            ```python
            \(BundleReadme.activation(dataset: bundle.owner.map { "\($0)/\(bundle.name)" } ?? bundle.name))
            ```
            \(bases)
            \(uses)

            ## What is inside

            | name | kind | source | revision | licence | files | size |
            | --- | --- | --- | --- | --- | ---: | ---: |
            \(rows)

            \(stored), \(ByteCount.text(plan.size)) in all\(savings)\(inBases).
            \(sources)
            """
    }

    /// The lines that find the loader in a notebook and make everything below work; where the data set is not
    /// attached, a sentence that names it.
    static func activation(dataset: String) -> String {
        """
        import sys, pathlib
        loader = next(pathlib.Path("/kaggle/input").rglob("knapsack.py"), None)
        assert loader, "attach \(dataset) to this notebook (Add Input), then run this cell again"
        sys.path.insert(0, str(loader.parent))
        import knapsack
        knapsack.activate()          # before importing transformers or kagglehub
        """
    }

    /// The lines of code that load each entry.
    private var uses: String {
        let lines = plan.lock.packed.flatMap { LoadingLines($0, in: plan.lock).lines }
        let imports = LoadingLines.imports(of: lines)
        let text = (imports + (imports.isEmpty ? [] : [""]) + lines).joined(separator: "\n")
        return "```python\n\(text)\n```"
    }

    private var rows: String {
        zip(plan.lock.packed, plan.shares).map { entry, share in
            let cells = [
                "`\(entry.name)`", entry.kind.rawValue, BundleReadme.plain(entry.asked.text),
                BundleReadme.revision(entry),
                BundleReadme.plain(entry.license?.id ?? "unknown"), "\(share.files)",
                ByteCount.text(share.named),
            ]
            return "| " + cells.joined(separator: " | ") + " |"
        }.joined(separator: "\n")
    }

    private var stored: String {
        Counted.text(plan.stored.count, "file") + (plan.stored.count == 1 ? " is stored" : " are stored")
    }

    /// What entries were made from that the bundle does not have: with revision and licence, as they still count.
    private var sources: String {
        let others = plan.lock.entries.filter { !$0.isPacked }
        guard !others.isEmpty else { return "" }
        let lines = others.map { entry in
            let license = BundleReadme.plain(entry.license?.id ?? "unknown")
            let revision = BundleReadme.revision(entry)
            return "- `\(entry.name)`: \(BundleReadme.plain(entry.asked.text))"
                + (revision.isEmpty ? "" : ", \(revision)") + ", licence \(license)"
        }
        return "\nConverted from, and not inside:\n\n\(lines.joined(separator: "\n"))\n"
    }

    /// What has to be attached besides; an empty line where that is nothing.
    private var bases: String {
        let used = plan.lock.usedBases
        let lines = plan.lock.bases.filter { used.contains($0.sha256) }.map { base in
            "- `\(BundleReadme.plain(base.attach))`: the version whose `\(Lock.bundledName)` has sha256 `\(base.sha256)`"
        }
        guard !lines.isEmpty else { return "" }
        return
            "\nIt builds on other bundles, which have to be attached beside it:\n\n\(lines.joined(separator: "\n"))\n"
    }

    private var inBases: String {
        plan.inBases > 0 ? "; \(ByteCount.text(plan.inBases)) are in the bundles that it builds on" : ""
    }

    private static func revision(_ entry: LockedEntry) -> String {
        switch entry.origin {
        case .hub(_, _, let commit): String(commit.prefix(12))
        case .kaggle(let handle): handle.version.map { "version \($0)" } ?? ""
        case .registry(_, let manifest): "sha256:\(String(manifest.hex.prefix(12)))"
        case .path, .conversion: ""
        }
    }

    private var savings: String {
        let saved = plan.named - plan.size - plan.inBases
        return saved > 0 ? "; \(ByteCount.text(saved)) of equal files and tensors are stored once" : ""
    }

    /// Text from elsewhere, without what would break a line or a cell of a table.
    private static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar {
                    case "|", "`", "<", ">", "[", "]": " "
                    case _ where scalar.value < 0x20 || scalar.value == 0x7F: " "
                    default: scalar
                    }
                }))
    }
}
