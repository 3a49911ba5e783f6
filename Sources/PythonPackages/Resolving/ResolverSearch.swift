/// A search with conflict-directed backjumping: a project whose choice has no part in a contradiction is not
/// tried again with its other versions.
struct ResolverSearch {
    /// One version of one project.
    enum Option {
        /// What the environment has already.
        case installed(InstalledPackage)
        /// A wheel or other package that can be installed.
        case candidate(PackageCandidate)
    }

    /// A condition on a project.
    struct Condition {
        /// The versions that meet it; without specifiers any.
        let specifiers: SpecifierSet
        /// The projects whose choice brought it; none for what was asked for.
        let sources: Set<String>
        /// Whether nothing here can meet it.
        let isHopeless: Bool
    }

    /// All that is decided at one moment.
    struct State {
        /// What is chosen, by normalized name.
        var pins: [String: Option] = [:]
        /// What is known of each project, whether it is chosen or not.
        var conditions: [String: [Condition]] = [:]
        /// The extras that are asked for, by project, with the projects that ask.
        var extras: [String: [String: Set<String>]] = [:]
        /// The names in the order in which they were first needed.
        var order: [String] = []
        /// Candidates that are asked for by themselves.
        var fixed: [String: PackageCandidate] = [:]
    }

    private enum Result {
        case found(State)
        case conflict(Set<String>)
        case exhausted
    }

    private let resolver: PackageResolver
    private var steps = 0

    /// Begins a search that decides nothing yet.
    init(_ resolver: PackageResolver) { self.resolver = resolver }

    /// Finds a version of every project that is needed.
    /// - Parameter roots: what is asked for.
    mutating func run(_ roots: [PackageResolver.Root]) -> PackageResolver.Outcome {
        var state = State()
        for root in roots {
            switch root {
            case .candidate(let candidate):
                if let other = state.fixed[candidate.name], other.index != candidate.index {
                    return .impossible(conflict: [candidate.name])
                }
                state.fixed[candidate.name] = candidate
                ResolverSearch.need(candidate.name, &state)
            case .requirement(let requirement):
                if let marker = requirement.marker {
                    guard let holds = try? marker.holds(in: resolver.environment) else {
                        return .impossible(conflict: [requirement.normalizedName])
                    }
                    if !holds { continue }
                }
                if let conflict = add(requirement, from: [], &state) {
                    return .impossible(conflict: conflict)
                }
            }
        }
        switch search(state) {
        case .exhausted: return .undecided
        case .conflict(let names): return .impossible(conflict: names)
        case .found(let state):
            return .solution(
                state.pins.mapValues { option in
                    switch option {
                    case .installed: .installed
                    case .candidate(let candidate): .candidate(index: candidate.index)
                    }
                })
        }
    }

    private mutating func search(_ state: State) -> Result {
        // The project with the fewest versions left is decided first.
        var chosen: (name: String, options: [Option])?
        for name in state.order where state.pins[name] == nil {
            let options = options(name, state)
            if options.isEmpty { return .conflict(sources(name, state).union([name])) }
            if options.count < chosen?.options.count ?? .max { chosen = (name, options) }
            if options.count == 1 { break }
        }
        guard let (name, options) = chosen else {
            // A pre-release that was tried has to be allowed by all that is known now.
            return allowsPrereleases(state) ? .found(state) : .conflict(Set(state.pins.keys))
        }
        var conflicts = sources(name, state)
        for option in options {
            steps += 1
            guard steps <= PackageResolver.mostSteps else { return .exhausted }
            var next = state
            next.pins[name] = option
            if let conflict = expand(name, &next) {
                conflicts.formUnion(conflict.subtracting([name]))
                continue
            }
            switch search(next) {
            case .found(let state): return .found(state)
            case .exhausted: return .exhausted
            case .conflict(let names):
                guard names.contains(name) else { return .conflict(names) }
                conflicts.formUnion(names.subtracting([name]))
            }
        }
        return .conflict(conflicts)
    }

    /// The versions that the conditions leave, the preferred one first.
    func options(_ name: String, _ state: State) -> [Option] {
        let conditions = state.conditions[name] ?? []
        if conditions.contains(where: \.isHopeless) { return [] }
        let all = SpecifierSet(conditions.flatMap(\.specifiers.specifiers))
        if let fixed = state.fixed[name] { return all.contains(fixed.version) ? [.candidate(fixed)] : [] }
        var options: [Option] = []
        if let installed = resolver.installed[name],
            installed.version.map({ all.contains($0) }) ?? true
        {
            options.append(.installed(installed))
        }
        let matching = (resolver.candidates[name] ?? []).filter { all.contains($0.version) }
        let allowed = Set(all.choices(among: matching, version: \.version).map(\.index))
        // The others are pre-releases, which conditions that are not known yet may allow.
        return options
            + (matching.filter { allowed.contains($0.index) }
            + matching.filter { !allowed.contains($0.index) })
            .filter(\.takesPython).map { .candidate($0) }
    }

    private func allowsPrereleases(_ state: State) -> Bool {
        state.pins.allSatisfy { name, option in
            guard case .candidate(let candidate) = option, candidate.version.isPrerelease,
                state.fixed[name] == nil
            else { return true }
            let all = SpecifierSet((state.conditions[name] ?? []).flatMap(\.specifiers.specifiers))
            return all.choices(among: resolver.candidates[name] ?? [], version: \.version)
                .contains { $0.index == candidate.index }
        }
    }

    private func sources(_ name: String, _ state: State) -> Set<String> {
        (state.conditions[name] ?? []).reduce(into: []) { $0.formUnion($1.sources) }
    }

    private static func need(_ name: String, _ state: inout State) {
        if state.conditions[name] == nil {
            state.conditions[name] = []
            state.order.append(name)
        }
    }

    /// Adds what a chosen version needs.
    /// - Returns: the projects that contradict each other, or `nil`.
    private func expand(_ name: String, _ state: inout State) -> Set<String>? {
        guard case .candidate(let candidate)? = state.pins[name] else { return nil }
        let asked = state.extras[name] ?? [:]
        guard
            let needs = try? candidate.requirements(in: resolver.environment, extras: Set(asked.keys))
        else { return [name] }
        for (requirement, extra) in needs {
            let sources = asked[extra, default: []].union([name])
            if let conflict = add(requirement, from: sources, &state) { return conflict }
        }
        return nil
    }

    /// Adds a requirement.
    /// - Returns: the projects that contradict each other, or `nil`.
    private func add(
        _ requirement: Requirement, from sources: Set<String>, _ state: inout State
    ) -> Set<String>? {
        let name = requirement.normalizedName
        ResolverSearch.need(name, &state)
        let condition = Condition(
            specifiers: requirement.specifiers, sources: sources, isHopeless: requirement.url != nil)
        state.conditions[name]?.append(condition)
        let pin = state.pins[name]
        let version: PackageVersion? =
            switch pin {
            case .candidate(let candidate)?: candidate.version
            case .installed(let installed)?: installed.version
            case nil: nil
            }
        if pin != nil {
            if condition.isHopeless { return self.sources(name, state).union([name]) }
            if let version, !requirement.specifiers.contains(version) {
                return self.sources(name, state).union([name])
            }
        }
        var isNew = false
        for extra in requirement.extras.map({ PackageName.normalized($0) })
        where state.extras[name]?[extra] == nil {
            state.extras[name, default: [:]][extra] = sources
            isNew = true
        }
        // What the new extras of a version that is chosen already need.
        return isNew && pin != nil ? expand(name, &state) : nil
    }
}
