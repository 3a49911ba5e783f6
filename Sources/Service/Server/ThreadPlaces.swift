import Synchronization

/// A bound on how many of the server's threads something may hold at once: others find one free meanwhile.
final class ThreadPlaces: Sendable {
    private let limit: Int
    private let taken = Atomic(0)

    /// - Parameter limit: how many; with 0 or less there is never a place.
    init(limit: Int) { self.limit = limit }

    /// How many are taken at the moment.
    var current: Int { taken.load(ordering: .relaxed) }

    /// A place, given back with the value that is returned; `nil` where all are taken.
    func take() -> Place? {
        guard taken.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
            taken.wrappingSubtract(1, ordering: .relaxed)
            return nil
        }
        return Place(self)
    }

    /// One place, held while this value lives.
    final class Place: Sendable {
        private let places: ThreadPlaces

        fileprivate init(_ places: ThreadPlaces) { self.places = places }

        deinit { places.taken.wrappingSubtract(1, ordering: .relaxed) }
    }
}
