import Formats
package import Manifests
package import ModelFacts

/// Whether what a `[[wheels]]` entry holds can be installed where the manifest states, without an index: decided
/// from the lock alone, as pip decides it with `--no-index --find-links`.
package enum WheelRules {
    /// The findings of one entry; none for an entry of another kind.
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
        return faults(entry.name, wheels) + sources + unread(entry) + WheelResolution.findings(entry, wheels)
    }

    /// Lines of the file of what the notebook has that name no package in a known way.
    private static func unread(_ entry: Entry) -> [Diagnostic] {
        guard let lines = entry.wheels.frozen?.unread, let first = lines.first else { return [] }
        let file = entry.wheels.providedFile ?? ""
        let more = lines.count > 5 ? ["… and \(lines.count - 5) more"] : []
        return [
            Diagnostic(
                code: .providedLine,
                "\(entry.name): \(Counted.text(lines.count, "line")) of \(file) cannot be read as what pip freeze prints, "
                    + "the first is line \(first.number)",
                notes: lines.prefix(5).map { "line \($0.number): \(quoted($0.text))" } + more,
                fix: "write it with pip freeze or knapsack.freeze() in the notebook, or take these lines out")
        ]
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
