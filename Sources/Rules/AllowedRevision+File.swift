import Formats
package import Manifests
import Storage

extension Manifest {
    /// The same manifest with the revisions of the file that `allowed-revisions` names, if it names one.
    /// - Throws: where the file cannot be read, or a line of it is no revision.
    package func readingAllowedRevisions() throws(Diagnostics) -> Manifest {
        guard let name = policy.allowedRevisionsPath else { return self }
        let bytes: [UInt8]
        do {
            let path = Path.join(Path.parent(self.path), name)
            bytes = try FileReader.contents(named: path, limit: 1 << 24)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .revisionsUnreadable, "the list of allowed revisions could not be read",
                    at: policy.location(of: "allowed-revisions"), notes: ["\(error)"],
                    fix: error.remedy(missing: "write the path relative to the manifest"),
                    verdict: .undecided))
        }
        var manifest = self
        manifest.policy.allowedRevisions = try AllowedRevision.list(
            bytes, path: Path.normalized(Path.join(Path.parent(path), name)))
        return manifest
    }
}
