import Testing

@testable import Formats
@testable import PythonPackages

@Suite struct RequirementTests {
    @Test func readsRequirementsAsPackaging() throws {
        for item in (try golden("requirements")["requirements"]?.items ?? []).map(\.items) {
            let text = item[0].text
            let requirement = try? Requirement(parsing: text)
            #expect((requirement == nil) == (item[1].members == nil), "\(text)")
            guard let requirement else { continue }
            #expect(requirement.name == item[1]["name"]?.string, "\(text)")
            #expect(Set(requirement.extras) == Set(item[1]["extras"]?.strings ?? []), "\(text)")
            #expect(requirement.url == item[1]["url"]?.string, "\(text)")
            #expect((requirement.marker != nil) == item[1]["marker"]?.bool, "\(text)")
            let specifiers = requirement.specifiers.specifiers.map(\.description).sorted()
            #expect(specifiers == item[1]["specifiers"]?.strings, "\(text)")
        }
    }

    @Test func evaluatesMarkersAsPackaging() throws {
        let json = try golden("requirements")
        let platforms = (json["environments"]?.items ?? []).compactMap { item in
            PythonEnvironment(
                python: item.items[0].text,
                platform: LinuxPlatform(machine: item.items[1].text, library: .glibc(minor: 35)))
        }
        #expect(platforms.count == 4)
        for item in (json["markers"]?.items ?? []).map(\.items) {
            let text = item[0].text
            let marker = try? Marker(parsing: text)
            #expect((marker == nil) == (item[1].array == nil), "\(text)")
            guard let marker else { continue }
            let results = platforms.flatMap { platform in
                ["", "foo-bar"].map { try? marker.holds(in: platform, extra: $0) }
            }
            #expect(results == item[1].items.map(\.bool), "\(text)")
        }
    }

    @Test func refusesNestingWithoutEnd() {
        let deep = String(repeating: "(", count: 100_000)
        #expect(throws: RequirementError.self) { try Requirement(parsing: "a;\(deep)") }
    }

    @Test func takesPythonsOfCPythonThree() throws {
        let platform = try #require(LinuxPlatform(tag: "manylinux_2_35_x86_64"))
        for text in ["3.12", "3.12.4", "3.8"] {
            #expect(PythonEnvironment(python: text, platform: platform) != nil)
        }
        for text in ["3", "2.7", "3.12rc1", "3.12.1.1", "", "cp312", "1!3.12"] {
            #expect(PythonEnvironment(python: text, platform: platform) == nil)
        }
    }
}
