package import Formats
package import Manifests

/// What a verification looked at and found.
package struct VerifyReport: Equatable, Sendable {
    /// How closely it looked.
    package enum Level: String, Sendable {
        /// Every byte was hashed.
        case full
        /// Names and sizes only.
        case quick
    }

    /// How closely it looked.
    package let level: Level
    /// The number of files that were looked at.
    package let files: Int
    /// Their size in bytes.
    package let bytes: Int
    /// The number of files in segments whose parts are right, but which could not be put together where they
    /// are stored: in a compressed archive.
    package var unassembled = 0
    /// The number of files that are in bases, wholly or in part, and were looked at there.
    package var throughBases = 0
    /// What does not hold, in the order of the paths.
    package let findings: [Diagnostic]
    /// What was found at each path of a bundle; empty where no bundle was looked at, or its lock is damaged.
    package var found: [RelativePath: FoundContent] = [:]
    /// The lock of the bundle, where it could be read.
    package var lock: Lock?
    /// The signature that an archive holds; its content is not part of what was verified.
    package var signature: [UInt8]?

    /// Whether the bundle holds a signature, which nothing but ``ModelSignature`` checks.
    package var holdsSignature: Bool { found[ModelSignature.name] != nil }

    /// The same with more findings.
    package func adding(_ more: [Diagnostic]) -> VerifyReport {
        VerifyReport(
            level: level, files: files, bytes: bytes, unassembled: unassembled, throughBases: throughBases,
            findings: findings + more, found: found, lock: lock, signature: signature)
    }
}

extension VerifyReport {
    /// What is told of a bundle whose lock is damaged: it was looked at, and does not hold. No content is read, because
    /// there is nothing to hold it against.
    /// - Parameter others: what else does not hold.
    init(
        damagedLock problem: Diagnostics, level: Level, files: Int, bytes: Int, others: [Diagnostic] = []
    ) {
        let damage = problem.all.map { problem in
            Diagnostic(
                code: .changed, "\(Lock.bundledName) is damaged", notes: [problem.message],
                fix: "pack the bundle again, or copy the lock from the repository")
        }
        self.init(
            level: level, files: files, bytes: bytes,
            findings: (damage + others).sorted { $0.message.precedesByBytes($1.message) })
    }
}
