import Formats
import Manifests
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
        /// What was hidden from others, by the number of the change.
        var hidden: [ExactName: Int] = [:]
        /// Whether somebody looks now.
        var isReading = false
        /// How many looks have ended.
        var looks = 0
        /// How many were looked at.
        var done = 0
        /// Of how many.
        var count = 0
    }

    /// Where it looks.
    private let source: any MarketSource
    private let state = Mutex(State())
    private let views = MarketViews()
    private let healthSeen = Mutex<Health?>(nil)
    /// Who looks at the health of the caches: one alone, and others have what was seen last.
    private let healthLook = ThreadPlaces(limit: 1)
    private let detailLook = ThreadPlaces(limit: 1)
    private let detailWaiters: ThreadPlaces
    private let searches = ThreadPlaces(limit: mostSearches)
    private let isStopping = Atomic(false)

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

    /// The most requests that wait for somebody who reads headers, however many threads there are.
    private static let mostWaiters = 8

    /// Nothing is looked at yet.
    /// - Parameter mostWaiting: how many requests wait for the details of models at once, so that others are served meanwhile.
    package init(_ source: any MarketSource, mostWaiting: Int = mostWaiters) {
        self.source = source
        detailWaiters = ThreadPlaces(limit: min(MarketShelf.mostWaiters, mostWaiting))
    }

    /// Looks for the first time, on a thread of its own. Lists have meanwhile what was found so far.
    package func fill() async throws(FileError) {
        try await Threads.run(1) { [self] _ in _ = current() }
    }

    /// Has a look that goes on end soon.
    package func stop() { isStopping.store(true, ordering: .releasing) }

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

    /// What a viewer sees of what is there.
    func view(_ viewer: MarketViewer) -> MarketView { views.view(current(), viewer) }

    /// Looks again at the next question, because something was changed.
    /// - Parameter hidden: the ids of what others than the owner see no more, or not in that version. It is hidden at once, also
    ///   from those who are answered while somebody looks.
    package func forget(hidden: [String] = []) {
        state.withLock { state in
            state.changes += 1
            for id in hidden.map({ ExactName($0) }) {
                state.hidden[id] = state.changes
                state.models[id] = state.models[id]?.hidden
            }
            if state.readAt != nil { state.readAt = .min / 2 }
        }
    }

    private func look() -> State {
        let start = steadyTime()
        var fresh: [ExactName: MarketModel] = [:]
        let (changes, known) = state.withLock { ($0.changes, $0.models) }
        source.read(known) { model in
            fresh[ExactName(model.id)] = model
            let isFirst = state.withLock { $0.readAt == nil }
            if isFirst {
                state.withLock { state in
                    let isHidden = state.hidden[ExactName(model.id)].map { $0 > changes } == true
                    state.models[ExactName(model.id)] = isHidden ? model.hidden : model
                }
            }
        } progress: { done, count in
            state.withLock { ($0.done, $0.count) = (done, count) }
            return !isStopping.load(ordering: .acquiring)
        }
        return state.withLock { state in
            // What ended early has not seen all.
            guard !isStopping.load(ordering: .acquiring) else { return state }
            // What was read before it was hidden may be what others may not see.
            state.hidden = state.hidden.filter { $0.value > changes }
            for id in state.hidden.keys { fresh[id] = fresh[id]?.hidden }
            state.models = fresh
            state.readAt = state.changes == changes ? steadyTime() : .min / 2
            state.duration = min(steadyTime() - start, 60_000_000_000)
            state.isReading = false
            state.looks += 1
            return state
        }
    }

    /// What is wrong in the caches; many questions at once are one look.
    /// - Returns: `nil` where somebody looks for the first time.
    func health() -> JSON? {
        let seen = healthSeen.withLock { $0 }
        if let seen, steadyTime() < seen.end { return seen.json }
        guard let place = healthLook.take() else { return seen?.json }
        return withExtendedLifetime(place) {
            let start = steadyTime()
            let json = source.health()
            let end = steadyTime()
            healthSeen.withLock {
                $0 = Health(json: json, end: end + max(MarketShelf.life, (end - start) * MarketShelf.share))
            }
            return json
        }
    }

    /// Searches a service, unless too many do that now.
    func search(_ search: MarketSearch, on service: MarketSearch.Service, isOwner: Bool) -> MarketAnswer {
        guard let place = searches.take() else {
            return .unreachable("too many people search elsewhere at this moment: try again soon")
        }
        return withExtendedLifetime(place) { source.search(search, on: service, isOwner: isOwner) }
    }

    /// The model of an id. Where it is not known, and something of that name is there, it has come since the last look.
    func model(_ id: String) -> MarketModel? {
        let known = current()
        if let found = known.models[ExactName(id)] { return found }
        // What is there and is no model may be asked for again and again.
        guard let readAt = known.readAt, steadyTime() - readAt > known.duration * MarketShelf.unknownShare,
            source.has(id)
        else { return nil }
        forget()
        return current().models[ExactName(id)]
    }

    /// Whether a cache has a model, as a source states it, or the Hub's clients do: everybody sees that.
    func isCached(_ model: String) -> Bool {
        ["", "hf:", "hf-dataset:", "kaggle:", "kaggle-dataset:"].map { $0 + model }.contains { id in
            switch try? Source.parse(id) {
            case .hub?, .kaggle?: source.has(id)
            case .registry?, .path?, nil: false
            }
        }
    }

    /// All that is known of a model; `nil` where it is not there any more, or not in that revision.
    ///
    /// One alone reads the headers of files, of which a hostile one may have 100 MB, and some wait for it.
    func details(
        _ model: MarketModel, revision: String?, tensors: Range<Int>
    ) throws(ModelRefusal) -> JSON? {
        guard let place = detailLook.take() ?? waited() else {
            throw ModelRefusal(503, "others look at models at this moment: ask again")
        }
        return withExtendedLifetime(place) {
            source.details(model, revision: revision, tensors: tensors)
        }
    }

    /// The place of the one who reads headers, after waiting for it; `nil` where that takes too long, or too many wait.
    private func waited() -> ThreadPlaces.Place? {
        guard let waiting = detailWaiters.take() else { return nil }
        return withExtendedLifetime(waiting) {
            let end = steadyTime() + MarketShelf.detailPatience
            while steadyTime() < end {
                pause(milliseconds: 5)
                if let place = detailLook.take() { return place }
            }
            return nil
        }
    }

    /// How long those wait, in nanoseconds.
    private static let detailPatience: Int64 = 5_000_000_000

    /// How many times as long as a look takes one that somebody asks for by an unknown id is after the last one.
    private static let unknownShare: Int64 = 2
}
