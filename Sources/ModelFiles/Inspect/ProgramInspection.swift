package import Manifests
import ModelFacts
package import Scanning
import Storage

/// What a file brings along that runs when it is loaded, and that is no pickle.
package struct ProgramInspection: Equatable, Sendable {
    /// The path as it was given.
    package let path: String
    /// The size in bytes.
    package let size: Int
    /// What was found.
    package let scan: ProgramScan

    /// Looks through a file.
    /// - Returns: `nil` for a directory, and for a file of a format without a place for programs.
    /// - Throws: ``Diagnostics`` where it cannot be read.
    package init?(path: String) throws {
        do throws(FileError) {
            let real = try Directory.realPath(named: path)
            let status = try FileStatus.status(of: real)
            guard status.kind != .directory else { return nil }
            // What is no file is told by the name that it was given.
            _ = try FileHandle.named(path)
            guard let scan = try ProgramFact.scan(real, name: path) else { return nil }
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

    /// What is not known to be harmless.
    package var findings: [Diagnostic] {
        scan.findings.map { finding in
            Diagnostic(
                code: finding.isUnreadable ? .programUnreadable : .program, "\(path): \(finding.message)",
                notes: finding.member.isEmpty ? [] : ["in \(finding.member)"])
        }
    }
}
