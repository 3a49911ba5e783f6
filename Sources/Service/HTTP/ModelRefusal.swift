import Catalogue
import Formats

/// Why a request to one of the interfaces of models, the marketplace or jobs is refused: a status, and what `detail` states.
struct ModelRefusal: Error, Equatable {
    /// The status of the answer.
    let status: Int
    /// What is wrong, and what is allowed.
    let detail: String
    /// The methods that the path takes, where the request has another one.
    var allowed: [String] = []

    /// Refuses another method than these.
    static func method(_ allowed: [String]) -> ModelRefusal {
        var refusal = ModelRefusal(405, "this path takes \(allowed.joined(separator: ", "))")
        refusal.allowed = allowed
        return refusal
    }

    /// States a refusal.
    init(_ status: Int, _ detail: String) {
        self.status = status
        self.detail = detail
    }

    /// States why the catalogue cannot be used.
    init(_ problem: ModelCatalogue.Problem) {
        self =
            if problem.isFull {
                ModelRefusal(507, "the server's disk is full")
            } else if problem.isReadOnly {
                ModelRefusal(500, "the catalogue cannot be written: its file system is read-only")
            } else if problem.isDamage {
                ModelRefusal(
                    500, "the catalogue's database is damaged: the next start of the server mends it")
            } else {
                ModelRefusal(500, "the catalogue cannot be used")
            }
    }

    /// The answer.
    var response: Response {
        let response = Response.json(["detail": .string(detail)], status: status)
        return allowed.isEmpty ? response : response.with("Allow", allowed.joined(separator: ", "))
    }
}
