/// What a verification looked at and found.
public struct VerifyReport: Equatable, Sendable {
    /// How closely it looked.
    public enum Level: String, Sendable {
        /// Every byte was hashed.
        case full
        /// Names and sizes only.
        case quick
    }

    /// How closely it looked.
    public let level: Level
    /// The number of files that were looked at.
    public let files: Int
    /// Their size in bytes.
    public let bytes: Int
    /// The number of files in segments whose parts are right, but which could not be put together where they
    /// lie: in a compressed archive.
    public var unassembled = 0
    /// What does not hold, in the order of the paths.
    public let findings: [Diagnostic]
    /// What was found at each path of a bundle; empty where no bundle was looked at.
    var found: [String: FoundContent] = [:]
    /// The lock of the bundle, where it could be read.
    public var lock: Lock?
    /// The signature that an archive holds; its content is not part of what was verified.
    public var signature: [UInt8]?

    /// Whether the bundle holds a signature, which nothing but ``ModelSignature`` checks.
    public var holdsSignature: Bool { found[ModelSignature.name] != nil }

    /// The same with more findings.
    public func adding(_ more: [Diagnostic]) -> VerifyReport {
        VerifyReport(
            level: level, files: files, bytes: bytes, unassembled: unassembled, findings: findings + more,
            found: found, lock: lock, signature: signature)
    }
}
