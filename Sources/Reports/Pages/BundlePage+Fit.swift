import Formats
import Manifests

extension BundlePage {
    /// The most tensors that have a column each.
    private static let mostColumns = 400

    /// How the types of a fitted file were chosen: the front, the mixtures and the choice, and bits of every tensor;
    /// nothing where the lock has nothing of it.
    static func fit(_ entry: LockedEntry, _ tensors: [TensorRecord], id: Markup) -> Markup {
        guard let figures = FitFigures(entry.fact("fit")) else { return "" }
        let proof: Markup =
            figures.bound == figures.choice.cost
            ? "proved to be the least"
            : "at most \(error(figures.choice.cost - figures.bound)) above the least"
        let lead: Markup = """
            <h4>Types within a budget</h4>
            <p class="note">\(ByteCount.text(figures.choice.size)) of \(ByteCount.text(figures.budget)), weighted error \
            \(error(figures.choice.cost)), \(proof). A weighted error is a figure of the weights alone.</p>

            """
        return lead + front(figures, of: entry.name, id: "front-\(id)")
            + bits(figures, tensors, of: entry.name, id: "tensors-\(id)")
    }

    // MARK: Parts

    private static func front(_ figures: FitFigures, of name: String, id: Markup) -> Markup {
        guard figures.front.count > 1 else { return "" }
        let plot = Plot(figures)
        let line = figures.front.filter { $0.cost > 0 }.map { point -> Markup in
            "\(plot.x(point)),\(plot.y(point)) "
        }.joined()
        var drawing: Markup = """
            <figure class="front"><svg viewBox="0 0 480 300" role="img" aria-labelledby="\(id)-t \(id)-d" \
            xmlns="http://www.w3.org/2000/svg"><title id="\(id)-t">Size and weighted error of \(name)</title>\
            <desc id="\(id)-d">The best of every size from \(ByteCount.text(plot.sizes.lowerBound)) to \
            \(ByteCount.text(plot.sizes.upperBound)) as a line, \(Counted.text(figures.mixtures.count, "fixed mixture")) and the \
            choice as points; the table has the figures.</desc>
            <path class="grid" d="M46 10V264H470"/><polyline points="\(line)"/>

            """
        // A name that another one would be written over is in the point's title and the table alone.
        var named: [(x: Double, y: Double)] = []
        for (name, point) in figures.mixtures where point.cost > 0 {
            let (x, y) = (plot.x(point), plot.y(point))
            drawing += """
                <circle class="m" cx="\(x)" cy="\(y)" r="4"><title>\(name)</title></circle>
                """
            guard named.allSatisfy({ abs($0.x - x) > 60 || abs($0.y - y) > 13 }) else { continue }
            named.append((x, y))
            drawing += """
                <text x="\(x + 6)" y="\(y - 6)">\(name)</text>

                """
        }
        if figures.choice.cost > 0 {
            drawing += """
                <circle class="c" cx="\(plot.x(figures.choice))" cy="\(plot.y(figures.choice))" r="6"><title>the choice</title>\
                </circle>

                """
        }
        drawing += """
            <text x="46" y="282">\(ByteCount.text(plot.sizes.lowerBound))</text>\
            <text x="470" y="282" text-anchor="end">\(ByteCount.text(plot.sizes.upperBound))</text>\
            <text x="52" y="14">\(error(plot.costs.upperBound))</text>\
            <text x="52" y="260">\(error(plot.costs.lowerBound))</text>
            </svg><figcaption><span>size →, weighted error ↑ (each step doubles)</span></figcaption></figure>

            """
        let rows =
            [("the choice", figures.choice)] + figures.mixtures
            + figures.front.map { ("best of its size", $0) }
        return drawing
            + .details(
                "The figures",
                .table(
                    "Sizes and weighted errors of \(name)",
                    [
                        .init(title: "Types"), .init(title: "Size", isNumber: true),
                        .init(title: "Weighted error", isNumber: true),
                    ],
                    rows.map { ["\($0.0)", "\(ByteCount.text($0.1.size))", "\(error($0.1.cost))"] }))
    }

    private static func bits(
        _ figures: FitFigures, _ tensors: [TensorRecord], of name: String, id: Markup
    ) -> Markup {
        let chosen = tensors.filter { figures.tensors.contains(ExactName($0.name)) }
        guard !chosen.isEmpty, chosen.count <= mostColumns else { return "" }
        let values = chosen.map { tensor -> (name: String, value: Double?, text: String) in
            let bits = tensor.elements.flatMap { $0 > 0 ? Double(tensor.bytes.count) * 8 / Double($0) : nil }
            let text = bits.map { "\(self.bits($0)) bits" } ?? "not known"
            return (tensor.name, bits, "\(tensor.type ?? "not known"), \(text)")
        }
        let most = values.compactMap(\.value).max() ?? 0
        let missing = figures.tensors.count - chosen.count
        let note: Markup =
            missing > 0
            ? "<p class=\"note\">Not listed in the lock: \(Counted.text(missing, "smaller tensor")).</p>\n"
            : ""
        return "<h4>Bits of every tensor</h4>\n" + note
            + .columns(
                id: id, title: "Bits for each weight of \(name), tensor by tensor",
                summary:
                    "\(chosen.count) tensors whose types were chosen, with up to \(bits(most)) bits for each weight",
                values, top: bits(most))
            + .details(
                "The types",
                .table(
                    "Types of the tensors of \(name)",
                    [.init(title: "Tensor"), .init(title: "Type and bits for each weight")],
                    values.map { ["\($0.name)", "\($0.text)"] }))
    }

    /// A weighted error with three digits: "0.0172", "3.10e-5".
    private static func error(_ cost: Int) -> String {
        let value = Double(cost) / FitFigures.parts
        guard value > 0 else { return "0" }
        var (digits, power) = (value, 0)
        while digits < 1, power < 20 { (digits, power) = (digits * 10, power + 1) }
        let scaled = Int((min(digits, 1e6) * 100).rounded())
        let text = Hundredths.text(Double(scaled) / 100)
        if power == 0 { return text }
        if power <= 4 {
            return "0." + String(repeating: "0", count: power - 1) + "\(min(scaled, 999))"
        }
        return "\(text)e-\(power)"
    }
}

/// Where points of a fit are drawn: sizes from left to right, errors from below in steps that double.
private struct Plot {
    let sizes: ClosedRange<Int>
    let costs: ClosedRange<Int>

    init(_ figures: FitFigures) {
        let all = ([figures.choice] + figures.front + figures.mixtures.map(\.point)).filter { $0.cost > 0 }
        let known = all.map(\.size)
        let errors = all.map(\.cost)
        // A lock may state any number.
        let (size, cost) = (min(known.min() ?? 0, .max - 1), min(errors.min() ?? 1, .max - 1))
        sizes = size...max(known.max() ?? 1, size + 1)
        costs = cost...max(errors.max() ?? 2, cost + 1)
    }

    func x(_ point: FitFigures.Point) -> Double {
        46 + 424 * Double(point.size - sizes.lowerBound) / Double(sizes.upperBound - sizes.lowerBound)
    }

    func y(_ point: FitFigures.Point) -> Double {
        let (low, high) = (Self.doublings(costs.lowerBound), Self.doublings(costs.upperBound))
        return 264 - 248 * (Self.doublings(point.cost) - low) / max(0.01, high - low)
    }

    /// How often 1 doubles up to a number: between two doublings in a straight line, the same on every machine.
    private static func doublings(_ number: Int) -> Double {
        let value = Double(max(1, number))
        return Double(value.exponent) + value.significand - 1
    }
}
