import Formats
import Manifests
package import Storage

/// A directory for what is needed only while a command works. It is gone when nobody holds it any more, also where the
/// command is interrupted; what a killed one left is taken over by the next.
package enum ScratchDirectory {
    /// How many commands may have one beside each other.
    private static let most = 16

    /// Makes one below a directory.
    /// - Throws: ``Diagnostics`` where there is none, or it cannot be written.
    package static func make(in base: String?) throws -> PartialDirectory {
        guard let base else {
            throw Diagnostics(
                Diagnostic(
                    code: .noHome, "there is no directory for files that are needed for a while",
                    fix: "name one: --scratch DIR", verdict: .undecided))
        }
        for number in 1...most {
            do throws(FileError) {
                return try PartialDirectory(target: Path.join(base, "scratch-\(number)"))
            } catch {
                guard error.isBusy, number < most else {
                    throw Diagnostics(
                        Diagnostic(
                            code: .outputUnwritable, "\(error)", fix: error.remedy(), verdict: .undecided))
                }
            }
        }
        throw Diagnostics(
            Diagnostic(code: .failed, "there is no free scratch directory", verdict: .undecided))
    }
}
