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
        let reasons = Self.reasons(models)
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

    /// Why models do not run without care, the same reason of several models once.
    private static func reasons(_ models: [BundleDocument.Item]) -> Markup {
        var text = Markup()
        for accelerator in Accelerator.allCases {
            var reasons: [(text: String, models: [String])] = []
            var places: [ExactName: Int] = [:]
            for item in models {
                for reason in item.fits.first(where: { $0.accelerator == accelerator })?.reasons ?? [] {
                    let place = places[ExactName(reason)] ?? reasons.count
                    if place == reasons.count {
                        places[ExactName(reason)] = place
                        reasons.append((reason, []))
                    }
                    reasons[place].models.append(item.entry.name)
                }
            }
            guard !reasons.isEmpty else { continue }
            text += "<h4>\(accelerator.machine.name)</h4><ul>\n"
            for reason in reasons {
                let all = reason.models.count == models.count && models.count > 1
                text +=
                    "<li><strong>\(all ? "Every model" : list(reason.models))</strong>: \(reason.text)</li>\n"
            }
            text += "</ul>\n"
        }
        return text
    }
}
