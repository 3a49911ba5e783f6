import Formats
package import Manifests
package import ModelFacts

/// Whether what a `[[wheels]]` entry holds can be installed where the manifest states, without an index: decided
/// from the lock alone, as pip decides it with `--no-index --find-links`.
package enum WheelRules {
    package static func findings(_ entry: Entry, _ locked: LockedEntry) -> [Diagnostic] {
        guard locked.kind == .wheels else { return [] }
        let sources = locked.files.map(\.path).filter(WheelFiles.isSource).map { source(entry.name, $0) }
        guard let wheels = WheelFacts.recorded(in: locked) else {
            guard !locked.wheelPaths.isEmpty else { return sources }
            return sources + [
                Diagnostic(
                    code: .lockStale, "\(entry.name): the lock does not state what its wheels are",
                    fix: "run knapsack lock {manifest}")
            ]
        }
        return faults(entry.name, wheels) + sources + WheelResolution.findings(entry, wheels)
    }

    /// What is wrong with wheels themselves.
    package static func faults(_ name: String, _ wheels: [WheelFacts]) -> [Diagnostic] {
        wheels.flatMap { wheel in
            let records = wheel.problems.filter { $0.code == .record }
            // What differs from RECORD is one finding of a wheel, however much it is.
            let problems = wheel.problems.filter { $0.code != .record } + records.prefix(1)
            return problems.map { problem in
                let message = "\(name): \(wheel.path) \(problem.message)"
                switch problem.code {
                case .broken:
                    return Diagnostic(
                        code: problem.code.finding, message,
                        fix: "download the wheel again, or leave it out with the entry's exclude")
                case .record:
                    return Diagnostic(
                        code: problem.code.finding, message,
                        notes: records.dropFirst().map(\.message),
                        fix: "download the wheel again; where you know who changed it, add "
                            + "\"\(problem.code.finding)\" to the entry's allow")
                case .tags:
                    return Diagnostic(
                        code: problem.code.finding, message,
                        notes: wheel.tags.prefix(5).map { "WHEEL: \($0)" },
                        fix: "give the file its own name again")
                }
            }
        }
    }

    private static func source(_ name: String, _ path: RelativePath) -> Diagnostic {
        Diagnostic(
            code: .wheelSdist,
            "\(name): \(path) is a source distribution, which has to be built where it is installed",
            notes: ["building takes packages that pip gets from the index, and there is none"],
            fix: "build a wheel of it (pip wheel --no-deps) and put that into its place")
    }
}
