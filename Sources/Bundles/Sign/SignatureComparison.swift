import Formats
package import Manifests
import Storage
import Tensors

/// What was found of a file that a signature may be of.
enum SignedContent: Equatable, Sendable {
    /// The digests of all of it or of its shards.
    case digests([[UInt8]])
    /// It is another size than the signed one, so that nothing was hashed.
    case size(Int)
    /// It could not be read.
    case unreadable(String)
    /// It is there, and nobody asked for its content yet.
    case present
}

/// Holds the files of a model against the statement of a signature.
struct SignatureComparison {
    /// What was signed.
    let statement: ModelStatement
    /// What was found by the paths; `nil` for the model itself, where it is one file.
    let found: [RelativePath?: SignedContent]

    /// Everything that does not hold, in the order of the paths.
    func findings() -> [Diagnostic] {
        var findings: [(path: String, finding: Diagnostic)] = []
        let moved = movedTo()
        for file in statement.files {
            guard let finding = finding(of: file, moved) else { continue }
            findings.append((file.name, finding))
        }
        for path in unsigned {
            findings.append(
                (
                    path.text,
                    Diagnostic(
                        code: .unsigned, "\(path) is not signed",
                        fix: "remove it, or have all of it signed again")
                ))
        }
        return findings.sorted { $0.path.precedesByBytes($1.path) }.map(\.finding)
    }

    /// The files that the signature states nothing of, and that it does not leave out.
    var unsigned: [RelativePath] {
        let signed = Set(statement.files.map(\.path))
        return found.keys.filter { !signed.contains($0) }.compactMap(\.self)
            .filter { !statement.ignores($0) }
    }

    /// Whether a signed file is not there, which may be because it is there under another name.
    var isMissingAny: Bool { statement.files.contains { found[$0.path] == nil } }

    /// Where content of files that are not signed is stored, by its digests.
    private func movedTo() -> [[[UInt8]]: RelativePath] {
        var paths: [[[UInt8]]: RelativePath] = [:]
        for path in unsigned.sorted() {
            if case .digests(let digests)? = found[path] {
                paths[digests] = paths[digests] ?? path
            }
        }
        return paths
    }

    private func finding(of file: ModelStatement.File, _ moved: [[[UInt8]]: RelativePath]) -> Diagnostic? {
        func changed(_ notes: [String]) -> Diagnostic {
            Diagnostic(code: .signedChanged, "\(file.name) is not what was signed", notes: notes)
        }
        switch found[file.path] {
        case nil:
            let notes = moved[file.digests].map { ["\($0) has its content, and that name was not signed"] }
            return Diagnostic(
                code: .signedMissing, "\(file.name) was signed and is missing", notes: notes ?? [])
        case .size(let size)?:
            return changed((file.size.map { ["expected \($0) bytes"] } ?? []) + ["found    \(size) bytes"])
        case .unreadable(let reason)?:
            return Diagnostic(
                code: .unreadable, "\(file.name) could not be read", notes: [reason], verdict: .undecided)
        case .present?:
            return Diagnostic(
                code: .unreadable, "\(file.name) was not read, so its signature is not checked",
                verdict: .undecided)
        case .digests(let digests)?:
            if digests == file.digests { return nil }
            guard digests.count == 1, let expected = file.digests.first, file.digests.count == 1,
                let digest = digests.first
            else {
                let shards = zip(file.digests, digests).enumerated().filter { $1.0 != $1.1 }.map(\.offset)
                let size = statement.shardSize ?? 0
                return changed(
                    shards.prefix(5).map {
                        "from byte \($0.multipliedReportingOverflow(by: size).partialValue) on"
                    })
            }
            let name = statement.hash.rawValue
            return changed(["signed \(name) \(Hex.text(expected))", "found  \(name) \(Hex.text(digest))"])
        }
    }
}

extension ModelSignature {
    /// Holds a bundle that was read from front to back against the signature.
    ///
    /// - Parameter report: of ``VerifyReport/Level/full``: what was only looked at is not checked.
    /// - Returns: `nil` where the signature is over other digests than those of a verification: the files have
    ///   to be read for it again, by ``SignedFiles``.
    package func findings(of report: VerifyReport) -> [Diagnostic]? {
        // Without a lock nothing was hashed, and that is told already.
        guard let statement, !report.found.isEmpty else { return [] }
        guard statement.hash == .sha256, statement.shardSize == nil else { return nil }
        var found: [RelativePath?: SignedContent] = [:]
        for (path, content) in report.found where path != ModelSignature.name {
            found[path] =
                switch content {
                case .digest(let digest, _): .digests([digest.bytes])
                // Of a full report: the lock states another size, so that nothing was hashed.
                case .size(let size): .size(size)
                case .unreadable(let reason): .unreadable(reason)
                }
        }
        return SignatureComparison(statement: statement, found: found).findings()
    }
}
