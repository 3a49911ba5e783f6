import Storage

/// One line of `allowed-revisions`: a repository of the Hub, or something of Kaggle, with or without a revision.
package struct AllowedRevision: Equatable, Sendable {
    /// What is allowed, as it is written.
    package let text: String
    private let source: Source
    private let commit: String?

    /// Reads `org/name@commit`, `org/name`, `hf-dataset:org/name@commit`, `kaggle:` and a handle, or
    /// `oci:host/repository@sha256:digest`.
    /// - Returns: `nil` if the text is not one of them; a revision has to be a commit, because branches move.
    package init?(_ text: String) {
        let hasScheme = text.utf8.contains(UInt8(ascii: ":"))
        guard let source = try? Source.parse(hasScheme ? text : "hf:\(text)") else { return nil }
        switch source {
        case .hub(_, let revision):
            let hasRevision = text.utf8.contains(UInt8(ascii: "@"))
            guard !hasRevision || AllowedRevision.isCommit(revision) else { return nil }
            commit = hasRevision ? revision : nil
        case .kaggle: commit = nil
        case .registry(let artifact):
            // A tag moves, so that it allows nothing by itself. Hosts have colons, too, and come first.
            let name = text.utf8.split(separator: UInt8(ascii: "/")).last
            let hasTag = name?.contains(UInt8(ascii: ":")) == true
            guard artifact.entry == nil, artifact.reference.digest != nil || !hasTag else { return nil }
            commit = artifact.reference.digest?.hex
        case .path: return nil
        }
        self.source = source
        self.text = text
    }

    /// Reads a text file: one of them a line, with blanks, a comma or "@" before the commit; "#" starts a comment.
    /// - Throws: the first line that is not one.
    package static func list(_ file: [UInt8], path: String) throws(Diagnostics) -> [AllowedRevision] {
        var revisions: [AllowedRevision] = []
        for (index, line) in file.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let content = line.prefix { $0 != UInt8(ascii: "#") }
            let words = content.split { [0x09, 0x0D, 0x20, UInt8(ascii: ",")].contains($0) }
                .map { String(decoding: $0, as: UTF8.self) }
            guard !words.isEmpty else { continue }
            guard words.count <= 2, let revision = AllowedRevision(words.joined(separator: "@")) else {
                throw Diagnostics(
                    Diagnostic(
                        code: .revisionsMalformed, "\(path): line \(index + 1) is not a revision",
                        at: .init(file: path, line: index + 1),
                        notes: ["allowed: \(TextRule.revision.allowed)"],
                        verdict: .undecided))
            }
            revisions.append(revision)
        }
        return revisions
    }

    /// Whether it is about the repository, or Kaggle's model or data set, of an origin.
    package func names(_ origin: Origin) -> Bool {
        switch (source, origin) {
        case (.hub(let repository, _), .hub(let other, _, _)):
            // The Hub takes names for one that only differ in case.
            repository.kind == other.kind && repository.id.lowercased() == other.id.lowercased()
        case (.kaggle(let handle), .kaggle(let other)):
            handle.kind == other.kind
                && handle.parts.map { $0.lowercased() } == other.parts.map { $0.lowercased() }
        case (.registry(let artifact), .registry(let other, _)):
            artifact.reference.hasSameRepository(as: other.reference)
        default: false
        }
    }

    /// Whether an origin is what it allows.
    package func allows(_ origin: Origin) -> Bool {
        guard names(origin) else { return false }
        switch (source, origin) {
        case (.hub, .hub(_, _, let other)): return commit == nil || commit == other
        case (.kaggle(let handle), .kaggle(let other)):
            return handle.version == nil || handle.version == other.version
        case (.registry, .registry(_, let manifest)): return commit == nil || commit == manifest.hex
        default: return false
        }
    }

    private static func isCommit(_ revision: String) -> Bool {
        revision.utf8.count == 40
            && revision.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
