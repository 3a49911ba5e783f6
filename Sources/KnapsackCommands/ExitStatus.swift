import Manifests

/// How a command ends: what the process returns. One that a signal ends returns 128 and the signal's number, as shells
/// have it (``SignalHandler``).
enum ExitStatus: Int32, Equatable {
    /// Everything holds.
    case holds = 0
    /// Something was looked at and does not hold, or two things differ.
    case finding = 1
    /// Nothing worse is known than that something could not be looked at; wrong usage, too.
    case undecided = 2

    /// How a command ends that found this.
    init(of findings: [Diagnostic]) {
        let errors = findings.filter { $0.severity == .error }
        if errors.isEmpty {
            self = .holds
        } else {
            self = errors.contains { $0.verdict == .finding } ? .finding : .undecided
        }
    }
}
