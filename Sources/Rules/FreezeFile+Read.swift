import Formats
package import Manifests
import Storage

extension Manifest {
    /// The same with what the files of `provided-file` list of the notebooks, each relative to the manifest.
    /// - Throws: every file that cannot be read. A line that is none of `pip freeze` is a finding of the wheels.
    package func readingProvidedFiles() throws(Diagnostics) -> Manifest {
        guard entries.contains(where: { $0.wheels.providedFile != nil }) else { return self }
        var problems: [Diagnostic] = []
        let entries = entries.map { entry -> Entry in
            guard let name = entry.wheels.providedFile else { return entry }
            var entry = entry
            do throws(FileError) {
                let path = Path.join(Path.parent(self.path), name)
                entry.wheels.frozen = FreezeFile(try FileReader.contents(named: path, limit: 1 << 24))
            } catch {
                problems.append(
                    Diagnostic(
                        code: .providedUnreadable, "\(entry.name): what the notebook has could not be read",
                        at: entry.location, notes: ["\(error)"],
                        fix: error.remedy(
                            missing:
                                "write the path relative to the manifest; knapsack.freeze() in the notebook writes the file"
                        ),
                        verdict: .undecided))
            }
            return entry
        }
        guard problems.isEmpty else { throw Diagnostics(problems) }
        return with(entries: entries)
    }
}
