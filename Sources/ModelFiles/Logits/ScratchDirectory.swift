import Formats
import Manifests
package import Storage
import Synchronization

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

/// A scratch directory that is made when something is to be put there, and not before; it is gone with its owner.
package final class LazyScratch: Sendable {
    private let base: String?
    private let directory = Mutex<PartialDirectory?>(nil)

    /// - Parameter base: the directory below which it is made; `nil` where there is none, which is an error once it is needed.
    package init(in base: String?) { self.base = base }

    /// Its path; `nil` where nothing needed it yet.
    package var made: String? { directory.withLock { $0?.path } }

    /// Its path, after it was made.
    /// - Throws: as ``ScratchDirectory/make(in:)``.
    package func path() throws -> String {
        try directory.withLock { directory in
            let own = try directory ?? ScratchDirectory.make(in: base)
            directory = own
            return own.path
        }
    }
}
