import Formats

/// What a request was for, in so few classes that nobody can make numbers without end by asking for paths.
enum RouteClass: String, Hashable, Sendable {
    /// What could not be read as a request.
    case unreadable
    /// The registry of models.
    case models
    /// Jobs, and what they make.
    case jobs
    /// What can be had and what is there, for the page.
    case market
    /// What clients told of their use of models.
    case analytics
    /// These numbers.
    case metrics
    /// The description of the interfaces.
    case description
    /// Files of the Hub.
    case hubFiles = "hub_files"
    /// What else the Hub answers.
    case hub
    /// What Kaggle answers.
    case kaggle
    /// What OCI registries answer.
    case registry
    /// The pages for browsers.
    case page

    /// Tells by the method and the target as they were sent.
    init(request: String) {
        let parts = request.utf8.split(separator: 0x20, maxSplits: 1)
        guard parts.count == 2, let target = parts.last.map(Array.init) else {
            self = .unreadable
            return
        }
        // A target in absolute form is one that is sent to a proxy, as Kaggle's clients do.
        guard target.first == UInt8(ascii: "/") else {
            self = .kaggle
            return
        }
        let path = target.prefix { $0 != UInt8(ascii: "?") }
        let segments = path.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
        switch (segments.first, segments.dropFirst().first) {
        case (nil, _): self = .page
        case ("ai-models"?, _): self = .models
        case ("metrics"?, nil): self = .metrics
        case ("openapi.json"?, nil), ("docs"?, nil): self = .description
        case ("api"?, "jobs"?), ("api"?, "optimizations"?), ("api"?, "bundles"?): self = .jobs
        case ("api"?, "marketplace"?): self = segments.last == "install" ? .jobs : .market
        case ("api"?, "health"?): self = .market
        case ("api"?, "analytics"?): self = .analytics
        case ("api"?, "v1"?), ("v1"?, _): self = .kaggle
        case ("v2"?, _): self = .registry
        case ("page"?, _): self = .page
        default: self = segments.contains("resolve") ? .hubFiles : .hub
        }
    }
}
