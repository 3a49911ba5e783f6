import ArgumentParser
import Formats
import Manifests
import Transfer

/// How a service is asked a few questions, for commands that load no files.
struct CatalogOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How often a request that fails is sent again.", valueName: "number"))
    var retries = 4

    mutating func validate() throws {
        guard (0...100).contains(retries) else { throw ValidationError("--retries takes 0 to 100") }
    }
}

/// The services, as the variables of their clients name them; nothing is asked before it is used.
struct CatalogConnection {
    let options: CatalogOptions

    /// The Hub.
    /// - Throws: where a variable or the token's file cannot mean anything.
    func hub(_ session: Session) throws -> (catalog: HubCatalog, client: HubClient) {
        let client = try HubConnection.client(requester(session), session)
        return (HubCatalog(client), client)
    }

    /// Kaggle.
    /// - Throws: where `KAGGLE_API_ENVIRONMENT` names none of its environments.
    func kaggle(_ session: Session) throws -> (catalog: KaggleCatalog, client: KaggleClient) {
        let environment = session.context.environment
        guard let endpoint = KaggleEndpoint(environment: environment) else {
            throw Diagnostics(
                Diagnostic(
                    code: .usage, "KAGGLE_API_ENVIRONMENT names no environment of Kaggle",
                    fix: "unset it, or set it to PROD", verdict: .undecided))
        }
        let client = KaggleClient(
            endpoint: endpoint, credential: KaggleCredential.find(environment: environment),
            requester(session))
        return (KaggleCatalog(client), client)
    }

    private func requester(_ session: Session) -> Requester {
        let environment = session.context.environment
        let seconds = environment["HF_HUB_DOWNLOAD_TIMEOUT"].flatMap { Double($0) } ?? 30
        let patience = Patience(RetryPolicy(retries: options.retries), Cancellation())
        let http = HTTPClient(
            environment: environment, userAgent: "knapsack/\(Knapsack.version)",
            silenceSeconds: min(max(seconds, 0.1), 3600), cancellation: patience.cancellation)
        return Requester(http, patience)
    }

    /// Whether a variable forbids to ask the Hub.
    static func isOffline(_ environment: [String: String]) -> Bool {
        ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"].contains { name in
            let value = environment[name]?.lowercased() ?? ""
            return ["1", "on", "yes", "true"].contains { value.hasSameBytes(as: $0) }
        }
    }
}
