/// Words with numbers, found by their bytes without making a string of them.
struct WordTable: Sendable {
    /// Longer texts are no words.
    static let maximumLength = 63

    private var bytes: [UInt8] = []
    /// Where each word starts in ``bytes``, and where the last one ends.
    private var starts: [Int] = [0]
    /// Numbers of words by hash, one more than the number; 0 for a free place.
    private var slots = [Int32](repeating: 0, count: 1 << 13)
    /// For each first byte the lengths that words with it have, as bits: most other texts end here.
    private var lengths = [UInt64](repeating: 0, count: 256)

    /// Adds a word that is not empty and not longer than ``maximumLength``; the number of one that is there stays.
    mutating func insert(_ text: String) -> Int {
        let word = Array(text.utf8)
        precondition(!word.isEmpty && word.count <= Self.maximumLength && starts.count < slots.count / 2)
        if let found = find(word.span, 0, word.count) { return found }
        let number = starts.count - 1
        bytes += word
        starts.append(bytes.count)
        lengths[Int(word[0])] |= 1 << UInt64(word.count)
        var slot = Self.hash(word.span, 0, word.count) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(number + 1)
        return number
    }

    /// The number of the word that these bytes of a text are; `nil` if they are none. The range has to be in the text.
    func find(_ text: Span<UInt8>, _ start: Int, _ count: Int) -> Int? {
        guard count > 0, count <= Self.maximumLength,
            lengths[Int(text[start])] >> UInt64(count) & 1 != 0
        else { return nil }
        var slot = Self.hash(text, start, count) & (slots.count - 1)
        while slots[slot] != 0 {
            let number = Int(slots[slot]) - 1
            if starts[number + 1] - starts[number] == count, holds(number, text, start) { return number }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The word with a number that ``insert(_:)`` or ``find(_:_:_:)`` returned.
    func text(_ number: Int) -> String {
        String(decoding: bytes[starts[number]..<starts[number + 1]], as: UTF8.self)
    }

    private func holds(_ number: Int, _ text: Span<UInt8>, _ start: Int) -> Bool {
        let first = starts[number]
        for index in 0..<starts[number + 1] - first where bytes[first + index] != text[start + index] {
            return false
        }
        return true
    }

    private static func hash(_ text: Span<UInt8>, _ start: Int, _ count: Int) -> Int {
        var hash: UInt32 = 2_166_136_261
        for index in start..<start + count { hash = (hash ^ UInt32(text[index])) &* 16_777_619 }
        return Int(hash ^ hash >> 15)
    }
}
