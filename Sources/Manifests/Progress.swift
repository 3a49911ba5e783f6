import Synchronization

/// What long work reports of itself. How it is drawn is the receiver's business.
package enum ProgressEvent: Equatable, Sendable {
    /// A stage begins, such as "hashing", with so many files, or what else is counted, and bytes to go.
    case began(stage: String, files: Int, bytes: Int, counted: String = "files")
    /// So many more bytes are done.
    case advanced(bytes: Int)
    /// A file, or what else is counted, is done.
    case finished(file: String)
    /// The stage is over.
    case ended
}

/// Receives progress, from several threads at once.
package typealias ProgressHandler = @Sendable (ProgressEvent) -> Void
