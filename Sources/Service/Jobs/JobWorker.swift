package import Formats
import Storage
import Synchronization

/// Does the work of jobs.
package protocol JobWorker: Sendable {
    /// Does the work of one job, in the thread that calls it.
    ///
    /// - Parameters:
    ///   - directory: an empty directory for its files. All that is in it when the work is done belongs to the result.
    ///   - control: takes the progress, and states when to end.
    /// - Returns: what the job came to.
    /// - Throws: ``JobFailure``, or anything else that states what failed.
    func work(_ job: Job, in directory: String, _ control: JobControl) throws -> JSON

    /// Takes back what the work has left besides its files, if it has: the job failed, or somebody cancelled it just before it
    /// was known to be done.
    func undo(_ job: Job)
}

extension JobWorker {
    /// Most work leaves nothing that nobody may see.
    package func undo(_ job: Job) {}
}

/// Why the work of a job failed.
package struct JobFailure: Error, Sendable {
    /// A sentence for people.
    package let reason: String
    /// What it found all the same.
    package let result: JSON

    /// States why.
    package init(_ reason: String, result: JSON = .null) {
        self.reason = reason
        self.result = result
    }
}

/// The line between a job's work and those who watch it.
package final class JobControl: Sendable {
    private let isOver = Atomic(false)
    private let tell: @Sendable (JSON) -> Void

    /// - Parameter tell: takes how far the work is.
    package init(_ tell: @escaping @Sendable (JSON) -> Void) { self.tell = tell }

    /// Whether the work has to end: nobody wants it any more, or the server ends.
    package var isCancelled: Bool { isOver.load(ordering: .acquiring) }

    /// Has the work end.
    package func cancel() { isOver.store(true, ordering: .releasing) }

    /// States how far the work is.
    package func report(_ progress: JSON) { tell(progress) }
}
