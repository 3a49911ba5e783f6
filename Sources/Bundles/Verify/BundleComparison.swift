import Manifests
package import Storage

/// What was found at a path of a bundle.
package enum FoundContent: Equatable, Sendable {
    case digest(SHA256Digest, size: Int)
    case size(Int)
    case unreadable(String)
}

/// Holds what was found in a bundle, wherever it was read from, against what its lock says.
struct BundleComparison {
    private let expected: ExpectedFiles
    private let found: [String: FoundContent]
    private let isMounted: Bool

    /// Takes both sides.
    ///
    /// - Parameter isMounted: whether the bundle lies on a read-only file system, as a dataset in a notebook.
    init(_ expected: ExpectedFiles, _ found: [String: FoundContent], isMounted: Bool = false) {
        self.expected = expected
        self.found = found
        self.isMounted = isMounted
    }

    /// Everything that does not hold.
    ///
    /// - Parameter sums: the content of `SHA256SUMS`; `nil` where content was not looked at.
    func findings(sums: [UInt8]?) -> [Diagnostic] {
        contentFindings + expected.metadata.flatMap(metadataFindings) + (sums.map(sumsFindings) ?? [])
    }

    /// The metadata follows from the lock. Kaggle takes it out of what it mounts, so that there its absence
    /// is no damage.
    private func metadataFindings(_ file: UploadMetadata.File) -> [Diagnostic] {
        let name = file.name
        let bytes = Array(file.text.utf8)
        switch found[name] {
        case nil:
            return [
                isMounted
                    ? Diagnostic(
                        code: .metadataMissing,
                        "\(name) is missing, as in everything that Kaggle mounts")
                    : Diagnostic(code: .missing, "\(name) is missing", fix: "pack the bundle again")
            ]
        case .digest(let digest, _)?:
            let right = try? ContentHasher.sha256(bytes.span)
            if digest == right { return [] }
        case .size(let size)?: if size == bytes.count { return [] }
        case .unreadable?: return []
        }
        return [
            Diagnostic(
                code: .changed, "\(name) has other content than the lock's [bundle] table gives it",
                fix: "pack the bundle again")
        ]
    }

    private var contentFindings: [Diagnostic] {
        var findings: [Diagnostic] = []
        for (path, content) in expected.content {
            switch found[path] {
            case nil:
                findings.append(
                    Diagnostic(code: .missing, "\(path) is missing", fix: "pack the bundle again"))
            case .unreadable(let reason)?: findings.append(unreadable(path, reason))
            case .size(let size)?, .digest(_, let size)?:
                if size != content.size {
                    findings.append(
                        changed(path, "expected \(content.size) bytes", "found    \(size) bytes"))
                } else if case .digest(let digest, _)? = found[path], digest != content.sha256 {
                    var notes = ["expected sha256 \(content.sha256)", "found    sha256 \(digest)"]
                    if let owner = expected.path(of: digest) {
                        notes.append("that is the content of \(owner)")
                    }
                    findings.append(Diagnostic(code: .changed, "\(path) has other content", notes: notes))
                }
            }
        }
        for path in found.keys where expected.content[path] == nil && path != ModelSignature.name {
            if expected.generated.contains(path) {
                if case .unreadable(let reason)? = found[path] { findings.append(unreadable(path, reason)) }
            } else {
                findings.append(BundleComparison.extra(path))
            }
        }
        for path in expected.generated.sorted()
        where found[path] == nil && !UploadMetadata.names.contains(path) {
            findings.append(Diagnostic(code: .missing, "\(path) is missing", fix: "pack the bundle again"))
        }
        return findings
    }

    /// Python writes what it compiled of the loader beside it, where it may: before a line of the loader has
    /// run. That spoils nothing, but Python would run it, and nobody has proved it.
    private static func extra(_ path: String) -> Diagnostic {
        guard path.utf8.starts(with: "__pycache__/knapsack.".utf8),
            path.utf8.reversed().starts(with: "cyp.".utf8)
        else {
            return Diagnostic(
                code: .extra, "\(path) is not in the lock", fix: "remove it from the bundle")
        }
        return Diagnostic(
            code: .pythonCache, "\(path) was written by Python, and is not proved",
            fix: "remove the directory __pycache__ before the upload; python -B does not make it")
    }

    /// The generated files are proved by their lines in `SHA256SUMS`, and its own bytes by what it must say.
    private func sumsFindings(_ bytes: [UInt8]) -> [Diagnostic] {
        guard found[SumsFile.name] != nil else { return [] }
        guard let sums = SumsFile.parse(bytes) else {
            return [damagedSums(notes: ["it is not a list of digests and paths in their order"])]
        }
        var wrong: [String] = []
        for (path, digest) in sums {
            guard case .digest(let actual, _)? = found[path], actual != digest else { continue }
            wrong.append(path)
        }
        let wanted = Set(expected.content.keys).union(BundlePath.proved)
        let unnamed = wanted.subtracting(sums.keys).map { "no line for \($0)" }
        let unknown = Set(sums.keys).subtracting(wanted).map { "a line for \($0)" }
        // Where the content is the one that the lock has, it is the line that is wrong.
        let lines = wrong.filter { path in
            guard case .digest(let actual, _)? = found[path] else { return false }
            return expected.content[path]?.sha256 == actual
        }.map { "no right line for \($0)" }
        let generated = wrong.filter { expected.generated.contains($0) }.sorted().map { path in
            Diagnostic(
                code: .changed, "\(path) does not match its line in \(SumsFile.name)",
                notes: ["either of the two is damaged"], fix: "pack the bundle again")
        }
        let notes = (unnamed + unknown + lines).sorted()
        return generated + (notes.isEmpty ? [] : [damagedSums(notes: Array(notes.prefix(5)))])
    }

    private func damagedSums(notes: [String]) -> Diagnostic {
        Diagnostic(
            code: .changed, "\(SumsFile.name) is damaged: it does not say what the lock says", notes: notes,
            fix: "pack the bundle again")
    }

    private func changed(_ path: String, _ expected: String, _ found: String) -> Diagnostic {
        Diagnostic(code: .changed, "\(path) has another size", notes: [expected, found])
    }

    private func unreadable(_ path: String, _ reason: String) -> Diagnostic {
        Diagnostic(code: .unreadable, "\(path) could not be read", notes: [reason], verdict: .undecided)
    }
}
