/// What a look at a file's pickles found, without any of it being executed.
package struct PickleScan: Equatable, Sendable {
    /// What loading the file would do, as far as its instructions tell.
    package enum Verdict: String, Sendable, CaseIterable {
        /// It builds data with functions and classes that are known to do nothing else.
        case harmless
        /// It names or calls something that is not known to be harmless, or holds a program.
        case refused
        /// A part of it could not be read, so nothing is known.
        case unreadable
    }

    /// A class or function that loading the file imports.
    package struct Global: Equatable, Sendable {
        /// The module and the name in it, with a dot between them.
        package let path: String
        /// Why nothing but data comes of it; `nil` where that is not known.
        package let reason: String?
    }

    /// Something that keeps a file from being harmless.
    package struct Finding: Equatable, Sendable {
        /// Whether it is something bad, or something that could not be read: never ``Verdict/harmless``.
        package let verdict: Verdict
        /// One sentence without a full stop.
        package let message: String
        /// The member of the archive; empty for the file itself.
        package let member: String
        /// In bytes from the start of the file or of the member's own content.
        package let offset: Int
    }

    /// The most globals and findings that are told one by one.
    package static let maximumTold = 64

    /// What the file is: "pickle", "PyTorch archive" and so on.
    package internal(set) var format = "pickle"
    /// The highest protocol among the pickles; 0 also for those that name none.
    package internal(set) var protocolVersion = 0
    /// The number of pickles.
    package internal(set) var pickles = 0
    /// What is imported, in the order of its first occurrence; harmless first.
    package internal(set) var globals: [Global] = []
    /// What is wrong, in the order of the file.
    package internal(set) var findings: [Finding] = []

    /// The worst of the findings.
    package var verdict: Verdict {
        if findings.contains(where: { $0.verdict == .refused }) { return .refused }
        return findings.isEmpty ? .harmless : .unreadable
    }

    /// The paths of imports that are not known to be harmless, sorted by their bytes.
    package var refused: [String] {
        globals.filter { $0.reason == nil }.map(\.path).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Takes a finding; of very many only some are kept, but the verdict of each counts.
    package mutating func add(_ finding: Finding) {
        guard findings.count < Self.maximumTold else {
            // The verdict has to count even where the sentence is not kept.
            if finding.verdict == .refused, verdict != .refused { findings[findings.count - 1] = finding }
            return
        }
        findings.append(finding)
    }

    /// Takes a name that the pickle imports, each once.
    package mutating func add(_ global: Global) {
        guard !globals.contains(global), global.reason != nil || refusedCount < Self.maximumTold else {
            return
        }
        globals.append(global)
    }

    private var refusedCount: Int { globals.count { $0.reason == nil } }
}
