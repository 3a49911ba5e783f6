/// What is known of a value while a pickle is scanned: as much as decides what is imported and called. 8 bytes.
struct ScanValue: Equatable {
    /// What a value can be, as far as that decides anything.
    enum Kind: UInt64 {
        /// What a call returned, which may be a text.
        case other
        /// A value that is no text and names nothing: a number, a container, an object.
        case data
        /// A value out of the memo that was not kept there.
        case unknown
        /// A text that the list of harmless names has.
        case word
        /// Another short text: where it is in the file, and its length.
        case text
        /// A text that no name is, or one that is not known.
        case longText
        /// An import, by its place in the list.
        case global
        /// An import that is not in the list.
        case refused
        /// A whole number from 0.
        case integer
        /// Python's `None`.
        case none
        /// A short tuple, list of settings, or NumPy type that is remembered, by its number.
        case tuple
        /// A dictionary that is remembered, by its number.
        case settings
        /// A NumPy type that is remembered, by its number.
        case dtype
        /// A description of an array of joblib's.
        case wrapper
        /// A type of elements named `S`, `U` or `V` with a number.
        case flexible
        /// A text of up to 17 digits, by their value.
        case digits
    }

    private let bits: UInt64

    /// Takes a kind and what goes with it, of which the low 59 bits are kept.
    init(_ kind: Kind, _ payload: Int = 0) {
        bits = kind.rawValue << 59 | UInt64(truncatingIfNeeded: payload) & (1 << 59 - 1)
    }

    /// What the value is, from the upper five bits.
    var kind: Kind { Kind(rawValue: bits >> 59) ?? .unknown }
    /// The number that goes with the kind, from the lower 59 bits; 0 where the kind has none.
    var payload: Int { Int(truncatingIfNeeded: bits & (1 << 59 - 1)) }

    /// What a call returned of which nothing more is known.
    static let other = ScanValue(.other)
    /// A value of which only is known that it names nothing.
    static let data = ScanValue(.data)
    /// A value of which nothing is known.
    static let unknown = ScanValue(.unknown)

    /// A short text of up to 255 bytes that starts at this place in the file.
    static func text(at offset: Int, _ count: Int) -> ScanValue {
        offset < 1 << 50 && count < 256 ? ScanValue(.text, offset << 8 | count) : ScanValue(.longText)
    }

    /// A whole number; one that is negative or does not fit names nothing.
    static func integer(_ value: Int) -> ScanValue {
        value >= 0 && value < 1 << 58 ? ScanValue(.integer, value) : .data
    }

    /// The number, where it is one.
    var number: Int? { kind == .integer ? payload : nil }

    /// Whether it may be a text, which names something.
    var mayBeText: Bool {
        switch kind {
        case .other, .unknown, .word, .text, .longText, .flexible, .digits: true
        case .data, .global, .refused, .integer, .none, .tuple, .settings, .dtype, .wrapper: false
        }
    }

    /// Whether it is a class or function, or may be one.
    var isGlobal: Bool { kind == .global || kind == .refused }

    /// Whether it is the text with this number in the list of words.
    func isWord(_ word: Int) -> Bool { kind == .word && payload == word }
}

/// The stack, the marks and the memo of Python's pickle machine, with bounds on all three.
struct ScanStack {
    /// The most values that may wait: a tuple or frozen set of more in one piece is not followed.
    static let maximumDepth = 4 << 20
    /// The most marks that may be open at once.
    static let maximumMarks = 1 << 16
    /// The most values of the memo that are kept by their number; of later ones only what names something.
    static let maximumDense = 1 << 20
    private static let maximumSparse = 1 << 16
    /// The most keys of the memo that may be set out of order.
    static let maximumStray = 1 << 16

    /// The stack from bottom to top, with what is below marks.
    private(set) var values: [ScanValue] = []
    private var marks: [Int] = []
    /// Where the values of the innermost mark start.
    private var floor = 0
    private var dense: [ScanValue] = []
    private var sparse: [Int: ScanValue] = [:]
    /// All keys below it are set.
    private var nextKey = 0
    private var stray: Set<Int> = []

    // MARK: Values

    /// - Returns: false if there is no room.
    mutating func push(_ value: ScanValue) -> Bool {
        guard values.count < Self.maximumDepth else { return false }
        values.append(value)
        return true
    }

    /// Takes the last value; `nil`, and nothing taken, if there is none above the innermost mark.
    mutating func pop() -> ScanValue? { values.count > floor ? values.popLast() : nil }

    /// The last value above the innermost mark, which stays; `nil` if there is none.
    var top: ScanValue? { values.count > floor ? values.last : nil }

    /// Puts a value in the last one's place; nothing happens if there is none above the innermost mark.
    mutating func replaceTop(_ value: ScanValue) {
        guard values.count > floor else { return }
        values[values.count - 1] = value
    }

    /// Opens a mark: values below it cannot be taken until it is dropped. `false` if there is no room for it.
    mutating func mark() -> Bool {
        guard marks.count < Self.maximumMarks else { return false }
        marks.append(floor)
        floor = values.count
        return true
    }

    /// The number of values above the innermost mark; `nil` if there is none.
    var countAboveMark: Int? { marks.isEmpty ? nil : values.count - floor }

    /// A value above the innermost mark.
    func aboveMark(_ index: Int) -> ScanValue { values[floor + index] }

    /// The value right below the innermost mark.
    var belowMark: ScanValue? {
        guard let outer = marks.last, floor > outer else { return nil }
        return values[floor - 1]
    }

    /// Takes off everything above the innermost mark, and the mark.
    mutating func dropMark() -> Bool {
        guard let last = marks.popLast() else { return false }
        values.removeSubrange(floor...)
        floor = last
        return true
    }

    // MARK: The memo

    /// Keeps a value under the key that Python's MEMOIZE takes: the number of keys that are set.
    mutating func memoize(_ value: ScanValue) -> Bool { remember(nextKey + stray.count, value) }

    /// Keeps a value under a key, in place of what is there; `false` if there is no room.
    mutating func remember(_ key: Int, _ value: ScanValue) -> Bool {
        if key == nextKey {
            nextKey += 1
            while !stray.isEmpty, stray.remove(nextKey) != nil { nextKey += 1 }
        } else if key > nextKey {
            guard stray.count < Self.maximumStray else { return false }
            stray.insert(key)
        }
        if key < Self.maximumDense {
            if key < dense.count {
                dense[key] = value
            } else if key == dense.count {
                dense.append(value)
            } else {
                dense += [ScanValue](repeating: .unknown, count: key - dense.count + 1)
                dense[key] = value
            }
            return true
        }
        switch value.kind {
        case .word, .text, .global, .refused, .dtype, .wrapper:
            if value.kind == .text, sparse.count >= Self.maximumSparse / 2 {
                // Named again, it is a name that is not known, which is never harmless.
                sparse[key] = nil
                return true
            }
            guard sparse.count < Self.maximumSparse else { return false }
            sparse[key] = value
        default: sparse[key] = nil
        }
        return true
    }

    /// The value that is kept under a key; an unknown one where none is.
    func recall(_ key: Int) -> ScanValue {
        key < dense.count ? dense[key] : sparse[key] ?? .unknown
    }
}
