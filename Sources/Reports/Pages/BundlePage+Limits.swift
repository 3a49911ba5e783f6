import Formats
import Manifests
import Rules

extension BundlePage {
    /// Kaggle's limits, the policy's, and the accelerators.
    var limits: Markup {
        let rows: [[Markup]] = BundleLimit.all(document.plan, policy: document.policy).map {
            limit -> [Markup] in
            let isOver = limit.used > limit.limit
            let share = Percent.share(limit.used, of: limit.limit)
            let text: (Int) -> String = { limit.unit == .bytes ? ByteCount.text($0) : String($0) }
            return [
                "\(limit.name)<br><span class=\"note\">\(limit.source)</span>",
                isOver ? Markup.bar([(style: "over", share: 1)]) : Markup.bar([(style: "own", share: share)]),
                "\(text(limit.used))", "\(text(limit.limit))",
                isOver
                    ? "<span class=\"chip bad\">over</span>"
                    : share > 0.9
                        ? "<span class=\"chip warn\">nearly full</span>"
                        : "<span class=\"chip good\">within</span>",
            ]
        }
        return .section(
            "limits", "Limits and accelerators",
            Markup.table(
                "What the bundle takes of each limit",
                [
                    .init(title: "Limit"), .init(title: "In proportion"),
                    .init(title: "Takes", isNumber: true),
                    .init(title: "May take", isNumber: true), .init(title: "Verdict"),
                ], rows) + accelerators)
    }

    private var accelerators: Markup {
        let models = document.packed.filter { !$0.fits.isEmpty }
        guard !models.isEmpty else {
            return "<p>No entry has weights that are loaded onto an accelerator.</p>\n"
        }
        let wanted = document.policy?.accelerator
        let rows: [[Markup]] = models.map { item in
            ["\(item.entry.name)"]
                + item.fits.map { fit in
                    switch fit.verdict {
                    case .yes: "<span class=\"chip good\">yes</span>"
                    case .care: "<span class=\"chip warn\">with care</span>"
                    case .no: "<span class=\"chip bad\">no</span>"
                    }
                }
        }
        var reasons = Markup()
        for item in models {
            let fits = item.fits.filter { !$0.reasons.isEmpty }
            guard !fits.isEmpty else { continue }
            reasons += "<h4>\(item.entry.name)</h4><ul>\n"
            for fit in fits {
                reasons +=
                    "<li><strong>\(fit.accelerator.machine.name)</strong>: \(fit.reasons.joined(separator: "; "))</li>\n"
            }
            reasons += "</ul>\n"
        }
        let machines = models.first?.fits.map(\.accelerator.machine) ?? []
        let columns: [Markup.Column] =
            [.init(title: "Model")]
            + machines.map {
                .init(title: "\($0.name)<br><span class=\"nw\">\(ByteCount.text($0.usableTotal))</span>")
            }
        return """
            <h3>Which model runs where</h3>
            <p class="note">Weights alone, each model by itself; beside a machine's name is the room that it has for them.\
            \(wanted.map { " The policy asks for \($0.machine.name)." as Markup } ?? "")</p>
            \(Markup.table("Models and accelerators", columns, rows))
            """ + (reasons.text.isEmpty ? "" : .details("Why", reasons, isPrinted: true))
    }
}
