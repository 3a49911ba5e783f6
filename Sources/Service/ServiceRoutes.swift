import Formats

/// Hands a request to what answers its path: the registry of models, the marketplace, or the Hub's mirror.
package struct ServiceRoutes: RequestHandler {
    private let hub: HubMirror
    private let models: ModelRegistry?
    private let market: Market

    /// - Parameter models: `nil` where no catalogue is served.
    package init(hub: HubMirror, models: ModelRegistry?, market: Market) {
        self.hub = hub
        self.models = models
        self.market = market
    }

    /// The answer of what the path belongs to.
    package func answer(_ request: Request) -> Response {
        if Market.owns(request.head.target.segments) { return market.answer(request) }
        switch request.head.target.segments.first {
        case "ai-models"?: return models?.answer(request) ?? hub.answer(request)
        case "openapi.json"?: return document(request, .json(ModelInterface.document(hasModels: models != nil)))
        case "docs"? where request.head.target.segments.count == 1:
            var page = Response(200, .bytes(Array(ModelInterface.page(hasModels: models != nil).utf8)))
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
