import Formats
import Storage

/// A whole page: one file that loads nothing, runs nothing, and leads nowhere but to `https`.
struct Page {
    /// What every page has near its start, by which a file is known to be a report.
    static let generator = "<meta name=\"generator\" content=\"knapsack report\">"

    /// The title.
    let title: String
    /// What is between `<body>` and `</body>`.
    let body: Markup

    /// The document. The style is allowed by its digest, so that no other one and no script can have an effect.
    func text() throws(HashingFailure) -> String {
        let style = PageStyle.text.text
        let digest = Base64.text(try ContentHasher.sha256(Array(style.utf8).span).bytes.map { $0 })
        let page: Markup = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="generator" content="knapsack report">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-\(digest)'; \
            base-uri 'none'; form-action 'none'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="referrer" content="no-referrer">
            <title>\(title)</title>
            <style>\(PageStyle.text)</style>
            </head>
            <body>
            \(body)</body>
            </html>

            """
        return page.text
    }
}

/// Whether a file is a report, and may be written over.
package enum ReportFile {
    /// The most bytes at the start of a file that have to be looked at.
    package static let head = 1024

    /// Whether a file that begins with these bytes was written as a report.
    package static func isReport(_ bytes: [UInt8]) -> Bool {
        String(decoding: bytes.prefix(head), as: UTF8.self).containsUTF8(Page.generator)
    }
}

extension Markup {
    /// A part of the page under a heading, which others can lead to.
    static func section(_ id: StaticString, _ title: String, _ content: Markup) -> Markup {
        let id = Markup(stringLiteral: id)
        return """
            <section id="\(id)" aria-labelledby="\(id)-h">
            <h2 id="\(id)-h">\(title)</h2>
            \(content)</section>

            """
    }

    /// A column of a table.
    struct Column {
        /// The heading.
        let title: Markup
        /// Whether its cells are figures.
        var isNumber = false
    }

    /// A table whose first column names the rows. Where it is wider than the screen, it scrolls by itself.
    static func table(_ caption: String, _ columns: [Column], _ rows: [[Markup]]) -> Markup {
        var text: Markup = """
            <div class="scroll" role="region" aria-label="\(caption)" tabindex="0"><table>
            <caption>\(caption)</caption>
            <thead><tr>
            """
        for column in columns {
            text += "<th scope=\"col\"\(kind(column))>\(column.title)</th>"
        }
        text += "</tr></thead>\n<tbody>\n"
        for row in rows {
            text += "<tr>"
            for (index, (column, cell)) in zip(columns, row).enumerated() {
                text +=
                    index == 0
                    ? "<th scope=\"row\"\(kind(column))>\(cell)</th>" : "<td\(kind(column))>\(cell)</td>"
            }
            text += "</tr>\n"
        }
        return text + "</tbody></table></div>\n"
    }

    private static func kind(_ column: Column) -> Markup { column.isNumber ? " class=\"num\"" : "" }

    /// Something that is shown when it is asked for.
    /// - Parameter isPrinted: whether it is on paper, where nobody can ask.
    static func details(_ summary: Markup, _ content: Markup, isPrinted: Bool = false) -> Markup {
        let kind: Markup = isPrinted ? " class=\"paper\"" : ""
        return "<details\(kind)><summary>\(summary)</summary>\n\(content)</details>\n"
    }

    /// A bar of parts, each with the name of its style and its share of the whole; what is missing to 1 stays empty. It
    /// says nothing that is not beside it in words.
    static func bar(_ parts: [(style: StaticString, share: Double)]) -> Markup {
        var text: Markup =
            "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
        text += "<rect class=\"track\" width=\"1000\" height=\"10\"/>"
        var x = 0.0
        for part in parts {
            let width = max(0, min(1, part.share)) * 1000
            guard width > 0 else { continue }
            text += """
                <rect class="\(Markup(stringLiteral: part.style))" x="\(x)" width="\(min(max(width, 3), 1000 - x))" height="10"/>
                """
            x = min(1000, x + width)
        }
        return text + "</svg>"
    }

    /// Columns over something that has an order, such as layers, with a text alternative.
    /// - Parameter values: what is shown; `nil` leaves a gap.
    static func columns(
        id: Markup, title: String, summary: String, _ values: [(name: String, value: Double?, text: String)],
        top: String
    ) -> Markup {
        let largest = values.compactMap(\.value).max() ?? 0
        let step = 1000 / Double(max(1, values.count))
        let gap = values.count > 60 ? step * 0.12 : step * 0.2
        var text: Markup = """
            <figure class="chart"><div class="axis" aria-hidden="true"><span>\(top)</span><span>0</span></div>
            <svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-labelledby="\(id)-t \(id)-d" \
            xmlns="http://www.w3.org/2000/svg"><title id="\(id)-t">\(title)</title><desc id="\(id)-d">\(summary)</desc>
            <path class="grid" d="M0 0.5H1000M0 50H1000M0 99.5H1000"/>
            """
        for (index, column) in values.enumerated() {
            guard let value = column.value, largest > 0 else { continue }
            let height = max(0.6, value / largest * 100)
            text += """
                <rect x="\(Double(index) * step + gap / 2)" y="\(100 - height)" width="\(step - gap)" height="\(height)">\
                <title>\(column.name): \(column.text)</title></rect>

                """
        }
        let (first, last) = (values.first?.name ?? "", values.last?.name ?? "")
        return text + """
            </svg>
            <figcaption><span>\(first)</span><span>\(values.count > 1 ? last : "")</span></figcaption></figure>

            """
    }
}
