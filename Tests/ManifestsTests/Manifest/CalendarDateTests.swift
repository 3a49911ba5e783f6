import Testing

@testable import Formats
@testable import Manifests
@testable import Storage

/// Days as TOML writes them.
@Suite struct CalendarDateTests {
    @Test(arguments: ["2026-10-01", "0001-01-01", "2024-02-29", "2000-02-29", "9999-12-31"])
    func readsWhatItWrites(_ text: String) {
        #expect(CalendarDate(text)?.description == text)
    }

    @Test(arguments: [
        "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "2026-04-31", "26-10-01",
        "2026-1-01",
        "2026/10/01", "2026-10-01T00:00:00", "", "٢٠٢٦-10-01", "+026-10-01",
    ])
    func refusesWhatIsNoDay(_ text: String) {
        #expect(CalendarDate(text) == nil)
    }

    @Test func ordersDays() throws {
        let days = try ["2025-12-31", "2026-01-01", "2026-01-02", "2026-02-01"].map {
            try #require(CalendarDate($0))
        }
        #expect(zip(days, days.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func takesDatesWithoutQuotes() throws {
        let text = """
            schema = 1
            bundle.name = "abc"
            policy = {released-before = 2026-10-01, max-entry-size = "1 GB", allowed-revisions = "list.txt"}
            [[model]]
            name = "a"
            source = "path:x"
            released = 2026-05-01 # said on the Hub
            max-size = 12
            license = "MIT OR Apache-2.0"
            """
        let manifest = try Manifest.parse(Array(text.utf8), path: "pack.toml")
        #expect(manifest.policy.releasedBefore == CalendarDate("2026-10-01"))
        #expect(manifest.policy.maximumEntrySize == 1_000_000_000)
        #expect(manifest.policy.allowedRevisionsPath == "list.txt")
        #expect(manifest.entries.first?.released == CalendarDate("2026-05-01"))
        #expect(manifest.entries.first?.maximumSize == 12)
        #expect(manifest.entries.first?.license == "mit or apache-2.0")
    }
}
