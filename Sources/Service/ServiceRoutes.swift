import Formats

/// Hands a request to what answers its path: Kaggle's mirror, the registry of models, jobs, the marketplace, or the Hub's
/// mirror.
package struct ServiceRoutes: RequestHandler {
    private let hub: HubMirror
    private let kaggle: KaggleMirror
    private let models: ModelRegistry?
    private let jobs: JobInterface?
    private let market: Market
    private let analytics: AnalyticsInterface
    private let metrics: ServerMetrics
    private let description: ServiceDescription

    /// - Parameters:
    ///   - models: `nil` where no catalogue is served.
    ///   - jobs: `nil` where there is no place for them.
    ///   - analytics: of models; it states itself whether it is switched on.
    ///   - metrics: the server's own numbers.
    package init(
        hub: HubMirror, kaggle: KaggleMirror, models: ModelRegistry?, jobs: JobInterface?,
        analytics: AnalyticsInterface, metrics: ServerMetrics, market: Market
    ) {
        self.hub = hub
        self.kaggle = kaggle
        self.models = models
        self.market = market
        self.jobs = jobs
        self.analytics = analytics
        self.metrics = metrics
        let registry = ModelInterface.document["paths"]?.members
        description = ServiceDescription([
            models == nil ? [] : registry ?? [], jobs == nil ? [] : JobDescription.paths,
            analytics.isOn ? AnalyticsDescription.paths : [], AnalyticsDescription.metrics,
            MarketInterface.paths,
        ])
    }

    /// The answer of what the path belongs to.
    package func answer(_ request: Request) -> Response {
        let response = answered(request)
        if response.status < 400, ServiceRoutes.hides(request.head) { market.forget(hidden: response.hides) }
        return response
    }

    /// Whether a request takes something away, or out of the sight of others: the registry's by `PUT` and `DELETE`, and
    /// repositories by the calls of the Hub's clients. What is new can wait.
    private static func hides(_ head: RequestHead) -> Bool {
        let segments = head.target.segments
        switch head.method {
        case "PUT", "DELETE":
            return segments.first == "ai-models"
                || (segments.first == "api"
                    && ["models", "datasets", "repos"].containsExactly(segments.dropFirst().first ?? ""))
        case "POST":
            return segments.starts(with: ["api", "repos"])
                || (KaggleMirror.owns(head.target) && segments.last?.hasUTF8Prefix("Delete") == true)
        default: return false
        }
    }

    private func answered(_ request: Request) -> Response {
        if KaggleMirror.owns(request.head.target) { return kaggle.answer(request) }
        let segments = request.head.target.segments
        if JobInterface.takes(segments) {
            let none = "this server works on no jobs: it has to be started with a --state of its own"
            return jobs?.answer(request) ?? .json(["detail": .string(none)], status: 503)
        }
        if Market.owns(segments) { return market.answer(request) }
        if segments.starts(with: ["api", "analytics"]) { return analytics.answer(request) }
        switch segments.first {
        case "metrics"? where segments.count == 1: return document(request, numbers(request))
        case "ai-models"?: return models?.answer(request) ?? hub.answer(request)
        case "openapi.json"? where segments.count == 1: return document(request, .json(description.document))
        case "docs"? where segments.count == 1:
            var page = Response(200, .bytes(Array(description.page.utf8)))
            page.fields.append("Content-Type", "text/html; charset=utf-8")
            return document(
                request, page.with("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
            )
        default: return hub.answer(request)
        }
    }

    /// The server's own numbers; where tokens count, for whoever may do all.
    private func numbers(_ request: Request) -> Response {
        guard request.holder.mayAll else {
            return .json(["detail": "the token does not allow this"], status: 403)
        }
        var response = Response(200, .bytes(Array(metrics.text.utf8)))
        response.fields.append("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        return response
    }

    private func document(_ request: Request, _ response: Response) -> Response {
        guard request.head.method == "GET" || request.head.method == "HEAD" else {
            return .json(["detail": "this path takes GET"], status: 405).with("Allow", "GET, HEAD")
        }
        return response
    }
}
