/// Decides whether packages can be installed together, as pip decides it: one version of each project, the
/// installed one where it will do, else the highest that works.
package struct PackageResolver: Sendable {
    /// What an installation starts from.
    package enum Root: Sendable {
        /// Exactly this candidate, as for a wheel that is named by its path.
        case candidate(PackageCandidate)
        /// Any that meets a requirement.
        case requirement(Requirement)
    }

    /// A version of a project.
    package enum Choice: Equatable, Sendable {
        /// What is installed already.
        case installed
        /// The candidate with this index.
        case candidate(index: Int)
    }

    /// What came out.
    package enum Outcome: Equatable, Sendable {
        /// What is chosen for every project that is needed, by normalized name.
        case solution([String: Choice])
        /// There is no way; the projects of which the versions that were left last contradicted each other.
        case impossible(conflict: Set<String>)
        /// It could not be decided within the bound of steps.
        case undecided
    }

    /// The most choices that are tried.
    package static let mostSteps = 100_000

    /// The Python and the platform.
    package let environment: PythonEnvironment
    /// What there is to choose from, by the normalized name of the project, the best first.
    package let candidates: [String: [PackageCandidate]]
    /// What is installed already, by the normalized name of the project.
    package let installed: [String: InstalledPackage]

    /// A resolver.
    /// - Parameter candidates: in any order, but of the same version the best first; only one of a version is
    ///   looked at, as by pip.
    package init(
        _ environment: PythonEnvironment, candidates: [PackageCandidate], installed: [InstalledPackage]
    ) {
        self.environment = environment
        self.candidates = Dictionary(grouping: candidates, by: \.name).mapValues { list in
            let sorted = list.enumerated().sorted { one, two in
                one.element.version == two.element.version
                    ? one.offset < two.offset : one.element.version > two.element.version
            }
            var unique: [PackageCandidate] = []
            for (_, candidate) in sorted where candidate.version != unique.last?.version {
                unique.append(candidate)
            }
            return unique
        }
        self.installed = Dictionary(installed.map { ($0.name, $0) }) { first, _ in first }
    }

    /// Looks for versions that go together.
    package func resolve(_ roots: [Root]) -> Outcome {
        var search = ResolverSearch(self)
        return search.run(roots)
    }
}
