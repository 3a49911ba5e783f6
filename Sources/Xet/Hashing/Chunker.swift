/// Finds where a file is cut into chunks, by its content (Xet protocol 1.1, "Content-Defined Chunking").
///
/// A chunk ends where the upper 16 bits of a rolling hash over the last 64 bytes are zero; it has at least 8 KiB, if
/// the file goes on, and at most 128 KiB.
struct Chunker {
    /// The smallest chunk that is not the last, in bytes.
    static let smallest = 8 << 10
    /// The largest chunk in bytes.
    static let largest = 128 << 10
    private static let mask: UInt64 = 0xFFFF << 48
    /// The bytes that the rolling hash depends on.
    private static let window = 64

    /// The bytes of the open chunk that were seen.
    private(set) var size = 0
    private var rolling: UInt64 = 0

    /// Looks for the end of the open chunk in the bytes that follow.
    /// - Returns: how many of them belong to it; `nil` if all do, and it goes on.
    mutating func end(in bytes: Span<UInt8>) -> Int? {
        // What is too far in front of the first place where a chunk can end changes nothing.
        let skipped = min(max(0, Chunker.smallest - Chunker.window - size), bytes.count)
        let limit = min(bytes.count, Chunker.largest - size)
        var index = skipped
        var rolling = rolling
        let found: Int? = unsafe GearTable.words.withUnsafeBufferPointer { table in
            unsafe bytes.withUnsafeBufferPointer { bytes in
                // SAFETY: `index` stays below `limit`, at most the number of bytes; a byte is an index of the 256
                // words of the table.
                while index < limit {
                    let untested = Chunker.smallest - 1 - (size + index)
                    let stop = untested > 0 ? min(limit, index + untested) : limit
                    if untested > 0 {
                        while index < stop {
                            unsafe rolling = rolling &<< 1 &+ table[Int(bytes[index])]
                            index &+= 1
                        }
                    } else {
                        while index < stop {
                            unsafe rolling = rolling &<< 1 &+ table[Int(bytes[index])]
                            index &+= 1
                            if rolling & Chunker.mask == 0 { return index }
                        }
                    }
                }
                return nil
            }
        }
        let end = found ?? (size + limit == Chunker.largest ? limit : nil)
        guard let end else {
            size += bytes.count
            self.rolling = rolling
            return nil
        }
        self = Chunker()
        return end
    }
}
