import Formats
import Manifests
package import Storage

/// The page about a bundle: where its bytes are, what is stored once, what holds and what does not.
package struct BundlePage: Sendable {
    /// The most rows of a table; what is beyond is summed up.
    static let mostRows = 200

    /// What the page is made from.
    let document: BundleDocument

    /// The bundle's lock.
    var lock: Lock { document.plan.lock }

    /// Takes what the page is made from.
    package init(_ document: BundleDocument) { self.document = document }

    /// The page, the same bytes for the same document.
    package func text() throws(HashingFailure) -> String {
        var body: Markup = """
            <header>
            <h1>\(lock.bundle.title)</h1>
            <p class="sub">\(subtitle)</p>
            \(tiles)\(navigation)</header>
            <main>

            """
        body +=
            bytes + savings + limits + conversions + basesSection + licences + findings + provenance + open
        body += """
            </main>
            <footer><p>Made by knapsack \(document.version) from \(source). The page loads nothing and runs no script.</p></footer>

            """
        return try Page(title: "\(lock.bundle.title): report", body: body).text()
    }

    private var source: String {
        switch document.subject {
        case .manifest: "a manifest and its lock"
        case .lock: "a lock"
        case .directory: "a bundle"
        case .archive: "an archive of a bundle"
        }
    }

    private var subtitle: String {
        let bundle = lock.bundle
        let name = bundle.owner.map { "\($0)/\(bundle.name)" } ?? bundle.name
        let kind = bundle.model == nil ? "dataset" : "model"
        return "Kaggle \(kind) \(name)" + (bundle.subtitle.map { ": \($0)" } ?? "")
    }

    private var tiles: Markup {
        let plan = document.plan
        let files = plan.shares.saturatedSum(\.files)
        let saved = max(0, plan.named - plan.size - plan.inBases)
        var tiles: [(String, String, String)] = [
            ("Stored here", ByteCount.text(plan.size), Counted.text(plan.stored.count, "file")),
            (
                "Named by the entries", ByteCount.text(plan.named),
                "\(Counted.text(files, "file")) of \(Counted.text(document.packed.count, "entry"))"
            ),
            (
                "Saved by equality", ByteCount.text(saved),
                "\(Percent.text(saved, of: plan.named)) of what is named"
            ),
        ]
        if !lock.bases.isEmpty {
            tiles.append(
                (
                    "In bases", ByteCount.text(plan.inBases),
                    "\(Percent.text(plan.inBases, of: plan.named)) of what is named"
                ))
        }
        let errors = document.findings.count { $0.severity == .error }
        let warnings = document.findings.count { $0.severity == .warning }
        tiles.append(
            (
                "Findings", "\(errors + warnings)",
                errors + warnings == 0
                    ? document.subject == .manifest
                        ? "nothing stands against it" : "by the rules that need no manifest"
                    : "\(Counted.text(errors, "error")), \(Counted.text(warnings, "warning"))"
            ))
        return "<dl class=\"tiles\">\n"
            + tiles.map { name, value, more in
                "<div><dt>\(name)</dt><dd>\(value)<small>\(more)</small></dd></div>\n"
            }.joined() + "</dl>\n"
    }

    private var navigation: Markup {
        var items: [Markup] = [
            "<li><a href=\"#bytes\">Bytes</a></li>", "<li><a href=\"#savings\">Stored once</a></li>",
            "<li><a href=\"#limits\">Limits and accelerators</a></li>",
            "<li><a href=\"#conversions\">Types and conversions</a></li>",
        ]
        if !lock.bases.isEmpty { items.append("<li><a href=\"#bases\">Bases</a></li>") }
        items += [
            "<li><a href=\"#licences\">Licences</a></li>", "<li><a href=\"#findings\">Findings</a></li>",
            "<li><a href=\"#provenance\">Provenance</a></li>", "<li><a href=\"#unknown\">Not known</a></li>",
        ]
        return "<nav aria-label=\"Sections\"><ul>\(items.joined())</ul></nav>\n"
    }

    // MARK: Bytes

    private var bytes: Markup {
        let tree = document.tree
        guard tree.bytes > 0 else {
            return .section(
                "bytes", "Where the bytes are", "<p>The bundle stores no content of its own.</p>\n")
        }
        return .section(
            "bytes", "Where the bytes are",
            """
            <p class="note">Each area is as its bytes within the box around it: an entry, its stored files, their \
            layers, their tensors. What is stored once is in the entry that has it.</p>
            \(TreemapDrawing.markup(tree, .wide, id: "wide", style: "wide"))\
            \(TreemapDrawing.markup(tree, .narrow, id: "narrow", style: "narrow"))\
            \(Markup.details("The stored files as a table", fileTable(tree)))
            """)
    }

    private func fileTable(_ tree: ByteTree) -> Markup {
        let files = tree.parts.flatMap { entry in entry.parts.map { (entry.name, $0) } }
        var rows: [[Markup]] = files.prefix(BundlePage.mostRows).map { entry, file in
            [
                "\(entry) · \(file.name)", "\(ByteCount.text(file.bytes))",
                "\(Percent.text(file.bytes, of: tree.bytes))", "\(BundlePage.largest(file))",
            ]
        }
        let rest = files.dropFirst(BundlePage.mostRows)
        if !rest.isEmpty {
            let bytes = rest.saturatedSum { $0.1.bytes }
            rows.append([
                "\(Counted.text(rest.count, "more file"))", "\(ByteCount.text(bytes))",
                "\(Percent.text(bytes, of: tree.bytes))", "",
            ])
        }
        return .table(
            "Stored files by size, entry by entry",
            [
                .init(title: "Entry and file"), .init(title: "Size", isNumber: true),
                .init(title: "Share", isNumber: true), .init(title: "Largest parts"),
            ], rows)
    }

    private static func largest(_ file: ByteTree) -> String {
        file.parts.prefix(3).map { "\($0.name) \(ByteCount.text($0.bytes))" }.joined(separator: ", ")
    }
}

/// Shares in percent.
enum Percent {
    /// "12 %", "0.4 %", "less than 0.1 %"; "0 %" for nothing, and of nothing.
    static func text(_ part: Int, of whole: Int) -> String {
        guard part > 0, whole > 0 else { return "0 %" }
        let share = Double(part) / Double(whole) * 100
        if share < 0.1 { return "less than 0.1 %" }
        return share < 10 ? "\(Tenths.text(share)) %" : "\(Int(min(share, 1e9).rounded())) %"
    }

    /// A share as a number from 0 to 1.
    static func share(_ part: Int, of whole: Int) -> Double {
        whole > 0 ? max(0, min(1, Double(part) / Double(whole))) : 0
    }
}
