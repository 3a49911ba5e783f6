import Caches
package import Formats
package import Manifests
import Scanning
import Storage
import Tensors

/// A token or a key in an entry's files: where it is and of which kind, never what it is.
package struct CredentialFact: Equatable, Sendable {
    /// The path in the entry.
    package let path: RelativePath
    /// The line from 1, of a file that is not text the place among its texts; 0 where the file's name alone reports.
    package let line: Int
    /// What it is, to be read after "has".
    package let kind: String

    /// The most that a lock records of an entry.
    static let most = 64
    /// How much of a file is read, in bytes.
    static let sizeLimit = 16 << 20
    /// The largest file of pickles of which the strings are looked at: what a program was trained with, and no weights.
    private static let pickleLimit = 1 << 20

    /// Looks at the name of a file, and through the content of those that people and tools write as text.
    ///
    /// A file that cannot be read is *not* an error here: hashing it will be one.
    /// - Parameter places: the paths of everything in the snapshot.
    static func read(
        _ file: ModelFile, among places: Set<RelativePath>, _ contents: ModelFileReader
    ) -> [CredentialFact] {
        if let kind = CredentialName.kind(of: file.path, among: places) {
            return [CredentialFact(path: file.path, line: 0, kind: kind)]
        }
        guard file.size > 0, let text = text(file, contents) else { return [] }
        return CredentialScan.findings(in: text.span).map {
            CredentialFact(path: file.path, line: $0.line, kind: $0.kind)
        }
    }

    /// What is looked through: a text, the metadata of a safetensors file, the strings of small pickles.
    private static func text(_ file: ModelFile, _ contents: ModelFileReader) -> [UInt8]? {
        if CredentialName.isText(file.path.text) {
            return (try? contents.whole(file, atMost: min(sizeLimit, file.size))).map(CredentialScan.text)
        }
        if file.path.hasSuffix(".safetensors") {
            guard case .safetensors(let header)? = (try? contents.weights(file))?.content else { return nil }
            return Array(header.metadata.map(\.value).joined(separator: "\n").utf8)
        }
        guard file.size <= pickleLimit, pickles.contains(ModelPath(file.path).suffix),
            let bytes = try? contents.document(file, limit: pickleLimit)
        else { return nil }
        return CredentialStrings.ofPickles(bytes.span)
    }

    private static let pickles = ["bin", "pt", "pth", "pkl", "pickle", "ckpt", "joblib"]

    /// One finding for each file, with the lines.
    package static func findings(_ facts: [CredentialFact], entry: String) -> [Diagnostic] {
        var order: [RelativePath] = []
        var byPath: [RelativePath: [CredentialFact]] = [:]
        for fact in facts {
            if byPath[fact.path] == nil { order.append(fact.path) }
            byPath[fact.path, default: []].append(fact)
        }
        return order.compactMap { path in
            guard let facts = byPath[path], let first = facts.first else { return nil }
            let shown = FileWalk.shown(first.path)
            guard first.line > 0 else {
                return Diagnostic(
                    code: .credentials, "\(entry): \(shown) has the name of \(first.kind)",
                    fix: "leave it out with exclude, or name a smaller directory; if it holds none, add "
                        + "\"credentials\" to the entry's allow")
            }
            let isText = CredentialName.isText(path.text)
            return Diagnostic(
                code: .credentials,
                "\(entry): \(shown) has \(first.kind)" + (isText ? ", in line \(first.line)" : ""),
                notes: facts.dropFirst().prefix(8).map { (isText ? "line \($0.line): " : "") + $0.kind },
                fix: "take it out and revoke it, or leave the file out with exclude; if it is not one, add "
                    + "\"credentials\" to the entry's allow")
        }
    }
}

// MARK: In the lock

extension CredentialFact {
    /// The name of the fact in a lock's entry.
    static let lockName = "credentials"

    /// The lock's member; `nil` if there are none.
    package static func lockMember(_ facts: [CredentialFact]) -> JSON.Member? {
        guard !facts.isEmpty else { return nil }
        return JSON.Member(
            lockName,
            .array(
                facts.map {
                    ["kind": .string($0.kind), "line": .integer($0.line), "path": .string($0.path.text)]
                })
        )
    }
}

extension LockedEntry {
    /// The tokens and keys that were found when the entry was locked.
    package var credentials: [CredentialFact] {
        (fact(CredentialFact.lockName)?.array ?? []).map {
            CredentialFact(
                path: $0["path"]?.string.flatMap { RelativePath($0) } ?? "?", line: $0["line"]?.integer ?? 0,
                kind: $0["kind"]?.string ?? "a credential")
        }
    }
}
