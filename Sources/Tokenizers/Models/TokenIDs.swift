import Formats

/// The tokens of a model and their ids.
struct TokenIDs: Sendable {
    private let table: ByteTable
    private let keys: [UInt32: Range<Int>]

    /// Reads the object of tokens and ids under `vocab`; of equal tokens the last counts.
    init(_ part: TokenizerPart, _ key: String = "vocab") throws(ConversionError) {
        guard let members = part.json[key]?.members else { throw part.broken("'\(key)' is not an object") }
        var table = ByteTable(capacity: members.count)
        for member in members {
            guard let id = member.value.integer.flatMap({ UInt32(exactly: $0) }) else {
                throw part.broken("the id of '\(member.key)' is not a whole number")
            }
            table.insert(Array(member.key.utf8).span, id)
        }
        self.init(table)
    }

    /// Takes a table of tokens and ids, and finds each id's token once for all.
    init(_ table: ByteTable) {
        self.table = table
        keys = table.keysByValue()
    }

    /// How many tokens there are.
    var count: Int { table.count }

    /// The id of a token as UTF-8; `nil` for a text that is none.
    func id(of token: Span<UInt8>) -> UInt32? { table.find(token) }

    /// The id of a token; `nil` for a text that is none.
    func id(of token: String) -> UInt32? { table.find(token) }

    /// The token of an id; of several the last.
    func token(of id: Int) -> [UInt8]? {
        guard let id = UInt32(exactly: id), let range = keys[id] else { return nil }
        return Array(table.key(range))
    }
}

/// A word as UTF-8, with the places of its scalars.
struct WordBytes {
    /// The bytes of all scalars, one after the other.
    private(set) var bytes: [UInt8] = []
    /// Where each scalar begins, then the end.
    private(set) var starts: [Int] = [0]

    /// Encodes a word.
    init(_ word: [Unicode.Scalar]) {
        bytes.reserveCapacity(word.count * 2)
        starts.reserveCapacity(word.count + 1)
        for scalar in word {
            bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            starts.append(bytes.count)
        }
    }
}
