import Formats
import Manifests
import Storage

extension BundlePage {
    /// Licences, who states them, and what the models were made from.
    var licences: Markup {
        let rows: [[Markup]] = document.items.map { item in
            let entry = item.entry
            return [
                "\(entry.name)" + (item.share == nil ? "<br><span class=\"note\">not packed</span>" : ""),
                entry.license.map { "\($0.id)" } ?? "<span class=\"chip warn\">nobody states one</span>",
                entry.license.map { "\($0.from.words)" } ?? "", lineage(entry),
            ]
        }
        return .section(
            "licences", "Licences",
            "<p>The bundle as a whole is published under <strong>\(lock.bundle.license)</strong>.</p>\n"
                + .table(
                    "The licences of the entries, and what they were made from",
                    [
                        .init(title: "Entry"), .init(title: "Licence"), .init(title: "Stated by"),
                        .init(title: "Made from"),
                    ], rows))
    }

    /// Bases that a card names, and entries of the lock that it was converted from, each with its licence where it is known.
    private func lineage(_ entry: LockedEntry) -> Markup {
        var lines: [Markup] = []
        if let request = entry.asked.conversion {
            for name in [request.from] + request.merged {
                let license = lock.entry(named: name)?.license?.id
                lines.append("entry \(name), \(license ?? "no licence stated")")
            }
        }
        let relation = entry.fact("base_model_relation")?.string
        for base in (entry.fact("base_models")?.strings ?? []).prefix(20) {
            let found = lock.entries.first { other in
                guard case .hub(let repository, _, _) = other.origin, repository.kind == .model else {
                    return false
                }
                return repository.id.lowercased().hasSameBytes(as: base.lowercased())
            }
            let license = found.map { $0.license?.id ?? "no licence stated" } ?? "licence not known here"
            lines.append(
                .link(base, to: WebAddress(hubModel: base))
                    + (relation.map { " (\($0))" as Markup } ?? "") + ", \(license)")
        }
        guard let first = lines.first else { return "" }
        return lines.dropFirst().reduce(first) { $0 + "<br>" + $1 }
    }

    // MARK: Findings

    /// What `check` states.
    var findings: Markup {
        let shown = document.findings.prefix(BundlePage.mostRows)
        let scope: Markup =
            document.subject == .manifest
            ? ""
            : "<p class=\"note\">By the rules that need no manifest: Kaggle's limits, completeness, contents.</p>\n"
        guard !shown.isEmpty else {
            return .section("findings", "Findings", scope + "<p>Nothing stands against the bundle.</p>\n")
        }
        var list: Markup = "<ul class=\"findings\">\n"
        for finding in shown { list += item(finding) }
        list += "</ul>\n"
        let rest = document.findings.count - shown.count
        if rest > 0 {
            list += "<p>\(Counted.text(rest, "more finding")), which <code>knapsack check</code> lists.</p>\n"
        }
        return .section("findings", "Findings", scope + list)
    }

    private func item(_ finding: Diagnostic) -> Markup {
        let chip: Markup =
            switch finding.severity {
            case .error: "<span class=\"chip bad\">error</span>"
            case .warning: "<span class=\"chip warn\">warning</span>"
            case .note: "<span class=\"chip plain\">note</span>"
            }
        var text: Markup =
            "<li class=\"finding\">\(chip) <code>\(finding.code.rawValue)</code>\n<p>\(finding.message)</p>\n"
        if !finding.notes.isEmpty {
            text += "<ul>" + finding.notes.prefix(20).map { "<li>\($0)</li>" }.joined() + "</ul>\n"
        }
        if let fix = finding.fix { text += "<p class=\"note\">Fix: \(fix)</p>\n" }
        return text + "</li>\n"
    }

    // MARK: Provenance

    /// Where everything comes from, and what it was proved by.
    var provenance: Markup {
        let signature: Markup =
            switch document.subject {
            case .directory: "\(document.signature ?? "there is none")"
            case .manifest, .lock, .archive: "not looked at: it is beside the bundle's files"
            }
        let facts: Markup = """
            <dl class="facts">
            <dt>SHA-256 of the lock</dt><dd><code>\(document.lockDigest.hex)</code></dd>
            <dt>Facts of version</dt><dd>\(lock.factsVersion)</dd>
            <dt>Equal content</dt><dd><code>dedup = "\(lock.bundle.deduplication.rawValue)"</code></dd>
            <dt>Signature</dt><dd>\(signature)</dd>
            </dl>

            """
        let rows: [[Markup]] = document.items.map { item in
            let entry = item.entry
            var proofs: [Proof: Int] = [:]
            for file in entry.files { proofs[file.proof, default: 0] += 1 }
            let proved = Proof.allCases.compactMap { proof in
                proofs[proof].map { "\(Counted.text($0, "file")): \(BundlePage.words(proof))" }
            }
            return [
                "\(entry.name)", origin(entry), "\(entry.files.count)",
                "\(ByteCount.text(entry.files.saturatedSum(\.size)))", "\(proved.joined(separator: "; "))",
            ]
        }
        return .section(
            "provenance", "Provenance",
            facts
                + .table(
                    "Where the entries come from, and what proved their content when they were locked",
                    [
                        .init(title: "Entry"), .init(title: "Source and revision"),
                        .init(title: "Files", isNumber: true),
                        .init(title: "Size", isNumber: true), .init(title: "Proved by"),
                    ], rows))
    }

    private func origin(_ entry: LockedEntry) -> Markup {
        let address = WebAddress(entry.origin)
        switch entry.origin {
        case .hub(let repository, let ref, let commit):
            return Markup.link(repository.id, to: address)
                + "<br><span class=\"note\">\(ref), commit <code>\(commit)</code></span>"
        case .kaggle(let handle): return .link(handle.text, to: address)
        case .registry(let source, let manifest):
            let digest: Markup = "<code>sha256:\(manifest.hex)</code>"
            return "\(source.text)<br><span class=\"note\">manifest " + digest + "</span>"
        case .path:
            return "\(entry.asked.text)<br><span class=\"note\">a directory, which has no revisions</span>"
        case .conversion(let made):
            return "\(entry.asked.text)<br><span class=\"note\">inputs <code>\(made.inputs.hex)</code></span>"
        }
    }

    private static func words(_ proof: Proof) -> String {
        switch proof {
        case .conversion: "made by Knapsack"
        case .none: "nothing"
        default: proof.rawValue
        }
    }

    // MARK: What is not known

    /// What the page cannot state, and what would show it.
    var open: Markup {
        .section(
            "unknown", "What this page cannot know",
            document.unknown.isEmpty
                ? "<p>Nothing that it would show.</p>\n"
                : "<ul>\n" + document.unknown.map { "<li>\($0)</li>\n" }.joined() + "</ul>\n")
    }
}
