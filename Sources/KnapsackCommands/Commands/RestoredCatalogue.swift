import Catalogue
import Manifests
import Storage

/// What `knapsack serve` tells of its catalogue when it begins.
enum RestoredCatalogue {
    /// What was made anew, and what could not be.
    /// - Parameter directory: the catalogue's, as it is shown.
    static func findings(_ restored: ModelCatalogue.Restored, _ directory: String) -> [Diagnostic] {
        let count = "\(restored.versions) \(restored.versions == 1 ? "version was" : "versions were")"
        var findings = [
            restored.wasDamaged
                ? Diagnostic(
                    .warning, code: .unreadable,
                    "the database of the catalogue \(directory) is damaged: it was made anew",
                    notes: [
                        "\(count) restored from the records in \(directory)/records",
                        "the damaged one is kept as \(directory)/catalogue.sqlite.damaged",
                    ])
                : Diagnostic(
                    .warning, code: .unreadable,
                    "the database of the catalogue \(directory) did not have all versions",
                    notes: ["\(count) added from the records in \(directory)/records"])
        ]
        if restored.versions == 0, !restored.wasDamaged { findings = [] }
        findings += restored.unreadable.map { path in
            Diagnostic(
                .warning, code: .unreadable, "the record of a version cannot be read: \(path)",
                fix: "restore it from a copy, or remove it")
        }
        return findings
    }

    /// Why a catalogue cannot be used.
    /// - Parameter directory: the catalogue's, as it is shown.
    static func finding(_ problem: ModelCatalogue.Problem, _ directory: String) -> Diagnostic {
        let (reason, fix) =
            switch problem {
            case .inUse: ("another server uses it", "end that server, or name another directory")
            case .exists: ("it is there already", "name another directory")
            case .database(let error):
                ("\(error)", "name another directory, or restore a copy of this one")
            case .file(let error): ("\(error)", error.remedy())
            }
        return Diagnostic(
            code: .unreadable, "the catalogue \(directory) cannot be used: \(reason)", fix: fix,
            verdict: .undecided)
    }
}
