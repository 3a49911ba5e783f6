import Formats
import Manifests
import Storage
import TestSupport
import Testing

@testable import Reports

@Suite("Report: the page about a bundle")
struct BundlePageTests {
    private func document(_ entries: [LockedEntry], findings: [Diagnostic] = []) throws -> BundleDocument {
        let lock = try Samples.lock(Samples.settings(), entries)
        return BundleDocument(
            try Plan(lock), subject: .lock, lockDigest: try ContentHasher.sha256(lock.bytes.span),
            findings: findings, version: "1")
    }

    @Test("equal files of two entries are told as sharing, with the bytes of the plan")
    func sharing() throws {
        let document = try document([
            Samples.entry(
                "first",
                files: [
                    try Samples.file("a", content: "same", size: 4),
                    try Samples.file("b", content: "other", size: 4),
                ]),
            Samples.entry("second", files: [try Samples.file("a", content: "same", size: 4)]),
        ])
        #expect(document.sharing.map(\.user) == ["second"])
        #expect(document.sharing.map(\.holderName) == ["first"])
        #expect(document.sharing.map(\.files) == [4])
        #expect(document.sharing.reduce(0) { $0 + $1.bytes } == document.plan.named - document.plan.size)
        #expect(document.tree.bytes == document.plan.size)
        #expect(document.tree.parts.map(\.name) == ["first"])
    }

    @Test("a page has no script, no style but the one that it allows, and the same bytes each time")
    func closed() throws {
        let hostile = "<script>alert(1)</script>\u{202E}"
        let document = try document(
            [Samples.entry("first", files: [try Samples.file("a", content: "same", size: 4)])],
            findings: [Diagnostic(.warning, code: .credentials, hostile, notes: [hostile], fix: hostile)])
        let text = try BundlePage(document).text()
        #expect(!text.contains("<script") && !text.contains("style=\"") && !text.contains("\u{202E}"))
        #expect(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;⟨U+202E⟩"))
        #expect(text.split(separator: "<style>").count == 2)
        #expect(text == (try BundlePage(document).text()))
        #expect(ReportFile.isReport(Array(text.utf8)))
        #expect(!ReportFile.isReport(Array("<!DOCTYPE html><html><head></head></html>".utf8)))
    }
}
