/// Why packages cannot be installed together, for people.
///
/// An installer stops at the first way that fails. Here one way is followed to its end, every project in the
/// version that most of its conditions take, so that every gap is named at once.
package struct ClosureExplanation: Sendable {
    /// A condition that was not met.
    package struct Need: Equatable, Sendable {
        /// The candidate that needs it; `nil` where it was asked for.
        package let index: Int?
        /// What it needs.
        package let requirement: Requirement
    }

    /// A project for which no version meets all conditions.
    package struct Gap: Equatable, Sendable {
        /// The project, normalized.
        package let name: String
        /// All that is needed of it, in the order in which it was found.
        package let needs: [Need]
        /// The versions that could be chosen, the installed one first.
        package let versions: [PackageVersion]
        /// Whether some version of it is installed.
        package let isInstalled: Bool
    }

    /// The gaps, in the order in which they were found; empty where the contradiction is deeper.
    package let gaps: [Gap]

    /// Follows one way from the roots.
    package init(_ resolver: PackageResolver, _ roots: [PackageResolver.Root]) {
        var needs: [String: [Need]] = [:]
        var order: [String] = []
        // The choices depend on the conditions and these on the choices: a few rounds settle most.
        var choices: [String: PackageCandidate] = [:]
        for _ in 0..<8 {
            (needs, order) = ClosureExplanation.needs(resolver, roots, choices)
            var next: [String: PackageCandidate] = [:]
            for name in order {
                next[name] = ClosureExplanation.best(resolver, roots, name, needs[name] ?? [])
            }
            if next.mapValues(\.index) == choices.mapValues(\.index) { break }
            choices = next
        }
        gaps = order.compactMap { name in
            let all = needs[name] ?? []
            let installed = resolver.installed[name]
            if ClosureExplanation.isMet(
                all, choices[name]?.version, installed, isChosen: choices[name] != nil)
            {
                return nil
            }
            let fixed = ClosureExplanation.fixed(roots, name)
            let versions =
                fixed.map { [$0.version] }
                ?? ((installed?.version.map { [$0] } ?? [])
                    + (resolver.candidates[name] ?? []).filter(\.takesPython).map(\.version))
            return Gap(name: name, needs: all, versions: versions, isInstalled: installed != nil)
        }
    }

    private static func fixed(_ roots: [PackageResolver.Root], _ name: String) -> PackageCandidate? {
        for case .candidate(let candidate) in roots where candidate.name == name { return candidate }
        return nil
    }

    private static func isMet(
        _ needs: [Need], _ version: PackageVersion?, _ installed: InstalledPackage?, isChosen: Bool
    ) -> Bool {
        if needs.contains(where: { $0.requirement.url != nil }) { return false }
        if isChosen, let version { return needs.allSatisfy { $0.requirement.specifiers.contains(version) } }
        guard let installed else { return false }
        return needs.allSatisfy { need in
            installed.version.map { need.requirement.specifiers.contains($0) } ?? true
        }
    }

    /// The candidate that meets all conditions, or else most of them; `nil` where an installed one does or
    /// there is none.
    private static func best(
        _ resolver: PackageResolver, _ roots: [PackageResolver.Root], _ name: String, _ needs: [Need]
    ) -> PackageCandidate? {
        if let fixed = fixed(roots, name) { return fixed }
        if let installed = resolver.installed[name], isMet(needs, nil, installed, isChosen: false) {
            return nil
        }
        let all = (resolver.candidates[name] ?? []).filter(\.takesPython)
        let specifiers = SpecifierSet(needs.flatMap(\.requirement.specifiers.specifiers))
        if let fit = specifiers.choices(among: all, version: \.version).first { return fit }
        func count(_ candidate: PackageCandidate) -> Int {
            needs.count { $0.requirement.specifiers.contains(candidate.version) }
        }
        return all.max { count($0) < count($1) || count($0) == count($1) && $0.version < $1.version }
    }

    /// All that is needed from the roots on, with these choices; projects without one need nothing.
    private static func needs(
        _ resolver: PackageResolver, _ roots: [PackageResolver.Root], _ choices: [String: PackageCandidate]
    ) -> (needs: [String: [Need]], order: [String]) {
        var needs: [String: [Need]] = [:]
        var order: [String] = []
        var extras: [String: Set<String>] = [:]
        var waiting: [String] = []
        func visit(_ name: String) {
            if needs[name] == nil {
                needs[name] = []
                order.append(name)
            }
            waiting.append(name)
        }
        func add(_ requirement: Requirement, from index: Int?) {
            let name = requirement.normalizedName
            let isNew = needs[name] == nil
            let before = extras[name] ?? []
            extras[name, default: []].formUnion(requirement.extras.map { PackageName.normalized($0) })
            if isNew || extras[name] != before { visit(name) }
            let need = Need(index: index, requirement: requirement)
            if needs[name]?.contains(need) == false { needs[name]?.append(need) }
        }
        for root in roots {
            switch root {
            case .candidate(let candidate): visit(candidate.name)
            case .requirement(let requirement):
                let holds = try? requirement.marker?.holds(in: resolver.environment)
                if holds ?? true { add(requirement, from: nil) }
            }
        }
        while let name = waiting.popLast() {
            guard let candidate = choices[name] else { continue }
            let found = try? candidate.requirements(in: resolver.environment, extras: extras[name] ?? [])
            for (requirement, _) in found ?? [] { add(requirement, from: candidate.index) }
        }
        return (needs, order)
    }
}
