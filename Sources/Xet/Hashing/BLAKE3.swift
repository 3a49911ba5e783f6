package import Storage

/// BLAKE3 with a key (BLAKE3 specification of 2020-01-09, section 2): the one hash function of the Xet protocol.
///
/// Chunks of 1 KiB are hashed four at a time, one in each lane, and so are the nodes above them. Eight lanes are slower
/// where registers have 128 bits, as on every x86-64 and ARM processor that may run this.
package enum BLAKE3 {
    /// A key of 256 bits.
    package struct Key: Sendable {
        /// The key as eight numbers, little-endian.
        let words: InlineArray<8, UInt32>

        /// Takes the 32 bytes of a key, in order.
        package init(_ bytes: InlineArray<32, UInt8>) {
            words = InlineArray { index in
                (0..<4).reduce(0) { $0 | UInt32(bytes[4 * index + $1]) << UInt32(8 * $1) }
            }
        }
    }

    /// The size of a leaf of the tree in bytes.
    static let chunkSize = 1024

    /// The keyed hash of bytes.
    package static func hash(_ bytes: Span<UInt8>, _ key: Key) -> XetHash {
        let words = unsafe bytes.withUnsafeBytes { raw in
            // SAFETY: the kernels read the `count` bytes that the span lends for the call, and no others.
            unsafe hash(raw, key)
        }
        var wide = SIMD4<UInt64>.zero
        for index in 0..<4 { wide[index] = UInt64(words[2 * index]) | UInt64(words[2 * index + 1]) << 32 }
        return XetHash(words: wide)
    }

    private static func hash(_ bytes: UnsafeRawBufferPointer, _ key: Key) -> InlineArray<8, UInt32> {
        let whole = bytes.count / chunkSize
        // The last chunk, short or not, is the root of a tree that is nothing else.
        guard bytes.count > chunkSize else { return unsafe chunk(bytes, 0, key, isRoot: true) }
        let count = (bytes.count + chunkSize - 1) / chunkSize
        var nodes = [UInt32](repeating: 0, count: 8 * count)
        unsafe nodes.withUnsafeMutableBytes { nodes in
            unsafe lanes(
                bytes, count: whole, size: chunkSize, nodes, key, start: .chunkStart, end: .chunkEnd,
                countsUp: true)
            if whole < count {
                let rest = unsafe chunk(
                    UnsafeRawBufferPointer(rebasing: bytes[(whole * chunkSize)...]), UInt64(whole), key,
                    isRoot: false)
                for index in 0..<8 {
                    unsafe nodes.storeBytes(
                        of: rest[index], toByteOffset: 32 * whole + 4 * index, as: UInt32.self)
                }
            }
        }
        return root(&nodes, count: count, key)
    }

    /// Joins neighbours until two are left. Nodes that have none go up as they are, which makes the tree that the
    /// specification describes from the left.
    private static func root(_ nodes: inout [UInt32], count: Int, _ key: Key) -> InlineArray<8, UInt32> {
        var count = count
        var above = [UInt32](repeating: 0, count: 8 * ((count + 1) / 2))
        while count > 2 {
            let pairs = count / 2
            unsafe nodes.withUnsafeBytes { nodes in
                unsafe above.withUnsafeMutableBytes { above in
                    unsafe lanes(
                        nodes, count: pairs, size: 64, above, key, start: .parent, end: .parent,
                        countsUp: false)
                }
            }
            if count % 2 == 1 {
                for index in 0..<8 { above[8 * pairs + index] = nodes[8 * (count - 1) + index] }
            }
            swap(&nodes, &above)
            count = (count + 1) / 2
        }
        let message = unsafe nodes.withUnsafeBytes { unsafe Message<UInt32>($0, at: 0, length: 64) }
        return compress(
            key.words, message, counter: 0, length: 64, flags: [.keyed, .parent, .root])
    }

    /// One chunk of at most 1 KiB.
    private static func chunk(
        _ bytes: UnsafeRawBufferPointer, _ counter: UInt64, _ key: Key, isRoot: Bool
    ) -> InlineArray<8, UInt32> {
        var value = key.words
        let blocks = max(1, (bytes.count + 63) / 64)
        for block in 0..<blocks {
            let length = min(64, bytes.count - 64 * block)
            var flags: Flags = [.keyed]
            if block == 0 { flags.insert(.chunkStart) }
            if block == blocks - 1 {
                flags.insert(.chunkEnd)
                if isRoot { flags.insert(.root) }
            }
            let message = unsafe Message<UInt32>(bytes, at: 64 * block, length: length)
            value = compress(
                value, message, counter: counter, length: UInt32(truncatingIfNeeded: length), flags: flags)
        }
        return value
    }

    /// Hashes `count` inputs of one size, a multiple of 64, that follow each other, and writes 32 bytes for each.
    private static func lanes(
        _ bytes: UnsafeRawBufferPointer, count: Int, size: Int, _ output: UnsafeMutableRawBufferPointer,
        _ key: Key, start: Flags, end: Flags, countsUp: Bool
    ) {
        let blocks = size / 64
        for first in stride(from: 0, to: count, by: 4) {
            let used = min(4, count - first)
            // Lanes that nothing is left for hash the last input again.
            let places = InlineArray<4, Int> { (first + min($0, used - 1)) * size }
            var counters = SIMD4<UInt32>.zero
            if countsUp { for lane in 0..<4 { counters[lane] = UInt32(truncatingIfNeeded: first + lane) } }
            var value = InlineArray<8, SIMD4<UInt32>> { SIMD4(repeating: key.words[$0]) }
            for block in 0..<blocks {
                var flags: Flags = [.keyed]
                if block == 0 { flags.formUnion(start) }
                if block == blocks - 1 { flags.formUnion(end) }
                let message = unsafe Message<SIMD4<UInt32>>(bytes, at: places, offset: 64 * block)
                value = compress(
                    value, message, counterLow: counters, counterHigh: .zero, length: 64, flags: flags)
            }
            for lane in 0..<used {
                for word in 0..<8 {
                    unsafe output.storeBytes(
                        of: value[word][lane], toByteOffset: 32 * (first + lane) + 4 * word, as: UInt32.self)
                }
            }
        }
    }

    private static func compress(
        _ value: InlineArray<8, UInt32>, _ message: Message<UInt32>, counter: UInt64, length: UInt32,
        flags: Flags
    ) -> InlineArray<8, UInt32> {
        compress(
            value, message, counterLow: UInt32(truncatingIfNeeded: counter),
            counterHigh: UInt32(truncatingIfNeeded: counter >> 32), length: length, flags: flags)
    }

    /// What a block is: its place in a chunk and in the tree (table 3 of the specification).
    struct Flags: OptionSet {
        /// The bits as the specification numbers them.
        let rawValue: UInt32

        /// The first block of a chunk.
        static let chunkStart = Flags(rawValue: 1)
        /// The last block of a chunk.
        static let chunkEnd = Flags(rawValue: 2)
        /// A node over two others.
        static let parent = Flags(rawValue: 4)
        /// The node that nothing is above.
        static let root = Flags(rawValue: 8)
        /// With a key, as everything in Xet.
        static let keyed = Flags(rawValue: 16)
    }
}
