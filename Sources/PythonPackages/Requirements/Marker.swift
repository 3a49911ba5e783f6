import Formats

/// Where a requirement applies: a condition on the Python and the machine (PEP 508, "Environment Markers").
package indirect enum Marker: Equatable, Sendable {
    /// A comparison of two things, one of them a variable.
    case compare(Operand, Comparison, Operand)
    /// All have to hold.
    case all([Marker])
    /// One has to hold.
    case any([Marker])

    /// A side of a comparison.
    package enum Operand: Equatable, Sendable {
        /// A variable of the environment.
        case variable(Variable)
        /// What stands between quotes.
        case text(String)
    }

    /// How two sides are compared.
    package enum Comparison: Equatable, Sendable {
        /// As versions, where they are some.
        case version(VersionSpecifier.Operator)
        /// The left side is a part of the right one.
        case isIn
        /// It is not.
        case isNotIn
    }

    /// A variable; the raw value is the name.
    package enum Variable: String, Sendable, CaseIterable {
        /// The Python's major and minor version, as `3.12`.
        case pythonVersion = "python_version"
        /// The Python's whole version, as `3.12.4`.
        case pythonFullVersion = "python_full_version"
        /// `os.name`, as `posix`.
        case osName = "os_name"
        /// `sys.platform`, as `linux`.
        case sysPlatform = "sys_platform"
        /// `platform.release()`: of Linux the kernel's version.
        case platformRelease = "platform_release"
        /// `platform.system()`, as `Linux`.
        case platformSystem = "platform_system"
        /// `platform.version()`: of Linux how the kernel was built.
        case platformVersion = "platform_version"
        /// `platform.machine()`, as `x86_64`.
        case platformMachine = "platform_machine"
        /// `platform.python_implementation()`, as `CPython`.
        case platformPythonImplementation = "platform_python_implementation"
        /// `sys.implementation.name`, as `cpython`.
        case implementationName = "implementation_name"
        /// The version of `sys.implementation`, as `3.12.4`.
        case implementationVersion = "implementation_version"
        /// The extra that a requirement is asked for with.
        case extra
        /// Only in lock files.
        case extras
        /// Only in lock files.
        case dependencyGroups = "dependency_groups"

        /// The variable that a name stands for, old spellings too.
        init?(written name: String) {
            let old: [String: Variable] = [
                "os.name": .osName, "sys.platform": .sysPlatform, "platform.version": .platformVersion,
                "platform.machine": .platformMachine, "python_implementation": .platformPythonImplementation,
                "platform.python_implementation": .platformPythonImplementation,
            ]
            guard let found = old[name] ?? Variable(rawValue: name) else { return nil }
            self = found
        }

        /// Whether what is compared with it is a version.
        var isVersion: Bool {
            switch self {
            case .pythonVersion, .pythonFullVersion, .implementationVersion, .platformRelease: true
            default: false
            }
        }
    }

    /// Reads a marker alone.
    package init(parsing text: String) throws(RequirementError) {
        // A requirement is what a marker is a part of.
        guard let marker = try Requirement(parsing: "a;" + text).marker else {
            throw RequirementError(message: "expected a marker", offset: 0)
        }
        self = marker
    }

    /// A marker that compares what cannot be compared.
    package struct Problem: Error, Equatable, Sendable, CustomStringConvertible {
        /// What is wrong.
        package let description: String
    }

    /// Whether it holds.
    /// - Parameter extra: the extra for which it is asked; empty for none.
    /// - Throws: where a comparison means nothing; installers fail there too.
    package func holds(in environment: PythonEnvironment, extra: String = "") throws(Problem) -> Bool {
        switch self {
        case .compare(let left, let comparison, let right):
            return try Marker.holds(left, comparison, right, environment, extra: extra)
        case .all(let terms):
            // All are looked at, so that the same markers are refused whatever the others say.
            var result = true
            for term in terms where try !term.holds(in: environment, extra: extra) { result = false }
            return result
        case .any(let terms):
            var result = false
            for term in terms where try term.holds(in: environment, extra: extra) { result = true }
            return result
        }
    }

    private static func holds(
        _ left: Operand, _ comparison: Comparison, _ right: Operand, _ environment: PythonEnvironment,
        extra: String
    ) throws(Problem) -> Bool {
        let variable: Variable
        var one: String
        var two: String
        func value(_ variable: Variable) throws(Problem) -> String {
            if variable == .extra { return PackageName.normalized(extra) }
            guard let value = environment[variable] else {
                throw Problem(description: "\(variable.rawValue) is not known where packages are installed")
            }
            return value
        }
        switch (left, right) {
        case (.variable(let found), .text(let text)): (variable, one, two) = (found, try value(found), text)
        case (.text(let text), .variable(let found)): (variable, one, two) = (found, text, try value(found))
        case (.variable(let found), .variable(let other)):
            (variable, one, two) = (found, try value(found), other.rawValue)
        case (.text(let one), .text(let two)):
            throw Problem(description: "\"\(one)\" and \"\(two)\" are compared, and neither is a variable")
        }
        if variable == .extra {
            one = PackageName.normalized(one)
            two = PackageName.normalized(two)
        }
        switch comparison {
        case .isIn: return contains(two, one)
        case .isNotIn: return !contains(two, one)
        case .version(let comparison):
            if variable.isVersion, let specifier = VersionSpecifier(comparison, two.trimmed) {
                return PackageVersion(one).map(specifier.contains) ?? false
            }
            switch comparison {
            case .equal, .atMost, .atLeast: return one.hasSameBytes(as: two)
            case .unequal: return !one.hasSameBytes(as: two)
            case .below, .above: return false
            case .compatible, .arbitrary:
                throw Problem(
                    description: "\"\(one)\" and \"\(two)\" cannot be compared by \(comparison.rawValue)")
            }
        }
    }

    private static func contains(_ whole: String, _ part: String) -> Bool {
        let whole = Array(whole.utf8)
        let part = Array(part.utf8)
        guard part.count <= whole.count else { return false }
        return (0...whole.count - part.count).contains { whole[$0...].starts(with: part) }
    }
}
