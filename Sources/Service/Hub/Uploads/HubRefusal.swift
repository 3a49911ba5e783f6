import Catalogue
import Storage

/// Why something is not taken, as the Hub tells it.
struct HubRefusal: Error {
    /// The status of the answer.
    let status: Int
    /// The Hub's word for it, of which huggingface_hub makes its exceptions; `nil` where it has none.
    let code: String?
    /// What to tell a person.
    let message: String
    /// The methods that the path takes, where the request has another one.
    private var allowed: [String] = []

    /// Refuses another method than these.
    static func method(_ allowed: [String]) -> HubRefusal {
        var refusal = HubRefusal(405, nil, "this path takes \(allowed.joined(separator: " and "))")
        refusal.allowed = allowed
        return refusal
    }

    /// States a refusal.
    init(_ status: Int, _ code: String? = nil, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    /// The answer.
    var response: Response {
        let response = Response.hubRefusal(status, code, message)
        return allowed.isEmpty ? response : response.with("Allow", allowed.joined(separator: ", "))
    }

    /// For what the catalogue does not do.
    init(_ problem: RepositoryStore.Problem) {
        switch problem {
        case .exists: self.init(409, nil, "this name is taken")
        case .missing: self.init(404, "RevisionNotFound", "there is no such revision")
        case .moved(let head):
            self.init(412, nil, "a commit has happened since: the branch is at \(head)")
        case .collision(let path): self.init(400, nil, "\(path) cannot be a file and a folder")
        case .absent(let path): self.init(404, "EntryNotFound", "\(path) is not there to be deleted")
        case .tooMany(let limit): self.init(400, nil, "there would be more than \(limit) files")
        case .full: self.init(507, nil, "the server has no room for it")
        case .database: self.init(500, nil, "the catalogue cannot be used")
        }
    }

    /// For a body that cannot be read.
    init(_ problem: RequestBody.Problem) {
        switch problem {
        case .tooLarge: self.init(413, nil, "the body of the request is too large")
        case .malformed(let reason): self.init(400, nil, reason)
        case .slow: self.init(408, nil, "the body of the request took too long")
        case .gone: self.init(400, nil, "the body of the request did not come")
        }
    }

    /// For content that cannot be kept.
    init(keeping error: any Error) {
        if let refusal = error as? HubRefusal {
            self = refusal
        } else if let problem = error as? RequestBody.Problem {
            self.init(problem)
        } else if let problem = error as? RepositoryStore.Problem {
            self.init(problem)
        } else if (error as? ModelCatalogue.Problem)?.isFull == true {
            self.init(507, nil, "the server has no room for the upload")
        } else if error is IncomingContent.NoRoom || (error as? FileError)?.isFullDisk == true {
            self.init(507, nil, "the server has no room for the upload")
        } else {
            self.init(500, nil, "the server cannot keep the upload")
        }
    }
}
