import Formats
import Manifests

/// Why the Hub does not give what was asked, in the form that decides what a person has to do.
struct HubRefusal: ServiceRefusal, Equatable {
    /// The kinds, each with a sentence of its own.
    enum Kind: Equatable, Sendable {
        /// The repository wants to know who asks, and no token was sent.
        case tokenNeeded
        /// The Hub does not know the token.
        case tokenWrong
        /// The token's user has not been given access to a gated repository.
        case gated
        /// The token's rights do not include this.
        case forbidden
        /// There is no such repository, or it is one that the asker may not know of.
        case repositoryNotFound
        /// The repository has no such branch, tag or commit.
        case revisionNotFound
        /// The commit has no such file.
        case fileNotFound
        /// The Hub has switched the repository off.
        case disabled
        /// Any other status.
        case status(Int)
    }

    /// What kind it is.
    let kind: Kind

    /// One file that is missing is one file's matter.
    var concernsOneFile: Bool { kind == .fileNotFound }

    /// Takes a kind.
    init(kind: Kind) { self.kind = kind }

    /// What an answer refuses (huggingface_hub 2.4, `hf_raise_for_status`); `nil` for a status below 400, and for those
    /// that may pass.
    /// - Parameter isKnown: whether a token was sent.
    init?(_ head: ResponseHead, isKnown: Bool) {
        switch head.status {
        case ..<400, 408, 429, 500...: return nil
        default: break
        }
        let code = head["x-error-code"] ?? ""
        let message = head["x-error-message"] ?? ""
        let kind: Kind
        if code == "RevisionNotFound" {
            kind = .revisionNotFound
        } else if code == "EntryNotFound" {
            kind = .fileNotFound
        } else if code == "GatedRepo" {
            kind = isKnown ? .gated : .tokenNeeded
        } else if message.hasSameBytes(as: "Access to this resource is disabled.") {
            kind = .disabled
        } else if head.status == 401, message.hasSameBytes(as: "Invalid credentials in Authorization header")
        {
            kind = .tokenWrong
        } else if code == "RepoNotFound" || head.status == 401 {
            // The Hub answers 401 for what there is not, too.
            kind = .repositoryNotFound
        } else if head.status == 403 {
            kind = .forbidden
        } else if head.status == 404 {
            kind = .repositoryNotFound
        } else {
            kind = .status(head.status)
        }
        self.kind = kind
    }

    /// The finding to report.
    /// - Parameters:
    ///   - subject: what begins the sentence: an entry's name, or the source.
    ///   - revision: the revision that was asked.
    ///   - token: the token that was sent, if any was.
    func finding(
        _ subject: String, _ repository: HubRepository, revision: String, endpoint: HubEndpoint,
        token: HubToken?,
        file: String? = nil
    ) -> Diagnostic {
        let name = repository.id
        let page = endpoint.page(repository)
        let login =
            "get a token at \(endpoint.address.origin)/settings/tokens, then hf auth login, or set HF_TOKEN"
        let (code, message, fix): (FindingCode, String, String?)
        switch kind {
        case .tokenNeeded:
            code = .fetchTokenNeeded
            message = "\(name) is only given to users who are known, and there is no token"
            fix = "accept the terms at \(page) in a browser; \(login)"
        case .tokenWrong:
            code = .fetchTokenWrong
            message = "the Hub does not know the token in \(token?.place ?? "the request")"
            fix = login
        case .gated:
            code = .fetchGated
            message =
                "\(name) is gated, and the user of the token in \(token?.place ?? "the request") has no access to it"
            fix = "accept the terms at \(page) in a browser, and wait where an author has to agree"
        case .forbidden:
            code = .fetchGated
            message = "the token in \(token?.place ?? "the request") has no right to read \(name)"
            fix = "give it the right at \(endpoint.address.origin)/settings/tokens"
        case .repositoryNotFound:
            code = .fetchNotFound
            message =
                token == nil
                ? "there is no \(repository.kind.noun) \(name) on the Hub that everybody may see"
                : "there is no \(repository.kind.noun) \(name) on the Hub that the user of the token may see"
            fix =
                token == nil
                ? "look at \(page); where it is private: \(login)"
                : "look at \(page); where it is private, use a token of somebody who may read it"
        case .revisionNotFound:
            code = .fetchRevisionNotFound
            message = "\(name) has no revision \(quoted(revision))"
            fix = "choose a branch, a tag or a commit of \(page)/tree/main"
        case .fileNotFound:
            code = .fetchUnreachable
            message = "the Hub lists the file \(quoted(file ?? "")) of \(name) and does not have it"
            fix = "try again later; look at \(page)"
        case .disabled:
            code = .fetchNotFound
            message = "the Hub has switched \(name) off"
            fix = "look at \(page)"
        case .status(let status):
            code = .fetchUnreachable
            message = "the Hub answered with status \(status)"
            fix =
                status >= 500
                ? "the same command goes on where this one stopped"
                : "look at \(page) and at HF_ENDPOINT: it may not be a Hub"
        }
        return Diagnostic(code: code, "\(subject): \(message)", fix: fix, verdict: .undecided)
    }
}

extension HubRepository.Kind {
    /// The words for what it is.
    fileprivate var noun: String {
        switch self {
        case .model: "model"
        case .dataset: "data set"
        case .space: "space"
        case .kernel: "kernel"
        }
    }
}
