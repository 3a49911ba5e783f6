import Caches
import Formats
import Manifests

/// Why Kaggle does not give what was asked, in the form that decides what a person has to do.
struct KaggleRefusal: ServiceRefusal, Equatable {
    /// The kinds, each with a sentence of its own.
    enum Kind: Equatable, Sendable {
        /// Kaggle wants to know who asks, and nothing was sent that states it.
        case credentialsNeeded
        /// Kaggle does not know the credentials.
        case credentialsWrong
        /// The user has not agreed to a competition's rules, or to a model's terms.
        case consentNeeded
        /// It is private, or shared with others.
        case forbidden
        /// There is no such thing.
        case notFound
        /// There is such a thing, but not in this version; the current version, if it is known.
        case versionNotFound(current: Int?)
        /// A file that is listed is not there.
        case fileNotFound
        /// Any other status.
        case status(Int)
    }

    /// What kind it is.
    let kind: Kind
    /// The server's own words, for those that tell them.
    let words: String

    var concernsOneFile: Bool { kind == .fileNotFound }

    /// What an answer refuses.
    ///
    /// - Parameters:
    ///   - status: the status of the answer, or the code in it.
    ///   - message: the server's own words, which are looked at, and shown of uploads alone.
    ///   - kind: what was asked for: of a competition's data nobody is kept but for its rules (kagglehub 1.0.3,
    ///     `exceptions.py`).
    ///   - isKnown: whether credentials were sent.
    init(status: Int, message: String, of kind: KaggleHandle.Kind?, isKnown: Bool) {
        let small = message.lowercased()
        let isConsent = ["rules", "consent", "terms of use", "license agreement"].contains {
            small.containsUTF8($0)
        }
        words = message
        switch status {
        case 401: self.kind = isKnown ? .credentialsWrong : .credentialsNeeded
        case 403 where !isKnown: self.kind = .credentialsNeeded
        case 403: self.kind = isConsent || kind == .competition ? .consentNeeded : .forbidden
        case 404: self.kind = .notFound
        default: self.kind = .status(status)
        }
    }

    /// A refusal that is known by other means.
    init(_ kind: Kind) {
        self.kind = kind
        words = ""
    }

    /// The finding to report.
    ///
    /// - Parameters:
    ///   - subject: what begins the sentence: an entry's name, or the source.
    ///   - credentials: those that were sent, if any were.
    func finding(
        _ subject: String, _ handle: KaggleHandle, endpoint: KaggleEndpoint, credentials: KaggleCredentials?,
        file: String?
    ) -> Diagnostic {
        let name = handle.with(version: nil).text
        let page = endpoint.page(handle)
        let login = credentials?.remedy(endpoint) ?? KaggleCredentials.remedy(endpoint)
        let sent = credentials?.place ?? "the request"
        let (code, message, fix): (FindingCode, String, String)
        switch kind {
        case .credentialsNeeded:
            code = .fetchTokenNeeded
            message = "\(name) is only given to users who are known, and there are no credentials"
            fix = "\(login); where there are rules or terms, accept them at \(endpoint.consentPage(handle))"
        case .credentialsWrong:
            code = .fetchTokenWrong
            message = "Kaggle does not know the credentials in \(sent)"
            fix = login
        case .consentNeeded:
            code = .fetchGated
            message =
                handle.kind == .competition
                ? "the user of the credentials in \(sent) has not accepted the rules of \(name)"
                : "the user of the credentials in \(sent) has not agreed to the terms of \(name)"
            fix =
                handle.kind == .competition
                ? "accept the rules at \(endpoint.consentPage(handle)) in a browser"
                : "agree to the licence at \(endpoint.consentPage(handle)) in a browser"
        case .forbidden:
            code = .fetchGated
            message =
                "\(name) is private, or does not exist: the user of the credentials in \(sent) may not read it"
            fix = "look at \(page), and have its owner share it with this user"
        case .notFound:
            code = .fetchNotFound
            message = "there is no \(handle.kind.noun) \(name) on Kaggle"
            fix = "look at \(page)"
        case .versionNotFound(let current):
            code = .fetchRevisionNotFound
            message = "\(name) has no version \(handle.version ?? 0)"
            fix =
                current.map { "the current version is \($0); choose one at \(page)" }
                ?? "choose one at \(page)"
        case .fileNotFound:
            code = .fetchUnreachable
            message = "Kaggle lists the file \(quoted(file ?? "")) of \(name) and does not have it"
            fix = "try again later; look at \(page)"
        case .status(let status):
            code = .fetchUnreachable
            message = "Kaggle answered with status \(status)"
            fix = FetchFindings.again
        }
        return Diagnostic(code: code, "\(subject): \(message)", fix: fix, verdict: .undecided)
    }
}

extension KaggleHandle.Kind {
    /// The words for what it is.
    fileprivate var noun: String {
        switch self {
        case .model: "model"
        case .dataset: "data set"
        case .competition: "competition"
        case .notebook: "notebook"
        }
    }
}
