import Formats
import Synchronization

/// What one viewer sees of a look, with what is made of all models once for many requests.
final class MarketView: Sendable {
    /// What is theirs to see.
    let state: MarketShelf.State
    private let kept = Mutex(Kept())

    private struct Kept {
        var choices: JSON?
        var lineage: MarketLineage?
    }

    /// Nothing is made yet.
    init(_ state: MarketShelf.State) { self.state = state }

    /// What there is to filter by.
    var choices: JSON {
        if let known = kept.withLock({ $0.choices }) { return known }
        let made = MarketChoices.json(state.models.values)
        kept.withLock { $0.choices = made }
        return made
    }

    /// What was made from what.
    var lineage: MarketLineage {
        if let known = kept.withLock({ $0.lineage }) { return known }
        let made = MarketLineage(state.models)
        kept.withLock { $0.lineage = made }
        return made
    }
}

/// What the viewers of the last look see, as long as nobody looks again.
final class MarketViews: Sendable {
    private let kept = Mutex<[ExactName: MarketView]>([:])

    /// How many viewers are remembered: each costs some hundreds of bytes for a model.
    private static let room = 4

    /// What a viewer sees of a state.
    func view(_ state: MarketShelf.State, _ viewer: MarketViewer) -> MarketView {
        // The first look finds more and more.
        guard state.looks > 0 else { return MarketView(viewer.shown(state)) }
        let key = ExactName(viewer.key)
        func isSame(_ view: MarketView) -> Bool {
            view.state.looks == state.looks && view.state.changes == state.changes
        }
        if let known = kept.withLock({ $0[key] }), isSame(known) { return known }
        let made = MarketView(viewer.shown(state))
        kept.withLock { all in
            if all.count >= MarketViews.room || !all.values.allSatisfy(isSame) { all = [:] }
            all[key] = made
        }
        return made
    }
}
