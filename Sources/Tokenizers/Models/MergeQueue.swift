/// The merges that can be made, as a binary heap: the lowest rank first, of equal ones the leftmost.
struct MergeQueue {
    /// A merge that can be made.
    struct Item {
        /// The merge's place in the list of merges; the lowest is made first.
        let rank: UInt32
        /// Where the left one of both tokens is in the word.
        let place: Int
        /// The token that the merge makes.
        let id: UInt32

        fileprivate func isBefore(_ other: Item) -> Bool {
            rank != other.rank ? rank < other.rank : place < other.place
        }
    }

    private var items: [Item] = []

    /// Adds a merge; one that is there already is there twice.
    mutating func push(_ item: Item) {
        items.append(item)
        var child = items.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard items[child].isBefore(items[parent]) else { return }
            items.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the merge that is made next; `nil` if none is left.
    mutating func pop() -> Item? {
        guard let first = items.first, let last = items.popLast() else { return nil }
        if items.isEmpty { return first }
        items[0] = last
        var parent = 0
        while true {
            var child = parent * 2 + 1
            guard child < items.count else { return first }
            if child + 1 < items.count, items[child + 1].isBefore(items[child]) { child += 1 }
            guard items[child].isBefore(items[parent]) else { return first }
            items.swapAt(child, parent)
            parent = child
        }
    }
}
