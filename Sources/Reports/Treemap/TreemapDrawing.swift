import Formats

/// A treemap as SVG: entries in colours, and in them files, layers and tensors as far as there is room.
struct TreemapDrawing {
    /// The drawing's size and what is the least that is drawn, in its own units.
    struct Format {
        /// The width.
        let width: Double
        /// The height.
        let height: Double
        /// The size of letters.
        let letter: Double
        /// The least area of a part that is drawn by itself.
        let least: Double

        /// For screens of some width, and for paper.
        static let wide = Format(width: 1200, height: 620, letter: 12, least: 160)
        /// For phones.
        static let narrow = Format(width: 400, height: 560, letter: 12, least: 110)
    }

    /// How many colours there are; `e0` to `e7` of the style.
    private static let colors = 8

    private let format: Format
    /// The level whose parts have colours of their own.
    private let colored: ByteTree.Level
    private var shapes = Markup()

    /// The picture with its text alternative.
    /// - Parameters:
    ///   - tree: what is drawn.
    ///   - id: begins the names of the elements of the picture, unlike those of all others on the page.
    static func markup(_ tree: ByteTree, _ format: Format, id: StaticString, style: StaticString) -> Markup {
        // Of one model, its files or layers have the colours.
        let level: ByteTree.Level = tree.parts.count > 1 ? .entry : .layer
        var drawing = TreemapDrawing(format: format, colored: level)
        drawing.draw(tree)
        let name = Markup(stringLiteral: id)
        let width = Markup(stringLiteral: style)
        return """
            <svg class="treemap \(width)" viewBox="0 0 \(format.width) \(format.height)" role="img" \
            aria-labelledby="\(name)-title \(name)-desc" xmlns="http://www.w3.org/2000/svg">
            <title id="\(name)-title">Treemap of \(tree.name), \(ByteCount.text(tree.bytes))</title>
            <desc id="\(name)-desc">\(summary(tree))</desc>
            \(drawing.shapes)</svg>

            """
    }

    private init(format: Format, colored: ByteTree.Level) {
        self.format = format
        self.colored = colored
    }

    /// The largest parts in words.
    static func summary(_ tree: ByteTree) -> String {
        let shown = tree.parts.prefix(12).map { "\($0.name): \(ByteCount.text($0.bytes))" }
        let more = tree.parts.count > 12 ? "; \(Counted.text(tree.parts.count - 12, "more part"))" : ""
        return shown.joined(separator: "; ") + more + ". The table below the picture has the figures."
    }

    private mutating func draw(_ tree: ByteTree) {
        let box = Box(x: 0, y: 0, width: format.width, height: format.height)
        for (index, (part, box)) in divided(tree, box).enumerated() {
            draw(part, box, color: index % TreemapDrawing.colors, shade: 0, path: "")
        }
    }

    /// The parts that are large enough in a box, the others as one.
    private func divided(_ tree: ByteTree, _ box: Box) -> [(ByteTree, Box)] {
        guard tree.bytes > 0 else { return [] }
        let scale = box.area / Double(tree.bytes)
        let large = tree.parts.prefix { Double($0.bytes) * scale >= format.least }.count
        let parts =
            large == tree.parts.count
            ? tree.parts : ByteTree.together(tree.parts, most: max(1, large + 1))
        return Array(zip(parts, Squarified.boxes(parts.map(\.bytes), in: box)))
    }

    private mutating func draw(_ part: ByteTree, _ box: Box, color: Int, shade: Int, path: String) {
        guard box.width > 0.2, box.height > 0.2 else { return }
        var part = part
        let (label, level) = (part.short, part.level)
        var full = path.isEmpty ? part.name : "\(path) · \(part.name)"
        // A frame around one frame alone says nothing.
        while part.parts.count == 1, let only = part.parts.first, only.level != .tensor {
            part = only
            full += " · \(only.name)"
        }
        let strip = format.letter * 1.5
        let isFrame = !part.parts.isEmpty && min(box.width, box.height) > 16 && box.area > format.least * 4
        let hasStrip =
            isFrame && box.width > format.letter * 5 && box.height > strip * 3 && part.level != .whole
        shapes += "<g class=\"e\(color)\">"
        shapes += rectangle(box, part, shade: shade, isFrame: isFrame)
        shapes += "<title>\(full): \(ByteCount.text(part.bytes))</title>"
        if hasStrip || !isFrame { shapes += text(label, part.bytes, box, isStrip: isFrame, level: level) }
        shapes += "</g>\n"
        guard isFrame else { return }
        let inner = box.inset(top: hasStrip ? strip : 1.5, sides: part.level == .layer ? 1 : 2)
        for (index, (child, box)) in divided(part, inner).enumerated() {
            let own = part.level == .whole || (colored == .layer && child.level == .layer)
            draw(
                child, box, color: own ? index % TreemapDrawing.colors : color,
                shade: part.level == .layer ? shade : index % 2, path: full)
        }
    }

    private func rectangle(_ box: Box, _ part: ByteTree, shade: Int, isFrame: Bool) -> Markup {
        let kind: Markup =
            if isFrame {
                part.level == .layer ? "l" : "f"
            } else if part.level == .other || part.level == .several {
                "o"
            } else {
                shade == 0 ? "a" : "b"
            }
        return """
            <rect class="\(kind)" x="\(box.x)" y="\(box.y)" width="\(box.width)" height="\(box.height)"/>
            """
    }

    /// The name, and the size where both fit.
    private func text(_ name: String, _ bytes: Int, _ box: Box, isStrip: Bool, level: ByteTree.Level)
        -> Markup
    {
        let room = (box.width - 8) * (level == .entry ? 0.9 : 1)
        guard room > format.letter * 2.5, box.height > format.letter * 1.4 else { return "" }
        let size = ByteCount.text(bytes)
        let shown = VisibleText.visible(name)
        let x = box.x + 4
        let y = box.y + format.letter * 1.15
        let isEntry = level == .entry
        let isStrong: Markup = isEntry ? " class=\"n\"" : ""
        let both = "\(shown)  \(size)"
        if width(both) <= room { return "<text\(isStrong) x=\"\(x)\" y=\"\(y)\">\(both)</text>" }
        guard let cut = fitting(shown, room, keepsStart: isEntry) else { return "" }
        var result: Markup = "<text\(isStrong) x=\"\(x)\" y=\"\(y)\">\(cut)</text>"
        if !isStrip, width(size) <= room, box.height > format.letter * 2.7 {
            result += "<text class=\"s\" x=\"\(x)\" y=\"\(y + format.letter * 1.2)\">\(size)</text>"
        }
        return result
    }

    /// As much of a text as there is room for: of a file's or a tensor's name the end is of more use than the beginning. `nil`
    /// for less than four characters.
    private func fitting(_ text: String, _ room: Double, keepsStart: Bool) -> String? {
        if width(text) <= room { return text }
        var left = room - format.letter * 0.8
        var kept: [Character] = []
        for character in keepsStart ? Array(text) : text.reversed() {
            left -= width(of: character)
            guard left >= 0 else { break }
            kept.append(character)
        }
        guard kept.count >= 4 else { return nil }
        return keepsStart ? String(kept) + "…" : "…" + String(kept.reversed())
    }

    private func width(_ text: String) -> Double { text.reduce(0) { $0 + width(of: $1) } }

    /// About the width of a character in a sans-serif font.
    private func width(of character: Character) -> Double {
        guard let code = character.asciiValue else { return format.letter * 1.05 }
        switch code {
        case UInt8(ascii: "m"), UInt8(ascii: "w"), UInt8(ascii: "M"), UInt8(ascii: "W"), UInt8(ascii: "@"),
            UInt8(ascii: "%"):
            return format.letter * 1.03
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): return format.letter * 0.74
        case UInt8(ascii: "i"), UInt8(ascii: "l"), UInt8(ascii: "."), UInt8(ascii: " "), UInt8(ascii: "j"):
            return format.letter * 0.32
        default: return format.letter * 0.62
        }
    }
}
