/// Numbers by strings of bytes: a vocabulary.
///
/// Keys are bytes because two tokens may differ and still be equal as Swift's strings, which compare by canonical
/// equivalence.
struct ByteTable: Sendable {
    private var bytes: [UInt8] = []
    private var entries: [(start: Int, count: Int, value: UInt32)] = []
    /// Open addressing with linear probing; 0 is free, others are places in `entries` plus 1 in the lower half and a
    /// part of the hash in the upper, so that few other keys are looked at.
    private var slots: [UInt64]
    private var mask: Int

    /// - Parameter capacity: how many keys there will be.
    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = Array(repeating: 0, count: size)
        mask = size - 1
        entries.reserveCapacity(capacity)
        bytes.reserveCapacity(capacity * 8)
    }

    /// The number of keys.
    var count: Int { entries.count }

    /// The value of a key, or `nil`.
    func find(_ key: Span<UInt8>) -> UInt32? {
        let slot = slots[slot(of: key, Self.hash(key))]
        return slot == 0 ? nil : entries[Self.place(slot)].value
    }

    /// The value of a key, or `nil`.
    func find(_ key: String) -> UInt32? {
        find(Array(key.utf8).span)
    }

    /// Sets a key's value.
    mutating func insert(_ key: Span<UInt8>, _ value: UInt32) {
        if (entries.count + 1) * 2 > slots.count { grow() }
        let hash = Self.hash(key)
        let place = slot(of: key, hash)
        if slots[place] != 0 {
            entries[Self.place(slots[place])].value = value
            return
        }
        let start = bytes.count
        for index in key.indices { bytes.append(key[index]) }
        entries.append((start, key.count, value))
        slots[place] = Self.slot(entries.count, hash)
    }

    /// The keys by their values; of several keys of one value the last.
    func keysByValue() -> [UInt32: Range<Int>] {
        var places: [UInt32: Range<Int>] = Dictionary(minimumCapacity: entries.count)
        for entry in entries { places[entry.value] = entry.start..<entry.start + entry.count }
        return places
    }

    /// The bytes of a key that ``keysByValue()`` gave.
    func key(_ range: Range<Int>) -> ArraySlice<UInt8> { bytes[range] }

    /// The slot that holds a key, or the free one where it belongs.
    private func slot(of key: Span<UInt8>, _ hash: Int) -> Int {
        var slot = hash & mask
        let tag = Self.slot(0, hash)
        while slots[slot] != 0 {
            if slots[slot] & Self.tags == tag {
                let entry = entries[Self.place(slots[slot])]
                if entry.count == key.count, isEqual(key, entry.start) { return slot }
            }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private static let tags: UInt64 = 0xFFFF_FFFF_0000_0000

    private static func slot(_ number: Int, _ hash: Int) -> UInt64 {
        UInt64(truncatingIfNeeded: hash) & tags | UInt64(truncatingIfNeeded: number)
    }

    private static func place(_ slot: UInt64) -> Int { Int(slot & ~tags) - 1 }

    private func isEqual(_ key: Span<UInt8>, _ start: Int) -> Bool {
        for index in key.indices where bytes[start + index] != key[index] { return false }
        return true
    }

    private mutating func grow() {
        mask = slots.count * 2 - 1
        slots = Array(repeating: 0, count: slots.count * 2)
        for (number, entry) in entries.enumerated() {
            let key = Array(bytes[entry.start..<entry.start + entry.count])
            let hash = Self.hash(key.span)
            slots[slot(of: key.span, hash)] = Self.slot(number + 1, hash)
        }
    }

    /// Seeded anew in each process, so that no file can be made that brings all keys into one slot.
    private static func hash(_ key: Span<UInt8>) -> Int {
        var hasher = Hasher()
        var word = UInt64(truncatingIfNeeded: key.count)
        var held = 1
        for index in key.indices {
            word = word << 8 | UInt64(key[index])
            held += 1
            if held == 8 {
                hasher.combine(word)
                (word, held) = (0, 0)
            }
        }
        hasher.combine(word)
        return hasher.finalize()
    }
}
