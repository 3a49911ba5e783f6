import Formats
import Manifests
import Storage

extension BundlePage {
    /// What is stored once, and who shares with whom.
    var savings: Markup {
        let plan = document.plan
        let saved = max(0, plan.named - plan.size - plan.inBases)
        let files = plan.shares.saturatedSum { max(0, $0.savedByFiles) }
        let tensors = plan.shares.saturatedSum { max(0, $0.savedByTensors) }
        let lead: Markup =
            switch lock.bundle.deduplication {
            case .none:
                "<p>The bundle stores every file, also equal ones (<code>dedup = \"none\"</code>).</p>\n"
            case .file, .tensor:
                saved == 0
                    ? "<p>No two entries have content in common, so that nothing could be stored once.</p>\n"
                    : "<p>Equal files saved \(ByteCount.text(files)), equal tensors \(ByteCount.text(tensors)): \(Percent.text(saved, of: plan.named)) of what the entries name.</p>\n"
            }
        var key: Markup = """
            <ul class="key" aria-label="Key"><li>\(swatch("own"))stored for the entry</li><li>\(swatch("file"))equal files</li>\
            <li>\(swatch("tensor"))equal tensors</li>
            """
        if !lock.bases.isEmpty { key += "<li>\(swatch("base"))in a base</li>" }
        key += "</ul>\n"
        return .section("savings", "What is stored once", lead + key + entryTable + sharingTable)
    }

    private func swatch(_ style: StaticString) -> Markup {
        "<svg viewBox=\"0 0 1 1\" aria-hidden=\"true\"><rect class=\"\(Markup(stringLiteral: style))\" width=\"1\" height=\"1\"/></svg>"
    }

    private var entryTable: Markup {
        let largest = document.plan.shares.map(\.named).max() ?? 0
        let hasBases = !lock.bases.isEmpty
        let rows: [[Markup]] = document.plan.shares.map { share in
            let bar = Markup.bar([
                ("own", Percent.share(share.stored, of: largest)),
                ("file", Percent.share(share.savedByFiles, of: largest)),
                ("tensor", Percent.share(share.savedByTensors, of: largest)),
                ("base", Percent.share(share.inBases, of: largest)),
            ])
            var row: [Markup] = [
                "\(share.name)", bar, "\(ByteCount.text(share.named))", "\(ByteCount.text(share.stored))",
                "\(ByteCount.text(max(0, share.savedByFiles)))",
                "\(ByteCount.text(max(0, share.savedByTensors)))",
            ]
            if hasBases { row.append("\(ByteCount.text(share.inBases))") }
            return row
        }
        return .table(
            "What each entry brings and costs",
            [
                .init(title: "Entry"), .init(title: "In proportion"), .init(title: "Named", isNumber: true),
                .init(title: "Stored", isNumber: true), .init(title: "Equal files", isNumber: true),
                .init(title: "Equal tensors", isNumber: true),
            ] + (hasBases ? [.init(title: "In bases", isNumber: true)] : []), rows)
    }

    private var sharingTable: Markup {
        guard !document.sharing.isEmpty else { return "" }
        let largest = document.sharing.first?.bytes ?? 0
        var rows: [[Markup]] = document.sharing.prefix(BundlePage.mostRows).map { sharing in
            let isBase = if case .base = sharing.holder { true } else { false }
            let isSelf = !isBase && sharing.holderName.hasSameBytes(as: sharing.user)
            return [
                "\(sharing.user)",
                isSelf ? "itself" : isBase ? "base \(sharing.holderName)" : "\(sharing.holderName)",
                Markup.bar([
                    ("file", Percent.share(sharing.files, of: largest)),
                    ("tensor", Percent.share(sharing.tensors, of: largest)),
                ]),
                "\(ByteCount.text(sharing.files))", "\(ByteCount.text(sharing.tensors))",
            ]
        }
        let rest = document.sharing.dropFirst(BundlePage.mostRows)
        if !rest.isEmpty {
            rows.append([
                "\(Counted.text(rest.count, "more pair"))", "", "",
                "\(ByteCount.text(rest.saturatedSum(\.files)))",
                "\(ByteCount.text(rest.saturatedSum(\.tensors)))",
            ])
        }
        return "<h3>Who shares with whom</h3>\n"
            + .table(
                "Bytes of an entry that another one has",
                [
                    .init(title: "Entry"), .init(title: "Uses content of"), .init(title: "In proportion"),
                    .init(title: "Whole files", isNumber: true), .init(title: "Tensors", isNumber: true),
                ], rows)
    }

    // MARK: Bases

    /// What is in bases, and what here; nothing for a bundle that builds on none.
    var basesSection: Markup {
        guard !lock.bases.isEmpty else { return "" }
        let plan = document.plan
        var sums: [SHA256Digest: [RelativePath: Int]] = [:]
        var files: [SHA256Digest: Int] = [:]
        for entry in lock.packed {
            for file in entry.files {
                for base in file.bases { files[base, default: 0] += 1 }
                switch file.placement {
                case .natural, .at: break
                case .base(let base, let path): sums[base, default: [:]][path] = file.size
                case .segments(let segments):
                    for segment in segments {
                        guard let base = segment.base else { continue }
                        let end = segment.offset.saturated(adding: segment.length)
                        sums[base, default: [:]][segment.at] = max(sums[base]?[segment.at] ?? 0, end)
                    }
                }
            }
        }
        let rows: [[Markup]] = lock.bases.map { base in
            let isKnown = document.baseLocks[base.sha256]
            let what: Markup =
                if let known = isKnown, let plan = try? Plan(known) {
                    "\(ByteCount.text(plan.size)), \(Counted.text(known.packed.count, "entry")): \(BundlePage.list(known.packed.map(\.name)))"
                } else {
                    "not read: name it with <code>--base</code>"
                }
            return [
                "\(base.name)", "\(base.attach)", "\(files[base.sha256] ?? 0)",
                "\(Counted.text(sums[base.sha256]?.count ?? 0, "file"))", what,
                "<code>\(String(base.sha256.hex.prefix(16)))…</code>",
            ]
        }
        let total = plan.named
        return .section(
            "bases", "What is in the bases, and what is here",
            """
            <p>Of \(ByteCount.text(total)) that the entries name, \(ByteCount.text(plan.inBases)) \
            (\(Percent.text(plan.inBases, of: total))) are in bundles that this one builds on. A notebook has to have all of \
            them attached.</p>
            \(Markup.bar([("base", Percent.share(plan.inBases, of: total)), ("own", Percent.share(plan.size, of: total))]))
            """
                + .table(
                    "The bundles that it builds on",
                    [
                        .init(title: "Base"), .init(title: "Attach"),
                        .init(title: "Files that need it", isNumber: true),
                        .init(title: "Stored in", isNumber: true), .init(title: "What it has"),
                        .init(title: "SHA-256 of its lock"),
                    ], rows))
    }

    /// The first of some names.
    static func list(_ names: [String]) -> String {
        names.count > 6
            ? names.prefix(5).joined(separator: ", ") + " and \(names.count - 5) more"
            : names.joined(separator: ", ")
    }
}
