/// A package that an installer may choose: a wheel that fits the Python and the platform.
package struct PackageCandidate: Sendable {
    /// The project, normalized.
    package let name: String
    /// The version.
    package let version: PackageVersion
    /// What it needs, with the markers that say when.
    package let requirements: [Requirement]
    /// The extras that it offers, normalized.
    package let extras: Set<String>
    /// What the caller knows it by.
    package let index: Int
    /// Whether it takes the Python. One that does not is never chosen, but as a final release it still keeps
    /// pre-releases from being taken, as in pip, which reads what a wheel takes only when it has chosen it.
    package let takesPython: Bool

    /// Makes a candidate.
    package init(
        name: String, version: PackageVersion, requirements: [Requirement], extras: Set<String>, index: Int,
        takesPython: Bool = true
    ) {
        self.takesPython = takesPython
        self.name = name
        self.version = version
        self.requirements = requirements
        self.extras = extras
        self.index = index
    }

    /// What it needs in an environment, for none or for one of these extras, as pip reads it.
    /// - Parameter extras: normalized; those that the package does not offer change nothing.
    package func requirements(
        in environment: PythonEnvironment, extras: Set<String>
    ) throws(Marker.Problem) -> [(requirement: Requirement, extra: String)] {
        var result: [(requirement: Requirement, extra: String)] = []
        for requirement in requirements {
            guard let marker = requirement.marker else {
                result.append((requirement, ""))
                continue
            }
            if try marker.holds(in: environment) {
                result.append((requirement, ""))
                continue
            }
            for extra in extras.intersection(self.extras).sorted()
            where try marker.holds(in: environment, extra: extra) {
                result.append((requirement, extra))
                break
            }
        }
        return result
    }
}

/// A package that is installed already.
package struct InstalledPackage: Equatable, Sendable {
    /// The project, normalized.
    package let name: String
    /// The version; `nil` where it is not known, and then every version is taken to be it.
    package let version: PackageVersion?

    /// Makes an installed package.
    package init(name: String, version: PackageVersion?) {
        self.name = name
        self.version = version
    }
}
