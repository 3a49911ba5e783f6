import Formats
import Manifests
import TestSupport
import Testing

@testable import Reports

@Suite("Markup: what comes from outside is text")
struct MarkupTests {
    @Test(
        "escapes what acts and shows what hides",
        arguments: [
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("a\"b'c&d", "a&quot;b&#39;c&amp;d"), ("\u{1B}[31m\u{0}\u{7F}", "␛[31m␀␡"),
            ("a\nb\tc", "a␊b␉c"), ("\u{202E}gpj", "⟨U+202E⟩gpj"), ("\u{85}", "⟨U+0085⟩"),
            ("\u{200D}\u{2028}\u{FEFF}\u{FFFE}\u{E000}", "⟨U+200D⟩⟨U+2028⟩⟨U+FEFF⟩⟨U+FFFE⟩⟨U+E000⟩"),
            ("\u{E0041}\u{3164}", "⟨U+E0041⟩⟨U+3164⟩"), ("日本語 é ok", "日本語 é ok"), ("&lt;", "&amp;lt;"),
        ])
    func escapes(text: String, expected: String) {
        #expect(VisibleText.escaped(text) == expected)
        let markup: Markup = "<b title=\"\(text)\">\(text)</b>"
        #expect(markup.text == "<b title=\"\(expected)\">\(expected)</b>")
    }

    @Test("whatever the scalars are, nothing that acts is left", arguments: UInt64(1)...200)
    func fuzz(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var text = ""
        let pieces = ["<", ">", "\"", "'", "&", "</title>", "]]>", "<!--", "javascript:", "\r\n", "`", "="]
        for _ in 0..<60 {
            if Bool.random(using: &random) {
                text += pieces.randomElement(using: &random) ?? ""
            } else if let scalar = Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &random)) {
                text.unicodeScalars.append(scalar)
            }
        }
        let escaped = VisibleText.escaped(text)
        #expect(!escaped.unicodeScalars.contains { "<>\"'".unicodeScalars.contains($0) })
        for scalar in escaped.unicodeScalars {
            #expect(scalar.value >= 0x20 && !(0x7F..<0xA0).contains(scalar.value))
            #expect(scalar.properties.generalCategory != .format)
        }
        // Every ampersand begins one of the five references.
        let references = ["amp;", "lt;", "gt;", "quot;", "#39;"]
        for part in escaped.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
            .dropFirst()
        {
            #expect(references.contains { part.starts(with: $0.utf8) })
        }
    }

    @Test(
        "addresses are of https, of the two services, and of harmless characters",
        arguments: [
            "javascript:alert(1)/x", "a/..", "../x", "a/b?c=d", "a/b#c", "a b/c", "org/na\"me",
            "//evil.example/x",
            "org", "a/b/c", "",
        ])
    func refusesAddresses(id: String) {
        #expect(WebAddress(hubModel: id) == nil)
    }

    @Test("a model of the Hub has an address")
    func takesAddress() {
        #expect(WebAddress(hubModel: "Qwen/Qwen2.5-7B")?.text == "https://huggingface.co/Qwen/Qwen2.5-7B")
    }

    @Test(
        "layers are found by the first number of a name",
        arguments: [
            ("model.layers.12.mlp.up_proj.weight", "model.layers.12", "layers.12"),
            ("blk.3.attn_q.weight", "blk.3", "blk.3"),
            ("transformer.h.0.experts.7.w", "transformer.h.0", "h.0"),
        ])
    func layers(name: String, layer: String, short: String) {
        #expect(LayerName(tensor: name)?.text == layer)
        #expect(LayerName(tensor: name)?.short == short)
    }

    @Test(
        "embeddings and numbers alone are in no layer",
        arguments: ["lm_head.weight", "7.w", "", "a.99999999999.b", "a..b"])
    func noLayer(name: String) { #expect(LayerName(tensor: name) == nil) }

    @Test("as many layers as somebody likes become at most a hundred and sixty, and some tensors")
    func manyLayers() {
        let tensors = (0..<100_000).map {
            TensorRecord(name: "l.\($0).w", type: nil, shape: [.max, .max], bytes: $0..<$0 + 1)
        }
        let figures = LayerFigures(tensors).all
        #expect(figures.count <= LayerFigures.most)
        #expect(figures.reduce(0) { $0 + $1.bytes } == 100_000)
        #expect(figures.allSatisfy { $0.bits == nil })
        #expect(TypeFigure.all(tensors).map(\.type) == ["unknown"])
    }
}
