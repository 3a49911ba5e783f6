import Testing

@testable import PythonPackages

@Suite struct ResolverTests {
    @Test func takesTheHighestVersionsThatGoTogether() throws {
        let house = [
            try candidate("app", "1", ["left", "right"], 0), try candidate("left", "2", ["shared==2"], 1),
            try candidate("left", "1", ["shared==1"], 2), try candidate("right", "1", ["shared<2"], 3),
            try candidate("shared", "2", [], 4), try candidate("shared", "1", [], 5),
        ]
        let outcome = try resolver(house).resolve([.requirement(Requirement(parsing: "app"))])
        let expected: [String: PackageResolver.Choice] = [
            "app": .candidate(index: 0), "left": .candidate(index: 2), "right": .candidate(index: 3),
            "shared": .candidate(index: 5),
        ]
        #expect(outcome == .solution(expected))
    }

    @Test func installedPackagesAreTakenFirst() throws {
        let house = [try candidate("app", "1", ["tool>=1"], 0), try candidate("tool", "3", [], 1)]
        let roots: [PackageResolver.Root] = [.requirement(try Requirement(parsing: "app"))]
        func choice(_ version: String?) throws -> PackageResolver.Choice? {
            let tool = InstalledPackage(name: "tool", version: version.flatMap { PackageVersion($0) })
            guard case .solution(let choices) = try resolver(house, [tool]).resolve(roots) else { return nil }
            return choices["tool"]
        }
        #expect(try choice("1.5") == .installed)
        #expect(try choice(nil) == .installed)
        #expect(try choice("0.5") == .candidate(index: 1))
    }

    @Test func extrasOfAChosenVersionCountLater() throws {
        let house = [
            try candidate("a", "1", ["b"], 0), try candidate("b", "1", ["c; extra == 'x'"], 1, extras: ["x"]),
            try candidate("d", "1", ["b[X]"], 2),
        ]
        let roots = try ["b", "a", "d"].map { PackageResolver.Root.requirement(try Requirement(parsing: $0)) }
        #expect(try resolver(house).resolve(roots).isImpossible)
        let more = house + [try candidate("c", "1", [], 3)]
        #expect(try !resolver(more).resolve(roots).isImpossible)
    }

    @Test func prereleasesWaitForWhatAllowsThem() throws {
        let house = [
            try candidate("p", "1", [], 0), try candidate("p", "2.dev1", [], 1),
            try candidate("q", "1", ["p>1"], 2),
        ]
        let roots = try ["p", "q"].map { PackageResolver.Root.requirement(try Requirement(parsing: $0)) }
        #expect(try !resolver(house).resolve(roots).isImpossible)
        #expect(
            try resolver(house).resolve(Array(roots.prefix(1))) == .solution(["p": .candidate(index: 0)]))
        // A final release for another Python is still one.
        let other = house + [try candidate("p", "3", [], 3, takesPython: false)]
        #expect(try resolver(other).resolve(roots).isImpossible)
    }

    /// Without jumping back over what has no part in it, 2^40 combinations would be tried.
    @Test func contradictionsAmongManyVersionsEnd() throws {
        var house: [PackageCandidate] = []
        for name in 0..<40 {
            for version in 1...3 {
                house.append(try candidate("n\(name)", "\(version)", [], house.count))
            }
        }
        for version in 1...3 {
            house.append(try candidate("x", "\(version)", ["y==\(version)"], house.count))
            house.append(
                try candidate("z", "\(version)", ["y==\(version + 1)", "x>=\(version)"], house.count))
        }
        for version in 1...4 { house.append(try candidate("y", "\(version)", [], house.count)) }
        let names = (0..<40).map { "n\($0)" } + ["x", "z"]
        let roots = try names.map { PackageResolver.Root.requirement(try Requirement(parsing: $0)) }
        let resolver = try resolver(house)
        // x 2 and z 1 go together.
        #expect(!resolver.resolve(roots).isImpossible)
        let last = PackageResolver.Root.requirement(try Requirement(parsing: "x==1"))
        guard case .impossible(let conflict) = resolver.resolve(roots + [last]) else {
            Issue.record("expected a contradiction")
            return
        }
        #expect(conflict.isSubset(of: ["x", "y", "z"]))
    }

    @Test func everyGapIsNamedAtOnce() throws {
        let house = [
            try candidate("app", "1", ["gone>=2", "tool<2", "lib"], 0),
            try candidate("tool", "3", ["lost"], 1),
            try candidate("lib", "1", ["tool>=1"], 2),
        ]
        let resolver = try resolver(house)
        let explanation = ClosureExplanation(resolver, [.requirement(try Requirement(parsing: "app"))])
        #expect(explanation.gaps.map(\.name).sorted() == ["gone", "lost", "tool"])
        let tool = try #require(explanation.gaps.first { $0.name == "tool" })
        #expect(tool.needs.map { $0.requirement.text }.sorted() == ["tool<2", "tool>=1"])
        #expect(tool.versions.map(\.description) == ["3"])
    }

    private func candidate(
        _ name: String, _ version: String, _ requires: [String], _ index: Int, extras: Set<String> = [],
        takesPython: Bool = true
    ) throws -> PackageCandidate {
        PackageCandidate(
            name: name, version: try #require(PackageVersion(version)),
            requirements: try requires.map { try Requirement(parsing: $0) }, extras: extras, index: index,
            takesPython: takesPython)
    }

    private func resolver(
        _ candidates: [PackageCandidate], _ installed: [InstalledPackage] = []
    ) throws -> PackageResolver {
        let platform = try #require(LinuxPlatform(tag: "manylinux_2_35_x86_64"))
        let environment = try #require(PythonEnvironment(python: "3.12", platform: platform))
        return PackageResolver(environment, candidates: candidates, installed: installed)
    }
}

extension PackageResolver.Outcome {
    fileprivate var isImpossible: Bool {
        if case .impossible = self { true } else { false }
    }
}
