import Formats
import Manifests

/// Why a version cannot be had.
enum KaggleProblem: Error {
    /// The cache has nothing of it, and nobody else is asked.
    case missing
    /// It is being asked for.
    case pending
    /// What was found upstream.
    case upstream(Diagnostics)

    /// The answer about a handle.
    func response(_ name: String) -> Response {
        switch self {
        case .missing: .kaggleRefusal(404, "\(name) is not in this server's cache")
        case .pending:
            .kaggleRefusal(503, "\(name) is being loaded: ask again").with("Retry-After", "5")
        case .upstream(let problems):
            switch problems.upstreamRefusal {
            case .notFound, .revisionNotFound:
                .kaggleRefusal(404, "\(name) is neither in this server's cache nor upstream")
            case .gated:
                .kaggleRefusal(403, "\(name) wants to know who asks, and this server may not load it")
            case .failed:
                .kaggleRefusal(503, "\(name) could not be loaded: ask again").with("Retry-After", "10")
            }
        }
    }
}
