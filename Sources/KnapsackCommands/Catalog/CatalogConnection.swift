import ArgumentParser
import Formats
import Manifests
import Transfer

/// How a service is asked a few questions, for commands that load no files.
struct CatalogOptions: ParsableArguments {
    /// How often a request is repeated, 0 to 100.
    @Option(help: ArgumentHelp("How often a request that fails is sent again.", valueName: "number"))
    var retries = 4

    /// Refuses a number out of its bounds; exit code 2.
    mutating func validate() throws {
        guard (0...100).contains(retries) else { throw ValidationError("--retries takes 0 to 100") }
    }
}

/// The services, as the variables of their clients name them; nothing is asked before it is used.
struct CatalogConnection {
    /// What the command was told.
    let options: CatalogOptions

    /// The Hub.
    /// - Throws: where a variable or the token's file cannot mean anything.
    func hub(_ session: Session) throws -> (catalog: HubCatalog, client: HubClient) {
        let client = try HubConnection.client(requester(session), session)
        return (HubCatalog(client), client)
    }

    /// Kaggle.
    /// - Throws: where a variable or a file of credentials cannot mean anything.
    func kaggle(_ session: Session) throws -> (catalog: KaggleCatalog, client: KaggleClient) {
        let client = try KaggleConnection.client(requester(session), session)
        return (KaggleCatalog(client), client)
    }

    /// What sends requests to one service.
    func requester(_ session: Session) -> Requester {
        let environment = session.context.environment
        let seconds = environment["HF_HUB_DOWNLOAD_TIMEOUT"].flatMap { Double($0) } ?? 30
        let patience = Patience(RetryPolicy(retries: options.retries), Cancellation())
        let http = HTTPClient(
            environment: environment, userAgent: "knapsack/\(Knapsack.version)",
            silenceSeconds: min(max(seconds, 0.1), 3600), cancellation: patience.cancellation)
        return Requester(http, patience)
    }
}
