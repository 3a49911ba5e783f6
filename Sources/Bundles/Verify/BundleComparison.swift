import Formats
import Manifests
package import Storage

/// What was found at a path of a bundle.
package enum FoundContent: Equatable, Sendable {
    /// All of it was read: its digest, and its length in bytes.
    case digest(SHA256Digest, size: Int)
    /// Only its length in bytes was looked at.
    case size(Int)
    /// It could not be read, for this reason.
    case unreadable(String)
}

/// Holds what was found in a bundle, wherever it was read from, against what its lock states.
struct BundleComparison {
    private let expected: ExpectedFiles
    private let found: [RelativePath: FoundContent]

    /// Takes both sides.
    init(_ expected: ExpectedFiles, _ found: [RelativePath: FoundContent]) {
        self.expected = expected
        self.found = found
    }

    /// Everything that does not hold.
    ///
    /// - Parameter sums: the content of `SHA256SUMS`; `nil` where content was not looked at.
    func findings(sums: [UInt8]?) -> [Diagnostic] {
        contentFindings + expected.metadata.flatMap(metadataFindings) + (sums.map(sumsFindings) ?? [])
    }

    /// The metadata follows from the lock, so that nothing is lost with it. Kaggle keeps it for itself: neither
    /// what it mounts nor what it gives back for download has it.
    private func metadataFindings(_ file: UploadMetadata.File) -> [Diagnostic] {
        let name = file.name
        let bytes = Array(file.text.utf8)
        switch found[name] {
        case nil:
            return [
                Diagnostic(
                    .note, code: .metadataMissing,
                    "\(name) is missing, as in everything that Kaggle gives back; it follows from the lock")
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
                    findings.append(
                        Diagnostic(
                            code: .changed, "\(path) has other content", notes: notes,
                            fix: Self.again))
                }
            }
        }
        var extras: [RelativePath] = []
        for path in found.keys where expected.content[path] == nil && path != ModelSignature.name {
            if expected.generated.contains(path) {
                switch found[path] {
                case .unreadable(let reason)?: findings.append(unreadable(path, reason))
                case .size(let size)? where size > ExpectedFiles.generatedLimit:
                    findings.append(
                        changed(
                            path, "expected at most \(ExpectedFiles.generatedLimit) bytes",
                            "found    \(size) bytes"))
                default: break
                }
            } else {
                extras.append(path)
            }
        }
        findings += extraFindings(extras)
        for path in expected.generated.sorted()
        where found[path] == nil && !UploadMetadata.names.contains(path) {
            findings.append(Diagnostic(code: .missing, "\(path) is missing", fix: "pack the bundle again"))
        }
        return findings
    }

    private func extraFindings(_ extras: [RelativePath]) -> [Diagnostic] {
        guard !extras.isEmpty else { return [] }
        // Keyed by what `String` takes for the same, to name the file of the lock that an extra one looks like.
        let lookalikes = Dictionary(expected.content.keys.map { ($0.text, $0) }, uniquingKeysWith: min)
        return extras.map { BundleComparison.extra($0.text, twin: lookalikes[$0.text]) }
    }

    /// Python writes what it compiled of the loader beside it, where it may: before a line of the loader has
    /// run. That spoils nothing, but Python would run it, and nobody has proved it.
    /// - Parameter twin: the file of the lock whose name Unicode calls equivalent.
    static func extra(_ path: String, twin: RelativePath? = nil) -> Diagnostic {
        guard isPythonCache(path) else {
            return Diagnostic(
                code: .extra, "\(path) is not in the lock",
                notes: twin.map {
                    [
                        "it looks like a file of the lock, and has another name:",
                        "in the lock  \($0.text.withVisibleScalars)",
                        "found        \(path.withVisibleScalars)",
                    ]
                } ?? [], fix: "remove it from the bundle")
        }
        return Diagnostic(
            code: .pythonCache, "\(path) was written by Python, and is not proved",
            fix: "remove the directory __pycache__ before the upload; python -B does not make it")
    }

    /// Whether a file is what Python compiled of the loader.
    static func isPythonCache(_ path: String) -> Bool {
        path.utf8.starts(with: "__pycache__/knapsack.".utf8)
            && path.utf8.reversed().starts(with: "cyp.".utf8)
    }

    /// The generated files are proved by their lines in `SHA256SUMS`, and its own bytes by what it must say.
    private func sumsFindings(_ bytes: [UInt8]) -> [Diagnostic] {
        guard found[SumsFile.name] != nil else { return [] }
        guard let sums = SumsFile.parse(bytes) else {
            return [damagedSums(notes: ["it is not a list of digests and paths in their order"])]
        }
        var wrong: [RelativePath] = []
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
        }.map { "no correct line for \($0)" }
        let generated = wrong.filter { expected.generated.contains($0) }.sorted().map { path in
            Diagnostic(
                code: .changed, "\(path) does not match its line in \(SumsFile.name)",
                notes: ["either of the two is damaged"], fix: "pack the bundle again")
        }
        let notes = (unnamed + unknown + lines).sortedByBytes()
        return generated + (notes.isEmpty ? [] : [damagedSums(notes: Array(notes.prefix(5)))])
    }

    private func damagedSums(notes: [String]) -> Diagnostic {
        Diagnostic(
            code: .changed, "\(SumsFile.name) is damaged: it is not what the lock states", notes: notes,
            fix: "pack the bundle again")
    }

    private func changed(_ path: RelativePath, _ expected: String, _ found: String) -> Diagnostic {
        Diagnostic(
            code: .changed, "\(path) has another size", notes: [expected, found], fix: Self.again)
    }

    /// How a bundle gets the content that its lock states.
    private static let again = "pack the bundle again, or fetch it again where it was fetched"

    private func unreadable(_ path: RelativePath, _ reason: String) -> Diagnostic {
        Diagnostic(
            code: .unreadable, "\(path) could not be read", notes: [reason],
            fix: "make it readable for who runs knapsack, and verify again", verdict: .undecided)
    }
}
