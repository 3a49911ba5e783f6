import Formats

/// Why bytes did not go to a server and back.
package struct NetworkError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kinds, as far as they decide what happens next.
    package enum Kind: Equatable, Sendable {
        /// The name of the host has no address; whether that may change is in `isPassing`.
        case name
        /// No connection could be made.
        case connection
        /// The proxy refused, or is of a kind that is not known.
        case proxy
        /// The server's certificate is not valid for its name, or nobody whom this machine trusts has signed it.
        case certificate
        /// The connection ended before the answer did.
        case dropped
        /// No byte came for as long as a byte may take.
        case stalled
        /// The server takes no more requests for longer than anybody waits.
        case limited
        /// What the server sent is no HTTP, or contradicts itself.
        case malformed
        /// The transfer was ended.
        case cancelled
    }

    /// What kind it is.
    package let kind: Kind
    /// A clause: "the connection to example.org ended in the middle of the answer".
    package let description: String
    /// Whether the same may work a moment later.
    package let isPassing: Bool

    /// Makes an error, which passes by its kind unless it is told to or not to.
    package init(_ kind: Kind, _ description: String, isPassing: Bool? = nil) {
        self.kind = kind
        self.description = description
        self.isPassing =
            isPassing
            ?? {
                switch kind {
                case .connection, .dropped, .stalled, .malformed: true
                case .name, .proxy, .certificate, .limited, .cancelled: false
                }
            }()
    }

    /// Whether a server answered, and will answer the same the next time.
    var isFinalRefusal: Bool { kind == .malformed && !isPassing }

    /// Somebody asked for the end.
    static let cancelled = NetworkError(.cancelled, "interrupted")
}
