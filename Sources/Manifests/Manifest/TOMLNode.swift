/// A value of a TOML document while the document is read: a table, an array or a scalar, with its place and,
/// for a table, with what TOML's rules of redefinition need to know.
///
/// Every place is the offset of a byte in the document.
final class TOMLNode {
    /// What stands at a place.
    enum Shape {
        /// A string, number, truth value, date or time.
        case scalar(LocatedValue.Content)
        /// An array written as a value.
        case list
        /// An array that `[[name]]` adds to.
        case listOfTables
        /// A table, however it came about.
        case table
    }

    /// How a table came about, which decides what may still be added to it.
    enum Definition {
        /// By the header of a table inside it, or as the root.
        case implied
        /// By its own header: its body is the only place of its keys.
        case header
        /// By a dotted key.
        case dotted
        /// Between braces: complete as it stands.
        case inline
    }

    /// One key of a table.
    struct Member {
        /// The key, its escapes resolved.
        let key: [UInt8]
        /// The place of the key where it was named first.
        let place: Int
        /// What it holds.
        let value: TOMLNode
    }

    /// Whether it is a table, an array or a scalar; it never changes.
    let shape: Shape
    /// How many tables and arrays are around it.
    let depth: Int
    /// The place of a value, or of the "[" of a table's header, or of the key that made the table.
    private(set) var place: Int
    /// How a table came about; without a meaning for everything else.
    var definition: Definition
    /// The keys of a table in the order in which they were named first.
    private(set) var members: [Member] = []
    /// The elements of an array.
    private(set) var elements: [TOMLNode] = []
    private var indices: [[UInt8]: Int] = [:]

    /// Makes a value without members or elements; `depth` counts the tables and arrays around it.
    init(_ shape: Shape, at place: Int, depth: Int, definition: Definition = .implied) {
        self.shape = shape
        self.place = place
        self.depth = depth
        self.definition = definition
    }

    /// Whether it holds keys.
    var isTable: Bool { if case .table = shape { true } else { false } }

    /// Whether further `[[name]]` headers may add tables to it.
    var isListOfTables: Bool { if case .listOfTables = shape { true } else { false } }

    /// The member of a key; keys are the same only where their bytes are.
    subscript(key: [UInt8]) -> Member? { indices[key].map { members[$0] } }

    /// Adds a key to a table; that the table has no such key is the caller's to have checked.
    func add(_ member: Member) {
        indices[member.key] = members.count
        members.append(member)
    }

    /// Adds an element at the end of an array.
    func add(_ element: TOMLNode) { elements.append(element) }

    /// Gives a table its own header.
    func declare(at header: Int) {
        definition = .header
        place = header
    }

    /// The value as the rest of the program sees it.
    var located: LocatedValue {
        let content: LocatedValue.Content =
            switch shape {
            case .scalar(let content): content
            case .list, .listOfTables: .list(elements.map(\.located))
            case .table:
                .table(
                    members.map {
                        LocatedValue.Member(
                            key: String(decoding: $0.key, as: UTF8.self), place: $0.place,
                            value: $0.value.located)
                    })
            }
        return LocatedValue(content: content, place: place)
    }
}
