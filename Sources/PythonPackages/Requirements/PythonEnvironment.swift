/// The Python and the machine that packages are installed for: CPython on Linux.
package struct PythonEnvironment: Equatable, Sendable {
    /// The Python's version: major, minor and, where it is known, micro.
    package let python: PackageVersion
    /// The machine.
    package let platform: LinuxPlatform

    /// An environment; `nil` where the version is not one of Python 3 such as "3.12" or "3.12.4".
    package init?(python: String, platform: LinuxPlatform) {
        guard let version = PackageVersion(python), version.epoch == 0, version.local.isEmpty,
            version.pre == nil, version.post == nil, version.dev == nil,
            (2...3).contains(version.release.count), version.release[0] == 3, version.release[1] < 1000
        else { return nil }
        self.python = version
        self.platform = platform
    }

    /// The number behind "3.".
    package var minor: UInt64 { python.release[1] }

    /// Major, minor and micro; a micro that is not known counts as 0, as for `pip --python-version`.
    package var fullVersion: PackageVersion {
        PackageVersion(epoch: 0, release: python.release.count == 3 ? python.release : python.release + [0])
    }

    /// The value of a marker's variable; `nil` for those that an environment does not have. The kernel's
    /// release and version cannot be known, and are empty.
    package subscript(variable: Marker.Variable) -> String? {
        switch variable {
        case .pythonVersion: "3.\(minor)"
        case .pythonFullVersion, .implementationVersion: fullVersion.description
        case .osName: "posix"
        case .sysPlatform: "linux"
        case .platformSystem: "Linux"
        case .platformMachine: platform.machine
        case .platformRelease, .platformVersion: ""
        case .platformPythonImplementation: "CPython"
        case .implementationName: "cpython"
        case .extra, .extras, .dependencyGroups: nil
        }
    }
}
