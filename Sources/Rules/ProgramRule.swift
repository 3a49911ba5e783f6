import Manifests
import ModelFacts

/// Programs in files that are no pickles: layers that are code, operators from elsewhere, scripts in archives.
///
/// Loading such a file runs what is in it, as with a pickle, and what runs is code that the model brings along: both
/// `pickle` and `remote-code` of `[policy]` have to allow it. Where one of them denies it is an error, where neither states
/// "allow" to the end a warning.
enum ProgramRule {
    private static let told = 8

    /// One finding for each file with a program, or of which that could not be determined.
    static func findings(_ locked: LockedEntry, _ policy: Policy) -> [Diagnostic] {
        let isDenied = policy.pickle != .allow || policy.remoteCode == .deny
        guard isDenied || policy.remoteCode != .allow else { return [] }
        return locked.programs.map { program in
            let notes = Array(program.messages.prefix(told))
            let article = ["O", "H"].contains(program.format.prefix(1)) ? "an" : "a"
            if program.isUnreadable {
                return Diagnostic(
                    isDenied ? .error : .warning, code: .programUnreadable,
                    "\(locked.name): whether \(program.path), \(article) \(program.format), holds a program could not be determined",
                    notes: notes,
                    fix:
                        "leave the file out with exclude; only if you trust who made it, allow the finding in the entry"
                )
            }
            return Diagnostic(
                isDenied ? .error : .warning, code: .program,
                "\(locked.name): loading \(program.path), \(article) \(program.format), may run code that it brings along",
                notes: notes,
                fix:
                    "leave the file out with exclude, take the weights in safetensors, or look at what it is and add "
                    + "\"program\" to the entry's allow")
        }
    }
}
