package import Storage

// What is hashed with which key (Xet protocol 1.1, "Hashing").
extension BLAKE3.Key {
    /// For the bytes of a chunk.
    static let chunk = BLAKE3.Key([
        102, 151, 245, 119, 91, 149, 80, 222, 49, 53, 203, 172, 165, 151, 24, 28, 157, 228, 33, 16, 155, 235,
        43, 88,
        180, 208, 176, 75, 147, 173, 242, 41,
    ])

    /// For the nodes of a tree over chunks.
    static let node = BLAKE3.Key([
        1, 126, 197, 199, 165, 71, 41, 150, 253, 148, 102, 102, 180, 138, 2, 230, 93, 221, 83, 111, 55, 199,
        109,
        210, 248, 99, 82, 230, 74, 83, 113, 63,
    ])

    /// For the root of a file's tree, so that a file never has the name of a xorb.
    static let file = BLAKE3.Key(InlineArray(repeating: 0))
}

extension XetHash {
    /// The name of a chunk: of at most 128 KiB that a file was cut into.
    package static func chunk(_ bytes: Span<UInt8>) -> XetHash { BLAKE3.hash(bytes, .chunk) }
}
