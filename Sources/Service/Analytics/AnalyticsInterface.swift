import Formats
import Manifests
import Storage

/// The interface to what clients tell of their use of models: what is below `/api/analytics`.
package struct AnalyticsInterface: RequestHandler {
    private let store: AnalyticsStore?
    private let shelf: HubShelf
    private let market: MarketShelf

    /// The most events of one request.
    private static let eventLimit = 1000
    private static let kinds = ["download", "load", "request", "error", "rating"]
    private static let members = [
        "model", "event", "response_ms", "prompt_tokens", "completion_tokens", "rating",
    ]

    /// - Parameters:
    ///   - store: `nil` where nothing is kept.
    ///   - hub: knows which models are only for some.
    ///   - market: knows what the caches have.
    package init(_ store: AnalyticsStore?, _ hub: HubMirror, _ market: MarketShelf) {
        self.store = store
        shelf = hub.shelf
        self.market = market
    }

    /// Whether events are kept.
    var isOn: Bool { store != nil }

    /// The answer to a request whose path begins with `/api/analytics`.
    package func answer(_ request: Request) -> Response {
        do throws(ModelRefusal) {
            guard let store else {
                throw ModelRefusal(404, "analytics are off: serve switches them on with --analytics")
            }
            return try answer(Array(request.head.target.segments.dropFirst(2)), store, request)
        } catch {
            return error.response
        }
    }

    private func answer(
        _ path: [String], _ store: AnalyticsStore, _ request: Request
    ) throws(ModelRefusal) -> Response {
        let isDeletion = request.head.method == "DELETE"
        var selection = AnalyticsStore.Selection()
        switch (path.first, path.count) {
        case ("events"?, 1):
            try JobInterface.require(["POST", "DELETE"], request)
            guard isDeletion else { return try take(store, request) }
        case ("models"?, 2...):
            try JobInterface.require(["GET", "HEAD", "DELETE"], request)
            let model = path.dropFirst().joined(separator: "/")
            guard model.unicodeScalars.count <= 256 else {
                throw ModelRefusal(400, "no model has a name of more than 256 bytes")
            }
            selection.model = model
        default: throw ModelRefusal(404, "there is nothing at this path")
        }
        let target = request.head.target
        if let text = target.first("start") { selection.start = try AnalyticsInterface.time(text, "start") }
        if let text = target.first("end") { selection.end = try AnalyticsInterface.time(text, "end") }
        if isDeletion { try JobInterface.requireScope(.admin, request) }
        if let model = selection.model, !request.holder.mayAll {
            selection.owners = try used(model).owners(
                for: request.holder, isCached: market.isCached(model))
        }
        let chosen = selection
        return try AnalyticsInterface.stored {
            if isDeletion { return .json(["deleted": .integer(try store.remove(chosen))]) }
            let summary = try store.summary(chosen)
            return .json(
                .object([JSON.Member("model", .string(chosen.model ?? ""))] + (summary.members ?? [])))
        }
    }

    private func take(_ store: AnalyticsStore, _ request: Request) throws(ModelRefusal) -> Response {
        let body = try RequestDocument(request, keys: ["events"] + AnalyticsInterface.members)
        var documents = [body]
        if body.has("events") {
            guard !AnalyticsInterface.members.contains(where: { body.has($0) }) else {
                throw ModelRefusal(400, "events are in a list, or there is one without a list")
            }
            documents = try body.documents(
                "events", keys: AnalyticsInterface.members, limit: AnalyticsInterface.eventLimit)
        }
        var events: [AnalyticsStore.Event] = []
        for document in documents { events.append(try AnalyticsInterface.event(document)) }
        var owners: [ExactName: String] = [:]
        for event in events where owners[ExactName(event.model)] == nil {
            owners[ExactName(event.model)] = try used(event.model).owner
        }
        let taken = events.map { event in
            var event = event
            event.owner = owners[ExactName(event.model)] ?? ""
            return event
        }
        return try AnalyticsInterface.stored {
            try store.add(taken, time: currentTime() / 1_000_000_000)
            return .json(["accepted": .integer(taken.count)], status: 202)
        }
    }

    private func used(_ model: String) throws(ModelRefusal) -> UsedModel {
        do throws(Diagnostics) {
            return try UsedModel(model, shelf)
        } catch {
            throw ModelRefusal(500, "the catalogue cannot be read")
        }
    }

    private static func event(_ document: RequestDocument) throws(ModelRefusal) -> AnalyticsStore.Event {
        guard let model = try document.text("model", limit: 256), !model.isEmpty,
            !model.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else { throw ModelRefusal(400, "model is a name of up to 256 bytes") }
        guard let kind = try document.text("event"), kinds.containsExactly(kind) else {
            throw ModelRefusal(400, "event is one of \(kinds.joined(separator: ", "))")
        }
        let response = try document.fraction("response_ms", 0...86_400_000)
        return AnalyticsStore.Event(
            model: model, kind: kind, response: response.map { Int(($0 * 1000).rounded()) },
            prompt: try document.number("prompt_tokens", 0...1_000_000_000),
            completion: try document.number("completion_tokens", 0...1_000_000_000),
            rating: try document.number("rating", 1...5))
    }

    private static func stored(_ body: () throws -> Response) throws(ModelRefusal) -> Response {
        do { return try body() } catch {
            throw ModelRefusal(500, "the analytics cannot be read or written")
        }
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        guard month == 2 else { return [4, 6, 9, 11].contains(month) ? 30 : 31 }
        return year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
    }

    /// A day such as "2026-11-30", a time such as "2026-11-30T12:00:00Z", or seconds since 1970.
    static func time(_ text: String, _ name: String) throws(ModelRefusal) -> Int64 {
        let digits = { (part: Substring) in
            part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int64(part) : nil
        }
        if text.utf8.count <= 12, let seconds = digits(text[...]), text.utf8.count != 0 { return seconds }
        let refusal = ModelRefusal(
            400,
            "\(name) is a day such as 2026-11-30, a time such as 2026-11-30T12:00:00Z, or seconds since 1970")
        let halves = text.utf8.split(separator: UInt8(ascii: "T"), omittingEmptySubsequences: false)
            .map { Substring($0) }
        let day = halves[0].utf8.split(separator: UInt8(ascii: "-")).map { Substring($0) }
        guard halves.count <= 2, day.count == 3, let year = digits(day[0]), let month = digits(day[1]),
            let date = digits(day[2]), (1970...9999).contains(year), (1...12).contains(month),
            date >= 1, date <= AnalyticsInterface.days(in: month, of: year)
        else { throw refusal }
        // Days since 1970 in the civil calendar, with years that begin in March.
        let shifted = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + date - 1
        let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
        guard halves.count == 2 else { return days * 86_400 }
        var clock = halves[1]
        guard clock.utf8.last == UInt8(ascii: "Z") else { throw refusal }
        clock.removeLast()
        let parts = clock.utf8.split(separator: UInt8(ascii: ":")).map { Substring($0) }
        guard parts.count == 3, let hour = digits(parts[0]), let minute = digits(parts[1]),
            let second = digits(parts[2]), hour < 24, minute < 60, second < 60
        else { throw refusal }
        return days * 86_400 + hour * 3600 + minute * 60 + second
    }
}
