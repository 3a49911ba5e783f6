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
        guard let refusal = error as? HubRefusal else {
            return general(error, subject, variable: "HF_ENDPOINT")
        }
        switch (refusal.kind, source) {
        case (.status(let status), _): return unexpected(status, subject, "the Hub")
        case (_, .hub(let repository, let revision)?):
            return refusal.finding(
                subject, repository, revision: revision, endpoint: client.endpoint, token: client.token)
        case (.tokenWrong, _):
            return Diagnostic(
                code: .fetchTokenWrong,
                "\(subject): the Hub does not know the token in \(client.token?.place ?? "the request")",
                fix: "run hf auth login, or set HF_TOKEN", verdict: .undecided)
        default:
            return Diagnostic(
                code: .fetchUnreachable, "\(subject): the Hub does not answer this search",
                fix: "try it with fewer options, or again later", verdict: .undecided)
        }
    }

    /// The finding for an error of ``KaggleCatalog``.
    ///
    /// - Parameters:
    ///   - subject: what begins the sentence: the source, or what was searched.
    ///   - handle: what was asked about; `nil` for a search.
    package static func finding(
        _ error: any Error, _ subject: String, kaggle client: KaggleClient, handle: KaggleHandle?
    ) -> Diagnostic {
        guard let refusal = error as? KaggleRefusal else {
            return general(error, subject, variable: "KAGGLE_API_ENVIRONMENT")
        }
        let place = client.credentials?.place
        let login =
            "make a token at \(client.endpoint.settings), and set KAGGLE_API_TOKEN or write it to ~/.kaggle/access_token"
        switch (refusal.kind, handle) {
        case (.status(let status), _): return unexpected(status, subject, "Kaggle")
        case (_, let handle?):
            return refusal.finding(
                subject, handle, endpoint: client.endpoint, credentials: client.credentials, file: nil)
        case (.credentialsNeeded, nil):
            return Diagnostic(
                code: .fetchTokenNeeded,
                "\(subject): Kaggle only answers users who are known, and there are no credentials",
                fix: login, verdict: .undecided)
        case (.credentialsWrong, nil):
            return Diagnostic(
                code: .fetchTokenWrong,
                "\(subject): Kaggle does not know the credentials in \(place ?? "the request")", fix: login,
                verdict: .undecided)
        default:
            return Diagnostic(
                code: .fetchUnreachable, "\(subject): Kaggle does not answer this search",
                fix: "try it with fewer options, or again later", verdict: .undecided)
        }
    }

    /// Why a part of one file could not be read, as a clause; other errors state it themselves.
    package static func reason(_ error: any Error) -> String {
        guard let failure = error as? TransferFailure else {
            return (error as? NetworkError)?.description ?? "\(error)"
        }
        return if case .changed(let how) = failure.kind { how } else { "it is not what was listed" }
    }

    private static func unexpected(_ status: Int, _ subject: String, _ service: String) -> Diagnostic {
        Diagnostic(
            code: .fetchUnreachable, "\(subject): \(service) answered with status \(status)",
            fix: "try again later", verdict: .undecided)
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
