/// The places of a TOML document's keys and values: what `TOMLScanner` finds.
///
/// Every place is the offset of a byte in the document.
final class TOMLPositions {
    /// What stands at a place.
    enum Shape: Equatable {
        /// A string in any of the four kinds of quotes.
        case string
        /// A number, truth value, date or time.
        case bare
        /// An array written as a value.
        case list
        /// An array that `[[name]]` adds to.
        case listOfTables
        /// A table, however it came about.
        case table
    }

    /// One key of a table.
    struct Member {
        /// The key, its escapes resolved.
        let key: [UInt8]
        /// The place of the key where it was named first.
        let place: Int
        /// What it holds.
        let value: TOMLPositions
    }

    let shape: Shape
    /// How many tables and arrays are around it.
    let depth: Int
    /// The place of a value, or of the "[" of a table's header, or of the key that made the table.
    private(set) var place: Int
    /// The place of a table's own header, where it has one.
    private(set) var header: Int?
    /// The keys of a table in the order in which they were named first.
    private(set) var members: [Member] = []
    /// The elements of an array.
    private(set) var elements: [TOMLPositions] = []
    private var indices: [[UInt8]: Int] = [:]

    init(_ shape: Shape, at place: Int, depth: Int) {
        self.shape = shape
        self.place = place
        self.depth = depth
    }

    subscript(key: [UInt8]) -> Member? { indices[key].map { members[$0] } }

    func add(_ member: Member) {
        indices[member.key] = members.count
        members.append(member)
    }

    func add(_ element: TOMLPositions) { elements.append(element) }

    func declare(at header: Int) {
        self.header = header
        place = header
    }
}
