package import Storage

/// The tree over the chunks of a file or a xorb, whose root is its name (Xet protocol 1.1, "Hashing").
///
/// Chunks are added one after another, and every level keeps only the nodes of a group that is not complete, so that
/// memory does not grow with the file.
package struct ChunkTree: Sendable {
    /// A chunk, or a node over chunks.
    private struct Node: Sendable {
        let hash: XetHash
        /// The bytes below it.
        let size: UInt64
    }

    private struct Level: Sendable {
        /// The nodes of the group that is open, at most ``ChunkTree/largestGroup``.
        var open: [Node] = []
        /// Whether a group of this level was closed before.
        var hasClosed = false
    }

    /// Groups have four nodes on average, and never more than twice as many and one.
    private static let largestGroup = 9
    private var levels: [Level] = [Level()]

    /// A tree without chunks.
    package init() {}

    /// Adds the chunk that follows.
    /// - Parameter size: of its content in bytes.
    package mutating func add(_ hash: XetHash, size: Int) {
        add(Node(hash: hash, size: UInt64(max(0, size))), level: 0)
    }

    private mutating func add(_ node: Node, level: Int) {
        if level == levels.count { levels.append(Level()) }
        levels[level].open.append(node)
        let count = levels[level].open.count
        // Where a group ends is decided by a node's own hash, so that equal parts of files have equal groups.
        let isEnd = count > 2 && node.hash.words[3] % 4 == 0
        if isEnd || count == ChunkTree.largestGroup { close(level) }
    }

    private mutating func close(_ level: Int) {
        let parent = ChunkTree.parent(of: levels[level].open)
        levels[level].open = []
        levels[level].hasClosed = true
        add(parent, level: level + 1)
    }

    private static func parent(of group: [Node]) -> Node {
        var text: [UInt8] = []
        text.reserveCapacity(group.count * 88)
        for node in group {
            node.hash.appendText(to: &text)
            text += " : \(node.size)\n".utf8
        }
        return Node(hash: BLAKE3.hash(text.span, .node), size: group.reduce(0) { $0 &+ $1.size })
    }

    /// The root: the name of a xorb with these chunks. Without chunks it is ``XetHash/zero``.
    package consuming func root() -> XetHash {
        var level = 0
        while level < levels.count {
            let isTop = level == levels.count - 1 && !levels[level].hasClosed
            if isTop, levels[level].open.count <= 1 { return levels[level].open.first?.hash ?? .zero }
            if !levels[level].open.isEmpty { close(level) }
            level += 1
        }
        return .zero
    }

    /// The name of a file with these chunks.
    package consuming func fileHash() -> XetHash {
        let root = root()
        return root == .zero ? .zero : BLAKE3.hash(root.bytes.span, .file)
    }
}
