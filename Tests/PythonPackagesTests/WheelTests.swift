import Testing

@testable import Formats
@testable import PythonPackages

@Suite struct WheelTests {
    @Test func listsTheTagsThatPackagingLists() throws {
        for item in (try golden("tags")["lists"]?.items ?? []).map(\.items) {
            let platform = try #require(LinuxPlatform(tag: item[1].text))
            let environment = try #require(PythonEnvironment(python: item[0].text, platform: platform))
            let tags = SupportedTags(environment).tags.map(\.description)
            #expect(tags.count == item[2].integer)
            let step = item[0].text == "3.7" ? 1 : 7
            #expect(stride(from: 0, to: tags.count, by: step).map { tags[$0] } == item[3].strings)
        }
    }

    @Test func readsFileNamesAsPackaging() throws {
        for item in (try golden("tags")["files"]?.items ?? []).map(\.items) {
            let name = WheelFileName(item[0].text)
            #expect((name == nil) == (item[1].array == nil), "\(item[0].text)")
            guard let name else { continue }
            let expected = item[1].items
            #expect(name.name == expected[0].string && name.version.description == expected[1].string)
            #expect(name.build.map { Int($0.number) } == expected[2].items.first?.integer)
            #expect(name.build?.text == expected[2].items.last?.string)
            #expect(name.tags.map(\.description).sorted() == expected[3].strings)
        }
    }

    @Test func normalizesNamesAsPackaging() throws {
        for item in (try golden("tags")["names"]?.items ?? []).map(\.items) {
            #expect(PackageName.normalized(item[0].text) == item[1].string)
        }
    }

    @Test func readsPlatforms() {
        let good = ["manylinux2014_aarch64", "musllinux_1_2_x86_64", "linux_x86_64", "manylinux_2_5_i686"]
        for tag in good { #expect(LinuxPlatform(tag: tag) != nil, "\(tag)") }
        #expect(LinuxPlatform(tag: "musllinux_1_1_x86_64")?.tags.count == 3)
        let bad = [
            "", "manylinux", "manylinux_2_x86_64", "manylinux_3_1_x86_64", "win_amd64", "linux_", "any",
        ]
        for tag in bad { #expect(LinuxPlatform(tag: tag) == nil, "\(tag)") }
    }

    @Test func refusesTagSetsWithoutBound() {
        let many = (0..<1000).map { "py\($0)" }.joined(separator: ".")
        #expect(WheelTag.set("\(many)-\(many)-\(many)") == nil)
    }

    @Test func readsMetadata() throws {
        let text = """
            Metadata-Version: 2.1\r
            name: Foo.Bar
            Version: 1.0
            Requires-Python: >=3.8,
              <4
            Requires-Dist: a>=1
            Requires-Dist: b; extra == "x"
            Provides-Extra: x
            Description: several
             lines

            Requires-Dist: not-a-field
            """
        let metadata = try #require(read(text) { PackageMetadata($0) })
        #expect(metadata.name == "Foo.Bar" && metadata.version == "1.0")
        #expect(metadata.requiresPython == ">=3.8, <4")
        #expect(metadata.requires == ["a>=1", "b; extra == \"x\""] && metadata.extras == ["x"])
        #expect(read("Name: a\n\nVersion: 1\n") { PackageMetadata($0) } == nil)
        let broken: [UInt8] = [0x4E, 0x61, 0x6D, 0x65, 0x3A, 0xFF]
        let span = broken.span
        let none = PackageMetadata(span)
        #expect(none == nil)
    }

    @Test func readsRecords() throws {
        let text = "a/b.py,sha256=abc,12\r\n\"c,\"\"d\"\".py\",,\na.dist-info/RECORD,,"
        let record = try #require(read(text) { WheelRecord($0) })
        #expect(record.rows.map(\.path) == ["a/b.py", "c,\"d\".py", "a.dist-info/RECORD"])
        #expect(record.rows.map(\.size) == [12, nil, nil])
        for bad in ["a,b\n", "\"a,b,1\n", "a,b,x\n", "a,b,-1", "a,b,1,2", ",b,1"] {
            #expect(read(bad) { WheelRecord($0) } == nil, "\(bad)")
        }
    }

    @Test func writesDigestsAsRecordsDo() {
        #expect(WheelRecord.text(of: [0xFB, 0xFF, 0xFE]) == "-__-")
        #expect(WheelRecord.text(of: [1]) == "AQ" && WheelRecord.text(of: [1, 2]) == "AQI")
    }

    /// What a reader makes of a text's bytes.
    private func read<Result>(_ text: String, _ body: (Span<UInt8>) -> Result) -> Result {
        let bytes = Array(text.utf8)
        return body(bytes.span)
    }
}
