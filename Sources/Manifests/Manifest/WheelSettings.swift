package import PythonPackages

/// What a `[[wheels]]` entry states of the notebook that its wheels are for.
package struct WheelSettings: Equatable, Sendable {
    /// The notebook's Python, such as "3.12"; `nil` for the default.
    package var python: String?
    /// The newest platform tag that the notebook takes; `nil` for the default.
    package var platform: String?
    /// What the notebook has already, as `pip freeze` names it.
    package var provided: [String] = []
    /// The path of a file with more of what it has, relative to the manifest; `nil` if there is none.
    package var providedFile: String?
    /// What that file has, once it was read; of a package that ``provided`` names, that counts.
    package var frozen: FreezeFile?
    /// What will be installed; `nil` for every project in the wheelhouse.
    package var requires: [String]?

    /// Kaggle's image since its change to Python 3.12 (Kaggle/docker-python, pull request 1496), which is made
    /// from Colab's (pull request 1444).
    package static let defaultPython = "3.12"
    /// The glibc of Ubuntu 22.04, on which that image stands.
    package static let defaultPlatform = "manylinux_2_35_x86_64"

    /// What the notebook has installed, each package once.
    package var installed: [InstalledPackage] {
        let named = provided.compactMap(WheelSettings.installed)
        let names = Set(named.map(\.name))
        return named + (frozen?.packages ?? []).filter { !names.contains($0.name) }
    }

    /// The notebook's Python and platform; `nil` where a text is neither, which a manifest refuses.
    package var environment: PythonEnvironment? {
        LinuxPlatform(tag: platform ?? WheelSettings.defaultPlatform)
            .flatMap { PythonEnvironment(python: python ?? WheelSettings.defaultPython, platform: $0) }
    }

    /// For people.
    package var environmentText: String {
        "Python \(python ?? WheelSettings.defaultPython) on \(platform ?? WheelSettings.defaultPlatform)"
    }

    /// Reads what a notebook has: a name, a name with one version, or a name with a place, whose version is
    /// not known; `nil` for everything else.
    package static func installed(_ text: String) -> InstalledPackage? {
        guard let requirement = try? Requirement(parsing: text), requirement.marker == nil else { return nil }
        let specifiers = requirement.specifiers.specifiers
        guard let specifier = specifiers.first else {
            return InstalledPackage(name: requirement.normalizedName, version: nil)
        }
        guard specifiers.count == 1, !specifier.isPrefix, let version = specifier.version,
            specifier.comparison == .equal || specifier.comparison == .arbitrary
        else { return nil }
        return InstalledPackage(name: requirement.normalizedName, version: version)
    }
}
