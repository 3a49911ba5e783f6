import Formats
import Manifests
import ModelFacts
import Scanning

/// `pickle` of `[policy]`: pickles are programs, so that "deny", which is meant where nothing is said, takes none;
/// "scan" takes those that do nothing but build data; "allow" takes all.
enum PickleRule {
    private static let told = 5

    /// One finding for all pickles of an entry if they are denied; one for each that is not harmless if they are scanned.
    static func findings(_ locked: LockedEntry, _ policy: Policy) -> [Diagnostic] {
        switch policy.pickle {
        case .allow: []
        case .deny: denied(locked)
        case .scan: scanned(locked)
        }
    }

    private static func denied(_ locked: LockedEntry) -> [Diagnostic] {
        let pickles = locked.pickles
        guard let first = pickles.first else { return [] }
        let what = pickles.count == 1 ? "\(first.path) is a pickle" : "\(pickles.count) files are pickles"
        let present = Set(locked.files.map(\.path))
        let notes = pickles.prefix(told).map { pickle in
            let twin = pickle.twin.map { twin in
                present.contains(twin)
                    ? "; \(twin) is here and has the weights" : "; the repository has \(twin)"
            }
            return "\(pickle.path)\(words(pickle))\(twin ?? "")"
        }
        let hasTwins = pickles.allSatisfy { $0.twin != nil }
        let patterns = pickles.prefix(told).map { "\"\($0.path)\"" }.joined(separator: ", ")
        return [
            Diagnostic(
                code: .pickleDenied,
                "\(locked.name): \(what), which can execute any code when it is loaded, and the policy denies them",
                notes: notes + (pickles.count > told ? ["…"] : []),
                fix: hasTwins
                    ? "leave them out, with exclude = [\(patterns)\(pickles.count > told ? ", …" : "")], and take the "
                        + "safetensors files"
                    : "leave them out with exclude, take safetensors files, or let pickle = \"scan\" in [policy] take "
                        + "those that are harmless")
        ]
    }

    private static func scanned(_ locked: LockedEntry) -> [Diagnostic] {
        let fix =
            "leave the file out with exclude; only if you trust who made it, allow the finding in the entry"
        return locked.pickles.compactMap { pickle in
            let notes = pickle.names.map { "it imports \($0)" } + (pickle.problem.map { [$0] } ?? [])
            return switch pickle.verdict {
            case .harmless: nil
            case .refused:
                Diagnostic(
                    code: .pickleRefused,
                    "\(locked.name): loading \(pickle.path) would do more than build data, as far as is known",
                    notes: notes, fix: fix)
            case .unreadable:
                Diagnostic(
                    code: .pickleUnreadable,
                    "\(locked.name): what loading \(pickle.path) would do could not be determined",
                    notes: notes,
                    fix: fix)
            }
        }
    }

    private static func words(_ pickle: PickleFact) -> String {
        switch pickle.verdict {
        case .harmless: " builds only data"
        case .refused: pickle.names.isEmpty ? " does more than build data" : " imports \(pickle.names[0])"
        case .unreadable: " could not be read"
        }
    }
}
