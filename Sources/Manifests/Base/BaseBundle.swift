import Formats
package import Storage

/// A bundle that another one builds on: where its lock is, and what the lock states.
package struct BaseBundle: Equatable, Sendable {
    /// As the manifest names it.
    package let asked: String
    /// What a notebook has to have attached.
    package let attach: String
    /// The digest of the bytes of its lock.
    package let sha256: SHA256Digest
    /// Its lock.
    package let lock: Lock

    /// Reads a base's lock.
    ///
    /// - Parameters:
    ///   - asked: as the manifest names it.
    ///   - path: the lock's path, for messages.
    ///   - handle: with its version, if it comes from Kaggle.
    ///   - isBundled: whether these are the bytes of `knapsack.lock` in a bundle. Those of another lock have to be as `pack`
    ///     writes them, because their digest has to be that of the bundle's.
    /// - Throws: where it is no lock, or its digest would not be that of the bundle.
    package init(
        asked: String, bytes: [UInt8], path: String, handle: KaggleHandle? = nil, isBundled: Bool
    ) throws(Diagnostics) {
        self.asked = asked
        do throws(Diagnostics) {
            lock = try Lock.parse(bytes, path: path)
        } catch {
            throw Diagnostics(error.all.map(Self.ofBase))
        }
        attach = handle?.text ?? lock.bundle.attachment
        guard isBundled || lock.bytes == bytes, let digest = try? ContentHasher.sha256(bytes.span) else {
            throw Diagnostics(
                Diagnostic(
                    code: .baseUnreadable, "the base \(path) is not written as the bundle's own lock is",
                    notes: [
                        "a base is known by the digest of its lock, which is that of the bundle's \(Lock.bundledName)"
                    ],
                    fix: "lock its manifest again, and pack that bundle", verdict: .undecided
                ))
        }
        sha256 = digest
    }

    /// What is wrong with the lock of a base: the command that writes the manifest's own lock does not write that one.
    private static func ofBase(_ problem: Diagnostic) -> Diagnostic {
        guard problem.fix?.contains("{manifest}") == true else { return problem }
        return Diagnostic(
            problem.severity, code: problem.code, problem.message, at: problem.location, notes: problem.notes,
            fix: "lock its manifest again, or restore it from git", verdict: problem.verdict)
    }

    /// The base as a lock states it.
    package var locked: LockedBase {
        LockedBase(asked: asked, name: lock.bundle.name, attach: attach, sha256: sha256)
    }
}

/// A base that a manifest names, with what could be read of it.
package struct ManifestBase: Equatable, Sendable {
    /// As the manifest names it.
    package let asked: String
    /// The bundle; `nil` where its lock was not looked for, or not found.
    package let bundle: BaseBundle?
    /// Why there is no bundle; `nil` also where nobody looked.
    package let problem: Diagnostic?

    /// Records what became of a base.
    package init(asked: String, bundle: BaseBundle? = nil, problem: Diagnostic? = nil) {
        self.asked = asked
        self.bundle = bundle
        self.problem = problem
    }
}

extension Manifest {
    /// The bases that were read, in the manifest's order.
    package var readBases: [BaseBundle] { bases.compactMap(\.bundle) }

    /// Where the name of a base stands.
    package func baseLocation() -> Diagnostic.Location { bundleLocation(of: "base") }
}

/// What the text of a base names.
package enum BaseSource: Equatable, Sendable {
    /// The path of a lock, relative to the manifest.
    case lock(String)
    /// A data set of Kaggle, whose lock is in the cache.
    case kaggle(KaggleHandle)

    /// Reads a text; `nil` for what names no base.
    package init?(_ text: String) {
        if case .kaggle(let handle)? = try? Source.parse(text), handle.kind == .dataset {
            self = .kaggle(handle)
            return
        }
        let isRelative = text.utf8.first.map { $0 != UInt8(ascii: "/") } ?? false
        guard isRelative, text.hasUTF8Suffix(".lock") else { return nil }
        self = .lock(text)
    }
}
