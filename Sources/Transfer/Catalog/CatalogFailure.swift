package import Manifests

/// What to say where a service does not answer as it should.
package enum CatalogFailure {
    /// The finding for an error of ``HubCatalog``.
    ///
    /// - Parameters:
    ///   - subject: what begins the sentence: the source, or what was searched.
    ///   - source: what was asked about; `nil` for a search.
    package static func finding(
        _ error: any Error, _ subject: String, hub client: HubClient, source: Source?
    ) -> Diagnostic {
        switch error {
        case let refusal as HubRefusal:
            if case .hub(let repository, let revision)? = source {
                return refusal.finding(
                    subject, repository, revision: revision, endpoint: client.endpoint,
                    token: client.token)
            }
            if refusal.kind == .tokenWrong {
                return Diagnostic(
                    code: .fetchTokenWrong,
                    "\(subject): the Hub does not know the token in \(client.token?.place ?? "the request")",
                    fix: "run hf auth login, or set HF_TOKEN", verdict: .undecided)
            }
            return Diagnostic(
                code: .fetchUnreachable, "\(subject): the Hub does not answer this search",
                fix: "try it with fewer options, or again later", verdict: .undecided)
        default: return general(error, subject, variable: "HF_ENDPOINT")
        }
    }

    /// The finding for an error of ``KaggleCatalog``.
    package static func finding(
        _ error: any Error, _ subject: String, kaggle client: KaggleClient
    ) -> Diagnostic {
        guard let refusal = error as? KaggleRefusal else {
            return general(error, subject, variable: "KAGGLE_API_ENVIRONMENT")
        }
        let place = client.credential?.place
        let notes = refusal.message.isEmpty ? [] : ["Kaggle says: \(refusal.message)"]
        let login = "get a token at https://www.kaggle.com/settings/api, and set KAGGLE_API_TOKEN"
        switch refusal.status {
        case 401:
            return Diagnostic(
                code: place == nil ? .fetchTokenNeeded : .fetchTokenWrong,
                place.map { "\(subject): Kaggle does not know the credential in \($0)" }
                    ?? "\(subject): Kaggle only answers users who are known, and there is no credential",
                notes: notes, fix: login, verdict: .undecided)
        case 403:
            return Diagnostic(
                code: .fetchGated,
                "\(subject): Kaggle does not give this to \(place.map { "the user of \($0)" } ?? "everybody")",
                notes: notes, fix: place == nil ? login : "accept its terms on its page in a browser",
                verdict: .undecided)
        case 404:
            return Diagnostic(
                code: .fetchNotFound, "\(subject): Kaggle has nothing of that name that may be seen",
                notes: notes, fix: "look at the name; where it is private, \(login)", verdict: .undecided)
        default:
            return Diagnostic(
                code: .fetchUnreachable, "\(subject): Kaggle answered with status \(refusal.status)",
                notes: notes,
                fix: "try again later", verdict: .undecided)
        }
    }

    private static func general(_ error: any Error, _ subject: String, variable: String) -> Diagnostic {
        guard let network = error as? NetworkError else {
            return Diagnostic(code: .failed, "\(subject): \(error)", verdict: .undecided)
        }
        let fix =
            switch network.kind {
            case .name, .connection: "look at the network, HTTPS_PROXY and \(variable)"
            case .proxy: "look at HTTPS_PROXY and NO_PROXY"
            case .certificate: "name the file of the authorities that you trust with SSL_CERT_FILE"
            default: "try again later"
            }
        return Diagnostic(
            code: .fetchUnreachable, "\(subject): \(network.description)", fix: fix, verdict: .undecided)
    }
}
