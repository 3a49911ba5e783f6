import Formats
import Manifests

extension BundlePage {
    /// Types of the tensors, bits for each weight, and what conversions cost.
    var conversions: Markup {
        var content = typeTable
        if !document.errors.isEmpty {
            content += """
                <p class="note">An error is the root of the differences' energy over the original's: 1 % is one part in a \
                hundred. It is a figure of the weights alone, and not of what a model answers.</p>

                """
        }
        for item in document.items {
            let isMade = item.entry.asked.conversion != nil
            guard isMade || document.errors.contains(where: { $0.entry.hasSameBytes(as: item.entry.name) })
            else {
                continue
            }
            content += conversion(item)
        }
        return .section("conversions", "Types and conversions", content)
    }

    private var typeTable: Markup {
        let models = document.items.filter { $0.entry.kind == .model }
        guard !models.isEmpty else { return "<p>The bundle has no models.</p>\n" }
        let rows: [[Markup]] = models.map { item in
            let entry = item.entry
            let tensors = item.allTensors
            let types = TypeFigure.all(tensors)
            let text =
                types.isEmpty
                ? BundlePage.statedTypes(entry)
                : BundlePage.list(types.map { "\($0.type) \(ByteCount.text($0.figure.bytes))" })
            let all = LayerFigure(
                name: "", tensors: tensors.count, bytes: tensors.saturatedSum(\.bytes.count),
                elements: tensors.isEmpty || tensors.contains { $0.elements == nil }
                    ? nil : tensors.saturatedSum { $0.elements ?? 0 })
            let stated = entry.fact("parameters")?.integer
            let least = item.hasAllTensors ? "" : "at least "
            let parameters =
                stated.map(ParameterText.text) ?? all.elements.map { least + ParameterText.text($0) }
            return [
                "\(entry.name)" + (item.share == nil ? "<br><span class=\"note\">not packed</span>" : ""),
                "\(entry.asked.text)", "\(parameters ?? "not known")",
                "\(tensors.isEmpty ? "not known" : least + String(tensors.count))", "\(text)",
                "\(all.bits.map(BundlePage.bits) ?? "not known")",
            ]
        }
        return .table(
            "Models and the types of their tensors",
            [
                .init(title: "Model"), .init(title: "From"), .init(title: "Parameters", isNumber: true),
                .init(title: "Tensors", isNumber: true), .init(title: "Types"),
                .init(title: "Bits for each weight", isNumber: true),
            ], rows)
    }

    private static func statedTypes(_ entry: LockedEntry) -> String {
        let weights = entry.fact("weight_bytes")?.members ?? []
        if !weights.isEmpty {
            return list(weights.map { "\($0.key) \(ByteCount.text(max(0, $0.value.integer ?? 0)))" })
        }
        let types = entry.fact("dtypes")?.strings ?? []
        return types.isEmpty ? "not known" : list(types)
    }

    /// "4.51".
    static func bits(_ value: Double) -> String { Hundredths.text(value) }

    // MARK: One conversion

    private func conversion(_ item: BundleDocument.Item) -> Markup {
        let entry = item.entry
        var content: Markup = "<h3>\(entry.name)</h3>\n<p class=\"note\">Made \(entry.asked.text)"
        if case .conversion(let made) = entry.origin {
            content += ": \(made.text), conversion version \(made.converter)"
        }
        content += ".</p>\n"
        let id = Markup(number: document.items.firstIndex { $0.entry.name.hasSameBytes(as: entry.name) } ?? 0)
        let bits = Self.bitsChart(
            item.allTensors, of: entry.name, id: "bits-\(id)", heading: "<h4>Bits for each weight</h4>\n")
        let errors = document.errors.filter { $0.entry.hasSameBytes(as: entry.name) }.enumerated()
            .map { place, error in
                Self.errorChart(
                    error, id: place == 0 ? "error-\(id)" : "error-\(id)-\(Markup(number: place))")
            }
        return content + "<div class=\"pair\"><div>\(bits)</div><div>"
            + (errors.isEmpty
                ? "<p class=\"note\">What the conversion cost is not known here.</p>\n"
                : errors.reduce("", +))
            + "</div></div>\n" + Self.fit(entry, item.allTensors, id: id)
    }

    /// Bits for each weight, layer by layer; nothing where the tensors are not known.
    static func bitsChart(_ tensors: [TensorRecord], of name: String, id: Markup, heading: Markup) -> Markup {
        let layers = LayerFigures(tensors).all
        let known = layers.compactMap(\.bits)
        guard let least = known.min(), let most = known.max() else { return "" }
        guard most - least >= 0.005 else {
            return heading + "<p>\(bits(most)) in every layer.</p>\n"
        }
        let summary =
            "\(layers.count) layers and single tensors: from \(bits(least)) to \(bits(most)) bits for each weight"
        return heading
            + .columns(
                id: id, title: "Bits for each weight of \(name), layer by layer", summary: summary,
                layers.map { ($0.name, $0.bits, $0.bits.map { "\(bits($0)) bits" } ?? "not known") },
                top: bits(most))
            + .details(
                "The figures",
                .table(
                    "Bits for each weight of \(name)",
                    [
                        .init(title: "Layer or tensor"), .init(title: "Tensors", isNumber: true),
                        .init(title: "Size", isNumber: true), .init(title: "Bits", isNumber: true),
                    ],
                    layers.map { layer in
                        [
                            "\(layer.name)", "\(layer.tensors)", "\(ByteCount.text(layer.bytes))",
                            "\(layer.bits.map(bits) ?? "not known")",
                        ]
                    }))
    }

    private static func errorChart(_ error: ConversionCost, id: Markup) -> Markup {
        let known = error.layers.compactMap(\.relative)
        let most = known.max() ?? 0
        let total = error.total.relative.map(percent) ?? "not known"
        let name = error.file ?? error.entry
        var lead: Markup = """
            <h4>Error of the weights\(error.file.map { " of \($0)" } ?? "")</h4>
            <p class="note">Against \(error.original), \(error.source): \(total) over \(Counted.text(error.total.tensors, "tensor")).
            """
        if let first = error.notCompared.first {
            let more = error.notCompared.count > 1 ? ", such as" : ":"
            lead += """
                 \(Counted.text(error.notCompared.count, "tensor")) could not be compared\(more) \(first), which only one side \
                has as plain numbers.
                """
        }
        lead += "</p>\n"
        guard most > 0 else { return lead + "<p>Every weight is the same.</p>\n" }
        let worst = error.layers.max { ($0.relative ?? 0) < ($1.relative ?? 0) }
        return lead
            + .columns(
                id: id, title: "Error of the weights of \(name), layer by layer",
                summary:
                    "\(error.layers.count) layers and single tensors; the largest is \(worst?.name ?? "") with \(percent(most))",
                error.layers.map { ($0.name, $0.relative, $0.relative.map(percent) ?? "not known") },
                top: percent(most))
            + .details(
                "The figures",
                .table(
                    "Error of the weights of \(name)",
                    [
                        .init(title: "Layer or tensor"), .init(title: "Tensors", isNumber: true),
                        .init(title: "Error", isNumber: true),
                    ],
                    error.layers.map {
                        ["\($0.name)", "\($0.tensors)", "\($0.relative.map(percent) ?? "not known")"]
                    }))
    }

    /// "2.31 %", "0.0041 %".
    private static func percent(_ value: Double) -> String {
        let percent = value * 100
        if percent == 0 { return "0 %" }
        if percent >= 0.1 { return "\(Hundredths.text(percent)) %" }
        if percent < 0.0001 { return "less than 0.0001 %" }
        let scaled = Int((percent * 10_000).rounded())
        let digits = String(scaled)
        return "0." + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + " %"
    }
}

/// Numbers with two digits behind the point, the same on every machine.
enum Hundredths {
    /// "4.51", "16.00"; bounded as ``Tenths``.
    static func text(_ value: Double) -> String {
        guard value == value else { return "0.00" }
        let scaled = Int((max(0, min(1e9, value)) * 100).rounded())
        let fraction = scaled % 100
        return "\(scaled / 100)." + (fraction < 10 ? "0" : "") + "\(fraction)"
    }
}

extension Markup {
    /// A number.
    init(number: Int) { self = "\(number)" }
}
