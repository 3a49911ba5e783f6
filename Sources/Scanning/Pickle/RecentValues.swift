/// The last short tuples, dictionaries and NumPy types that a pickle made: what describes an array of joblib's, a
/// storage of PyTorch's, or the arguments of a call is right before it. Memory is fixed; what was made too long
/// ago is not known any more.
struct RecentValues {
    /// What follows the description of an array.
    enum Array: Equatable {
        /// Python objects, which follow as a pickle.
        case objects
        /// Numbers, which follow as so many bytes; the first is at a multiple of the alignment if it is aligned.
        case plain(bytes: Int, isAligned: Bool)
    }

    private struct Settings {
        var shape = ScanValue.unknown
        var dtype = ScanValue.unknown
        var alignment: ScanValue?
    }

    private struct Element {
        /// `nil` where it is not known.
        var size: Int?
        var hasObjects = false
        /// Whether the state decides on the size.
        var isFlexible = false
    }

    /// Longer tuples are not remembered.
    private static let maximumItems = 9
    private static let tupleCount = 256
    private static let settingsCount = 16
    private static let maximumTypes = 4096

    private var tuples = [ScanValue](repeating: .other, count: tupleCount * maximumItems)
    private var tupleLengths = [UInt8](repeating: 0, count: tupleCount)
    private var nextTuple = 0
    private var dictionaries = [Settings](repeating: Settings(), count: settingsCount)
    private var nextDictionary = 0
    /// Older dictionaries are not known any more.
    private var firstDictionary = 0
    private var elements: [Element] = []

    /// Remembers the last values of the stack as a tuple.
    mutating func tuple(of stack: borrowing ScanStack, last count: Int) -> ScanValue {
        guard count <= Self.maximumItems else { return .data }
        let slot = nextTuple & (Self.tupleCount - 1)
        let first = stack.values.count - count
        for index in 0..<count { tuples[slot * Self.maximumItems + index] = stack.values[first + index] }
        tupleLengths[slot] = UInt8(count)
        nextTuple += 1
        return ScanValue(.tuple, nextTuple - 1)
    }

    /// The items of a tuple; `nil` where they are not known.
    func items(of value: ScanValue) -> [ScanValue]? {
        guard value.kind == .tuple, value.payload >= nextTuple - Self.tupleCount else { return nil }
        let slot = value.payload & (Self.tupleCount - 1)
        return (0..<Int(tupleLengths[slot])).map { tuples[slot * Self.maximumItems + $0] }
    }

    /// Remembers an empty dictionary.
    mutating func settings() -> ScanValue {
        dictionaries[nextDictionary & (Self.settingsCount - 1)] = Settings()
        nextDictionary += 1
        return ScanValue(.settings, nextDictionary - 1)
    }

    /// Whether what is put into a value matters.
    func follows(_ target: ScanValue) -> Bool { target.kind == .settings || target.kind == .unknown }

    /// Puts a value into a dictionary.
    mutating func set(_ target: ScanValue, _ key: ScanValue, _ value: ScanValue) {
        if target.kind == .unknown {
            // It may be any of the dictionaries.
            firstDictionary = nextDictionary
            return
        }
        guard let slot = slot(of: target) else { return }
        if key.isWord(HarmlessGlobals.Word.shape) {
            dictionaries[slot].shape = value
        } else if key.isWord(HarmlessGlobals.Word.dtype) {
            dictionaries[slot].dtype = value
        } else if key.isWord(HarmlessGlobals.Word.alignment) {
            dictionaries[slot].alignment = value
        } else if key.kind == .unknown {
            dictionaries[slot] = Settings()
        }
    }

    private func slot(of value: ScanValue) -> Int? {
        guard value.kind == .settings, value.payload >= firstDictionary,
            value.payload >= nextDictionary - Self.settingsCount
        else { return nil }
        return value.payload & (Self.settingsCount - 1)
    }

    // MARK: NumPy's types

    /// The type that `numpy.dtype` makes of its arguments.
    mutating func dtype(_ arguments: ScanValue) -> ScanValue {
        guard elements.count < Self.maximumTypes, let name = items(of: arguments)?.first else {
            return .unknown
        }
        var element = Element()
        switch name.kind {
        case .word:
            let index = name.payload - HarmlessGlobals.Word.firstDType
            if HarmlessGlobals.dtypes.indices.contains(index) {
                element.size = HarmlessGlobals.dtypes[index].size
                element.hasObjects = HarmlessGlobals.dtypes[index].hasObjects
            }
        case .flexible:
            element.size = name.payload
            element.isFlexible = true
        default: break
        }
        elements.append(element)
        return ScanValue(.dtype, elements.count - 1)
    }

    /// The state of a type, which has the size of texts and records, and whether there are objects in it:
    /// (version, byte order, base, names, fields, size, alignment, flags) and, since version 4, metadata.
    mutating func build(_ target: ScanValue, _ state: ScanValue) {
        let index = target.payload
        guard let state = items(of: state), state.count == 8 || state.count == 9 else {
            elements[index].size = nil
            return
        }
        guard elements[index].isFlexible else {
            // An array as the element of an array has a name of its own.
            if state[2].kind != .none { elements[index].size = nil }
            return
        }
        guard state[2].kind == .none, let size = state[5].number, let flags = state[7].number else {
            elements[index].size = nil
            return
        }
        elements[index].size = size
        elements[index].hasObjects = flags & 1 != 0
    }

    /// The number in `S8`, `U12`, `V4`, as a size in bytes; `nil` for any other text.
    static func flexibleSize(_ text: Span<UInt8>, _ start: Int, _ count: Int) -> Int? {
        guard count > 1, [0x53, 0x55, 0x56].contains(text[start]) else { return nil }
        var number = 0
        for index in start + 1..<start + count {
            guard (0x30...0x39).contains(text[index]) else { return nil }
            number = number * 10 + Int(text[index] - 0x30)
        }
        return text[start] == 0x55 ? number * 4 : number
    }

    /// The value of a text of up to 17 digits; `nil` for any other, and for zeros in front, which make another text.
    static func digits(_ text: Span<UInt8>, _ start: Int, _ count: Int) -> Int? {
        guard (1...17).contains(count), count == 1 || text[start] != 0x30 else { return nil }
        var number = 0
        for index in start..<start + count {
            guard (0x30...0x39).contains(text[index]) else { return nil }
            number = number * 10 + Int(text[index] - 0x30)
        }
        return number
    }

    // MARK: joblib's arrays

    /// What follows the description of an array; `nil` where that is not known.
    func array(_ settings: ScanValue) -> Array? {
        guard let slot = slot(of: settings) else { return nil }
        let settings = dictionaries[slot]
        guard settings.dtype.kind == .dtype, let size = elements[settings.dtype.payload].size,
            let shape = items(of: settings.shape)
        else { return nil }
        if elements[settings.dtype.payload].hasObjects { return .objects }
        var bytes = size
        for dimension in shape {
            guard let length = dimension.number else { return nil }
            let (product, overflow) = bytes.multipliedReportingOverflow(by: length)
            guard !overflow, product < 1 << 56 else { return nil }
            bytes = product
        }
        switch settings.alignment {
        case nil: return .plain(bytes: bytes, isAligned: false)
        case let alignment? where alignment.kind == .none: return .plain(bytes: bytes, isAligned: false)
        case let alignment?: return alignment.number == nil ? nil : .plain(bytes: bytes, isAligned: true)
        }
    }
}

/// The storages that the pickle of an old checkpoint names, which follow the last pickle: so many, and so long.
struct StorageCount: Equatable {
    /// The most that are told apart.
    private static let maximumCount = 1 << 18

    private var keys: Set<Int> = []
    /// The bytes of all with 8 before each; `nil` where that is not known.
    private(set) var size: Int? = 0

    /// Whether the pickle named no storage.
    var isEmpty: Bool { keys.isEmpty && size == 0 }

    /// Counts a storage once by its key: `count` elements of `elementSize` bytes. Sizes that are not known,
    /// or overflow, make the size of all unknown.
    mutating func add(key: ScanValue, count: ScanValue, size elementSize: Int) {
        // Keys are numbers as texts: addresses in old files.
        guard key.kind == .digits, let count = count.number, keys.count < Self.maximumCount else {
            size = nil
            return
        }
        guard keys.insert(key.payload).inserted else { return }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: elementSize)
        let (sum, second) = (size ?? 0).addingReportingOverflow(bytes)
        size = size == nil || overflow || second || sum > 1 << 56 ? nil : sum + 8
    }
}
