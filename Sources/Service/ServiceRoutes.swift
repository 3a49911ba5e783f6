import Formats

/// Hands a request to what answers its path: Kaggle's mirror, the registry of models, jobs, the marketplace, or the Hub's
/// mirror.
package struct ServiceRoutes: RequestHandler {
    private let hub: HubMirror
    private let kaggle: KaggleMirror
    private let models: ModelRegistry?
    private let jobs: JobInterface?
    private let market: Market
    private let description: ServiceDescription

    /// - Parameters:
    ///   - models: `nil` where no catalogue is served.
    ///   - jobs: `nil` where there is no place for them.
    package init(
        hub: HubMirror, kaggle: KaggleMirror, models: ModelRegistry?, jobs: JobInterface?, market: Market
    ) {
        self.hub = hub
        self.kaggle = kaggle
        self.models = models
        self.market = market
        self.jobs = jobs
        let registry = ModelInterface.document["paths"]?.members
        description = ServiceDescription([
            models == nil ? [] : registry ?? [], jobs == nil ? [] : JobDescription.paths,
            MarketInterface.paths,
        ])
    }

    /// The answer of what the path belongs to.
    package func answer(_ request: Request) -> Response {
        if KaggleMirror.owns(request.head.target) { return kaggle.answer(request) }
        if let jobs, jobs.takes(request.head.target.segments) { return jobs.answer(request) }
        if Market.owns(request.head.target.segments) { return market.answer(request) }
        switch request.head.target.segments.first {
        case "ai-models"?: return models?.answer(request) ?? hub.answer(request)
        case "openapi.json"?: return document(request, .json(description.document))
        case "docs"? where request.head.target.segments.count == 1:
            var page = Response(200, .bytes(Array(description.page.utf8)))
            page.fields.append("Content-Type", "text/html; charset=utf-8")
            return document(
                request, page.with("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
            )
        default: return hub.answer(request)
        }
    }

    private func document(_ request: Request, _ response: Response) -> Response {
        guard request.head.method == "GET" || request.head.method == "HEAD" else {
            return .json(["detail": "this path takes GET"], status: 405).with("Allow", "GET, HEAD")
        }
        return response
    }
}
