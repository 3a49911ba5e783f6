import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import PythonPackages
@testable import Rules
@testable import Storage

@Suite struct WheelRulesTests {
    @Test func completeWheelhousesHaveNoFindings() throws {
        let wheels = [wheel("app", requires: ["lib>=1", "win; sys_platform == 'win32'"]), wheel("lib")]
        #expect(try codes(wheels) == [])
    }

    @Test func namesWhatIsMissing() throws {
        let found = try findings([wheel("app", requires: ["lib>=1", "other[x]"])])
        #expect(found.map(\.code.rawValue) == ["wheel-missing", "wheel-missing"])
        #expect(found[0].message.contains("app 1.0 needs lib>=1"))
        #expect(try codes([wheel("app", requires: ["lib>=1"])], "provided = [\"lib\"]") == [])
        #expect(
            try codes([wheel("app", requires: ["lib>=1"])], "provided = [\"lib==0.5\"]") == ["wheel-conflict"]
        )
        #expect(try codes([wheel("app", requires: ["lib>=1"])], "allow = [\"wheel-missing\"]") == [])
    }

    @Test func theDownloadThatIsToldNamesEveryOlderTag() throws {
        let found = try findings(
            [wheel("app", requires: ["lib>=1,<3"]), wheel("two", requires: ["lib!=2"])],
            "python = \"3.11\"\nplatform = \"manylinux_2_19_x86_64\"")
        let command =
            "pip download --no-deps --only-binary :all: --dest house --python-version 3.11 "
            + "--platform manylinux_2_19_x86_64 --platform manylinux_2_18_x86_64 "
            + "--platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 'lib>=1,<3,!=2'"
        #expect(found.compactMap(\.fix).contains { $0.hasSuffix(": " + command) }, "\(found)")
    }

    @Test(arguments: [
        ("manylinux2010_x86_64", ["manylinux_2_12_x86_64", "manylinux2010_x86_64"]),
        ("manylinux1_i686", ["manylinux_2_5_i686", "manylinux1_i686"]),
        ("musllinux_1_1_x86_64", ["musllinux_1_1_x86_64", "musllinux_1_0_x86_64"]),
        (
            "manylinux_2_18_aarch64",
            ["manylinux_2_18_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"]
        ),
        ("linux_x86_64", ["linux_x86_64"]),
    ]) func tagsForPip(platform: String, tags: [String]) {
        #expect(LinuxPlatform(tag: platform)?.pipTags == tags)
    }

    @Test func aFileOfWhatIsProvidedCountsBesidesTheList() throws {
        let wheels = [wheel("app", requires: ["lib>=1", "other"])]
        var entry = try entry("provided = [\"other\"]\nprovided-file = \"freeze.txt\"")
        #expect(entry.wheels.providedFile == "freeze.txt")
        let locked = Samples.entry("w", kind: .wheels, files: []).with(
            facts: WheelFacts.fact(wheels).map { [$0] } ?? [])
        entry.wheels.frozen = FreezeFile(Array("lib==1.5\nother==0\n".utf8))
        #expect(WheelRules.findings(entry, locked).isEmpty)
        entry.wheels.frozen = FreezeFile(Array("lib==0.5\n".utf8))
        #expect(WheelRules.findings(entry, locked).map(\.code.rawValue) == ["wheel-conflict"])
        entry.wheels.frozen = FreezeFile(Array("lib==1.5\nwhat is this\n".utf8))
        let found = WheelRules.findings(entry, locked)
        #expect(found.map(\.code.rawValue) == ["provided-line"])
        #expect(found.first?.severity == .warning)
        #expect(found.first?.message.contains("1 line of freeze.txt") == true)
        #expect(found.first?.notes == ["line 2: \"what is this\""])
    }

    @Test func followsMarkersOfTheNotebooksPython() throws {
        let wheels = [wheel("app", requires: ["old; python_version < '3.12'"])]
        #expect(try codes(wheels) == [])
        #expect(try codes(wheels, "python = \"3.11\"") == ["wheel-missing"])
    }

    @Test func namesWheelsForOtherPythonsAndPlatforms() throws {
        let native = wheel("fast", tag: "cp312-cp312-manylinux_2_28_x86_64")
        #expect(try codes([native]) == [])
        #expect(try codes([native], "python = \"3.11\"") == ["wheel-incompatible"])
        #expect(try codes([native], "platform = \"manylinux2014_x86_64\"") == ["wheel-incompatible"])
        #expect(try codes([native], "platform = \"manylinux_2_35_aarch64\"") == ["wheel-incompatible"])
        let new = wheel("new", requiresPython: ">=3.13")
        #expect(try codes([new]) == ["wheel-incompatible"])
        #expect(
            try codes([wheel("app", requires: ["new"]), new], "requires = [\"app\"]") == [
                "wheel-incompatible"
            ])
        // What is not asked for may be for anything.
        #expect(try codes([wheel("app"), new], "requires = [\"app\"]") == [])
    }

    @Test func choosesAmongVersions() throws {
        let wheels = [wheel("app", requires: ["lib<2"]), wheel("lib"), wheel("lib", "2.0")]
        #expect(try codes(wheels) == [])
        #expect(try codes(wheels, "requires = [\"app\", \"lib>1\"]") == ["wheel-conflict"])
        #expect(try codes(Array(wheels.dropLast()), "requires = [\"app\", \"lib>1\"]") == ["wheel-conflict"])
    }

    @Test func tellsWhatIsWrongWithWheelsThemselves() throws {
        var broken = wheel("app")
        broken.problems = [.init(code: .record, message: "is odd"), .init(code: .tags, message: "is odd")]
        #expect(try findings([broken]).map(\.severity) == [.warning, .error])
        broken.problems = [.init(code: .broken, message: "is odd")]
        #expect(try codes([broken]) == ["wheel-broken"])
        #expect(try codes([broken, wheel("b", requires: ["app"])]) == ["wheel-broken", "wheel-missing"])
    }

    @Test func sourceDistributionsAreFindings() throws {
        let files = [
            try Samples.file("lib-1.0.tar.gz", content: "x"), try Samples.file("notes.txt", content: "y"),
        ]
        #expect(try codes([], files: files) == ["wheel-sdist"])
    }

    @Test func locksThatDoNotSayAreStale() throws {
        let file = try Samples.file("app-1.0-py3-none-any.whl", content: "x")
        #expect(try codes([], files: [file]) == ["lock-stale"])
    }

    @Test func factsAreReadAsTheyWereWritten() throws {
        var first = wheel("app", requires: ["a", "b"], requiresPython: ">=3")
        first.problems = [.init(code: .record, message: "m")]
        first.tags = ["py2-none-any"]
        let locked = Samples.entry("w", kind: .wheels, files: []).with(facts: [
            try #require(WheelFacts.fact([first]))
        ])
        #expect(WheelFacts.recorded(in: locked) == [first])
        let member = try #require(WheelFacts.fact([first]))
        let later = JSON.object([.init("files", member.value["files"] ?? .null), .init("reader", 99)])
        #expect(WheelFacts.recorded(in: locked.with(facts: [.init("wheels", later)])) == nil)
    }

    @Test func settingsAreCheckedInTheManifest() {
        for line in [
            "python = \"2.7\"", "python = \"3\"", "python = \"3.12rc1\"", "platform = \"win_amd64\"",
            "platform = \"manylinux_2_35\"", "provided = [\"torch>=2\"]",
            "provided = [\"torch; os_name=='nt'\"]",
            "requires = []", "requires = [\"a b\"]", "provided = \"torch\"",
        ] {
            #expect(throws: Diagnostics.self, "\(line)") { try entry(line) }
        }
    }

    // MARK: Making

    private func wheel(
        _ name: String, _ version: String = "1.0", requires: [String] = [], requiresPython: String? = nil,
        tag: String = "py3-none-any"
    ) -> WheelFacts {
        WheelFacts(
            path: RelativePath(checked: "\(name)-\(version)-\(tag).whl"), name: name, version: version,
            requiresPython: requiresPython,
            requires: requires, extras: [], problems: [])
    }

    private func entry(_ line: String) throws -> Entry {
        let text = """
            schema = 1
            [bundle]
            name = "wheel-house"
            [[wheels]]
            name = "w"
            source = "path:house"
            \(line)
            """
        return try #require(try Manifest.parse(Array(text.utf8), path: "m.toml").entries.first)
    }

    private func findings(
        _ wheels: [WheelFacts], _ line: String = "", files: [LockedFile] = []
    ) throws -> [Diagnostic] {
        let entry = try entry(line)
        let facts = WheelFacts.fact(wheels).map { [$0] } ?? []
        let locked = Samples.entry("w", kind: .wheels, files: files).with(facts: facts)
        return WheelRules.findings(entry, locked).map { $0.allowed(by: entry) }
    }

    /// The codes of the errors.
    private func codes(
        _ wheels: [WheelFacts], _ line: String = "", files: [LockedFile] = []
    ) throws -> [String] {
        try findings(wheels, line, files: files).filter { $0.severity == .error }.map(\.code.rawValue)
    }
}
