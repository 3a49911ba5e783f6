import Formats
package import Storage
import Synchronization

/// What the marketplace has, as it was when it was last looked at. Lists come from here, so that no request waits for files.
package final class MarketShelf: Sendable {
    /// How far the look is.
    struct State {
        /// The models by their ids.
        var models: [ExactName: MarketModel] = [:]
        /// When the last look ended, in steady nanoseconds; `nil` before the first one has.
        var readAt: Int64?
        /// How long the last look took, in nanoseconds.
        var duration: Int64 = 0
        /// Counts what was changed: a look that began before a change does not count for long.
        var changes = 0
        /// Whether somebody looks now.
        var isReading = false
        /// How many were looked at.
        var done = 0
        /// Of how many.
        var count = 0
    }

    /// Where it looks.
    let source: any MarketSource
    private let state = Mutex(State())
    private let healthSeen = Mutex<Health?>(nil)
    private let searches = Atomic(0)

    private struct Health {
        let json: JSON
        /// Until when it is taken for what is there, in steady nanoseconds.
        let end: Int64
    }

    /// How many searches elsewhere go on at once: each holds a thread of the server while it waits.
    private static let mostSearches = 4
    /// How long what was seen is taken for what is there at least, in nanoseconds: a cache may be filled while it is served.
    private static let life: Int64 = 1_000_000_000
    /// How many times as long as a look takes what it saw is kept, so that looking takes a small part of the time.
    private static let share: Int64 = 20

    /// Nothing is looked at yet.
    package init(_ source: any MarketSource) { self.source = source }

    /// Looks for the first time, on a thread of its own. Lists have meanwhile what was found so far.
    package func fill() async throws(FileError) {
        try await Threads.run(1) { [self] _ in _ = current() }
    }

    /// What is there. One request in some seconds looks again, and all others are answered with what is known.
    func current() -> State {
        let now = steadyTime()
        let known: State? = state.withLock { state in
            let life = max(MarketShelf.life, state.duration * MarketShelf.share)
            if state.isReading || state.readAt.map({ now - $0 < life }) == true { return state }
            state.isReading = true
            return nil
        }
        return known ?? look()
    }

    /// Looks again at the next question, because something was changed.
    package func forget() {
        state.withLock { state in
            state.changes += 1
            if state.readAt != nil { state.readAt = .min / 2 }
        }
    }

    private func look() -> State {
        let start = steadyTime()
        var fresh: [ExactName: MarketModel] = [:]
        let changes = state.withLock { $0.changes }
        source.read { model in
            fresh[ExactName(model.id)] = model
            let isFirst = state.withLock { $0.readAt == nil }
            if isFirst { state.withLock { $0.models[ExactName(model.id)] = model } }
        } progress: { done, count in
            state.withLock { ($0.done, $0.count) = (done, count) }
        }
        return state.withLock { state in
            state.models = fresh
            state.readAt = state.changes == changes ? steadyTime() : .min / 2
            state.duration = min(steadyTime() - start, 60_000_000_000)
            state.isReading = false
            return state
        }
    }

    /// What is wrong in the caches; many questions at once are one look.
    func health() -> JSON {
        healthSeen.withLock { seen in
            let start = steadyTime()
            if let seen, start < seen.end { return seen.json }
            let json = source.health()
            let end = steadyTime()
            seen = Health(json: json, end: end + max(MarketShelf.life, (end - start) * MarketShelf.share))
            return json
        }
    }

    /// Searches a service, unless too many do that now.
    func search(_ search: MarketSearch, on service: MarketSearch.Service, isOwner: Bool) -> MarketAnswer {
        let count = searches.wrappingAdd(1, ordering: .relaxed).newValue
        defer { searches.wrappingSubtract(1, ordering: .relaxed) }
        guard count <= MarketShelf.mostSearches else {
            return .unreachable("too many people search elsewhere at this moment: try again soon")
        }
        return source.search(search, on: service, isOwner: isOwner)
    }

    /// The model of an id; looks once more where it is not known.
    func model(_ id: String) -> MarketModel? {
        if let found = current().models[ExactName(id)] { return found }
        forget()
        return current().models[ExactName(id)]
    }
}
