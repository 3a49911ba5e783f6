import Formats
package import Manifests
package import Storage

/// The page about one model: its files, layers and tensors, and the types that they have.
package struct ModelPage: Sendable {
    /// One file of the model.
    package struct File: Sendable {
        /// The name, without a directory.
        package let name: String
        /// The size in bytes.
        package let size: Int
        /// Its tensors.
        package let tensors: [TensorRecord]

        /// Describes a file.
        package init(name: String, size: Int, tensors: [TensorRecord]) {
            (self.name, self.size, self.tensors) = (name, size, tensors)
        }
    }

    private let name: String
    private let format: String
    private let files: [File]
    private let metadata: [(name: String, value: String)]
    private let findings: [Diagnostic]
    private let version: String

    /// Takes what was read of a model.
    /// - Parameters:
    ///   - name: what it is called on the page: no path of the machine.
    ///   - format: in words.
    ///   - metadata: names and values, of which the page shows the first ones.
    ///   - findings: what its pickles or programs would do.
    ///   - version: the program's.
    package init(
        name: String, format: String, files: [File], metadata: [(name: String, value: String)],
        findings: [Diagnostic], version: String
    ) {
        self.name = name
        self.format = format
        self.files = files
        self.metadata = metadata
        self.findings = findings
        self.version = version
    }

    private var tensors: [TensorRecord] { files.flatMap(\.tensors) }

    /// The page, the same bytes for the same model.
    package func text() throws(HashingFailure) -> String {
        let tensors = tensors
        let tree = ByteTree(
            name, .whole, parts: files.map { .file($0.name, size: $0.size, $0.tensors) })
        var body: Markup = """
            <header>
            <h1>\(name)</h1>
            <p class="sub">\(format), \(Counted.text(files.count, "file"))</p>
            \(tiles(tensors, tree))</header>
            <main>

            """
        body += .section(
            "bytes", "Where the bytes are",
            tree.bytes == 0
                ? "<p>It has no bytes.</p>\n"
                : """
                <p class="note">Each area is as its bytes within the box around it: files, layers, tensors.</p>
                \(TreemapDrawing.markup(shown(tree), .wide, id: "wide", style: "wide"))\
                \(TreemapDrawing.markup(shown(tree), .narrow, id: "narrow", style: "narrow"))\
                \(Markup.details("The parts as a table", partTable(shown(tree))))
                """)
        body += .section(
            "types", "Types",
            typeTable(tensors)
                + BundlePage.bitsChart(
                    tensors, of: name, id: "bits", heading: "<h3>Bits for each weight</h3>\n"))
        if !findings.isEmpty {
            body += .section(
                "findings", "Findings",
                "<ul>\n"
                    + findings.prefix(50).map { "<li>\($0.severity.rawValue): \($0.message)</li>\n" }.joined()
                    + "</ul>\n")
        }
        if !metadata.isEmpty { body += .section("metadata", "Metadata", metadataTable) }
        body += """
            </main>
            <footer><p>Made by knapsack \(version). The page loads nothing and runs no script.</p></footer>

            """
        return try Page(title: "\(name): model", body: body).text()
    }

    /// Of one file, what is in it.
    private func shown(_ tree: ByteTree) -> ByteTree {
        guard tree.parts.count == 1, let file = tree.parts.first, !file.parts.isEmpty else { return tree }
        return ByteTree(name, .whole, parts: file.parts)
    }

    private func tiles(_ tensors: [TensorRecord], _ tree: ByteTree) -> Markup {
        let elements =
            tensors.contains { $0.elements == nil } ? nil : tensors.saturatedSum { $0.elements ?? 0 }
        let bytes = tensors.saturatedSum(\.bytes.count)
        let bits = elements.flatMap { $0 > 0 ? Double(bytes) * 8 / Double($0) : nil }
        let tiles = [
            ("Size", ByteCount.text(tree.bytes)), ("Tensors", String(tensors.count)),
            ("Parameters", elements.map(ParameterText.text) ?? "not known"),
            ("Bits for each weight", bits.map(Hundredths.text) ?? "not known"),
        ]
        return "<dl class=\"tiles\">\n"
            + tiles.map { name, value in "<div><dt>\(name)</dt><dd>\(value)</dd></div>\n" }.joined()
            + "</dl>\n"
    }

    private func partTable(_ tree: ByteTree) -> Markup {
        .table(
            "The parts by size",
            [
                .init(title: "Part"), .init(title: "In proportion"), .init(title: "Size", isNumber: true),
                .init(title: "Share", isNumber: true),
            ],
            tree.parts.prefix(BundlePage.mostRows).map { part -> [Markup] in
                [
                    "\(part.name)",
                    Markup.bar([
                        (style: "own", share: Percent.share(part.bytes, of: tree.parts.first?.bytes ?? 0))
                    ]),
                    "\(ByteCount.text(part.bytes))", "\(Percent.text(part.bytes, of: tree.bytes))",
                ]
            })
    }

    private func typeTable(_ tensors: [TensorRecord]) -> Markup {
        let types = TypeFigure.all(tensors)
        guard !types.isEmpty else { return "<p>It has no tensors that can be read.</p>\n" }
        let all = tensors.saturatedSum(\.bytes.count)
        return .table(
            "Types of the tensors",
            [
                .init(title: "Type"), .init(title: "In proportion"), .init(title: "Tensors", isNumber: true),
                .init(title: "Parameters", isNumber: true), .init(title: "Size", isNumber: true),
                .init(title: "Bits for each weight", isNumber: true),
            ],
            types.map { type -> [Markup] in
                [
                    "\(type.type)",
                    Markup.bar([(style: "own", share: Percent.share(type.figure.bytes, of: all))]),
                    "\(type.figure.tensors)",
                    "\(type.figure.elements.map(ParameterText.text) ?? "not known")",
                    "\(ByteCount.text(type.figure.bytes))",
                    "\(type.figure.bits.map(Hundredths.text) ?? "not known")",
                ]
            })
    }

    private var metadataTable: Markup {
        var rows: [[Markup]] = metadata.prefix(BundlePage.mostRows).map { item in
            ["\(item.name)", "\(String(item.value.unicodeScalars.prefix(400)))"]
        }
        let rest = metadata.count - rows.count
        if rest > 0 { rows.append(["\(rest) more", ""]) }
        return .table("Metadata, as the file states it", [.init(title: "Name"), .init(title: "Value")], rows)
    }
}
