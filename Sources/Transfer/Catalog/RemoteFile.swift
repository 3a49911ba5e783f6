package import Formats

/// A file as a service lists it.
package struct RemoteFile: Equatable, Sendable {
    /// Its path.
    package let path: RelativePath
    /// Its size in bytes; `nil` where the service does not state it.
    package let size: Int?

    /// Takes what a service states.
    package init(path: RelativePath, size: Int?) {
        self.path = path
        self.size = size
    }
}
