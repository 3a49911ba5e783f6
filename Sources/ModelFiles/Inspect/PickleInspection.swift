package import Manifests
import ModelFacts
package import Scanning
import Storage

/// What the pickles in a file would do if they were loaded.
package struct PickleInspection: Equatable, Sendable {
    /// The path as it was given.
    package let path: String
    /// The size in bytes.
    package let size: Int
    /// What was found.
    package let scan: PickleScan

    /// Looks through a file.
    /// - Returns: `nil` for a directory, and for a file without pickles.
    /// - Throws: ``Diagnostics`` where it cannot be read.
    package static func read(path: String) throws -> PickleInspection? {
        try PickleInspection(path: path)
    }

    private init?(path: String) throws {
        do throws(FileError) {
            let real = try Directory.realPath(named: path)
            let status = try FileStatus.status(of: real)
            guard status.kind != .directory else { return nil }
            // What is no file is told by the name that it was given.
            _ = try FileHandle.named(path)
            guard let scan = try PickleFact.scan(real, name: path) else { return nil }
            self.path = path
            size = status.size
            self.scan = scan
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .modelUnreadable, "\(error)",
                    fix: error.remedy(), verdict: .undecided))
        }
    }

    /// What is not harmless.
    package var findings: [Diagnostic] {
        scan.findings.map { finding in
            let place =
                finding.member.isEmpty
                ? "byte \(finding.offset)" : "\(finding.member), byte \(finding.offset)"
            return Diagnostic(
                code: finding.verdict == .refused ? .pickleRefused : .pickleUnreadable,
                "\(path): \(finding.message)", notes: ["at \(place)"])
        }
    }
}
