import Bundles
import Formats
import Manifests
import Storage
import Transfer

/// What a registry lists of a bundle, beside what the bundle's lock states.
struct RegistryComparison {
    /// What differs, in the order of the paths.
    let findings: [Diagnostic]

    /// Compares names, sizes and digests.
    init(_ artifact: RegistryArtifact, _ lock: Lock) throws {
        var listed: [RelativePath: RegistryArtifact.File] = [:]
        for file in artifact.files { listed[file.path] = file }
        var findings: [(path: RelativePath, finding: Diagnostic)] = []
        var known = Set(BundlePath.generated(lock.bundle) + [ModelSignature.name])
        for stored in try Plan(lock).stored {
            known.insert(stored.path)
            guard let file = listed[stored.path] else {
                findings.append((stored.path, Diagnostic(code: .missing, "\(stored.path) is missing")))
                continue
            }
            guard file.sha256 == stored.sha256, file.size == stored.size else {
                findings.append(
                    (
                        stored.path,
                        Diagnostic(
                            code: .changed, "\(stored.path) is not what the lock states",
                            notes: [
                                "expected sha256 \(stored.sha256.hex), \(stored.size) bytes",
                                "found    sha256 \(file.sha256.hex), \(file.size) bytes",
                            ])
                    ))
                continue
            }
        }
        for path in BundlePath.proved + [SumsFile.name] where listed[path] == nil {
            findings.append((path, Diagnostic(code: .missing, "\(path) is missing")))
        }
        for file in artifact.files where !known.contains(file.path) {
            findings.append((file.path, Diagnostic(code: .extra, "\(file.path) is not in the lock")))
        }
        self.findings = findings.sorted { $0.path < $1.path }.map(\.finding)
    }
}
