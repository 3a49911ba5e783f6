import Formats

/// What bytes belong to: an entry, its files, their layers, their tensors.
package struct ByteTree: Equatable, Sendable {
    /// What a part is, from the whole to the smallest one.
    package enum Level: String, Equatable, Sendable {
        /// All of them.
        case whole
        /// An entry of a bundle.
        case entry
        /// A stored file.
        case file
        /// The tensors of one layer.
        case layer
        /// One tensor.
        case tensor
        /// What no tensor has: headers, tokenizers, gaps.
        case other
        /// Several parts that are too small to be shown one by one.
        case several
    }

    /// The most parts that one part keeps; what is smaller is put together.
    package static let mostParts = 400

    /// What it is called.
    package let name: String
    /// What it is.
    package let level: Level
    /// As much of the name as is needed inside of what it belongs to; the name where it is not another.
    package let short: String
    /// Its size in bytes: not less than that of its parts together.
    package let bytes: Int
    /// What it consists of, the largest first; empty for what is not divided.
    package let parts: [ByteTree]

    /// A part that is not divided further.
    package init(_ name: String, _ level: Level, short: String? = nil, bytes: Int) {
        self.name = VisibleText.shortened(name)
        (self.level, self.bytes, parts) = (level, max(0, bytes), [])
        self.short = VisibleText.shortened(short ?? name)
    }

    /// A part made of others, with as many bytes as they have: sorted, equal ones in the order in which they are given, those of
    /// 0 bytes left out, and the smallest put together if there are more than ``mostParts``.
    package init(_ name: String, _ level: Level, short: String? = nil, parts: [ByteTree]) {
        let sorted = parts.enumerated().filter { $0.element.bytes > 0 }.sorted {
            $0.element.bytes == $1.element.bytes
                ? $0.offset < $1.offset : $0.element.bytes > $1.element.bytes
        }.map(\.element)
        self.name = VisibleText.shortened(name)
        self.level = level
        self.short = VisibleText.shortened(short ?? name)
        bytes = sorted.reduce(0) { $0.saturated(adding: $1.bytes) }
        self.parts = ByteTree.together(sorted, most: ByteTree.mostParts)
    }

    /// The first of some sorted parts, and the others as one.
    static func together(_ sorted: [ByteTree], most: Int) -> [ByteTree] {
        guard sorted.count > most, most > 0 else { return sorted }
        let rest = sorted[(most - 1)...]
        let bytes = rest.reduce(0) { $0.saturated(adding: $1.bytes) }
        let count = rest.reduce(0) { $0 + $1.count }
        // Together they may be more than one that is shown.
        let several = ByteTree(several: count, bytes: bytes)
        var kept = Array(sorted[..<(most - 1)])
        let place = kept.firstIndex { $0.bytes < bytes } ?? kept.count
        kept.insert(several, at: place)
        return kept
    }

    /// What stands for parts that are not shown one by one.
    init(several count: Int, bytes: Int) {
        (name, level, self.bytes, parts) = ("\(count) smaller parts", .several, bytes, [])
        short = name
        several = count
    }

    private var several = 1
    /// How many parts it stands for.
    var count: Int { several }
}
