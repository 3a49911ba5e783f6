import Formats

extension HDF5File {
    /// A fractal heap, as far as it holds small objects in direct blocks.
    private struct Heap {
        var idLength = 0
        var offsetLength = 0
        var sizeLength = 0
        var hasChecksums = false
        /// The direct blocks: where they start in the heap, and in the file.
        var blocks: [(offset: Int, size: Int, address: Int)] = []
    }

    /// The attribute messages that dense storage holds, undecoded.
    /// - Parameter info: the attribute info message.
    mutating func denseAttributes(_ info: [UInt8], _ read: Read) throws(ReadingStop<Failure>) -> [[UInt8]] {
        var cursor = HDF5Cursor(info)
        guard cursor.number(1) == 0, let flags = cursor.number(1), flags & 1 == 0 || cursor.skip(2),
            let heapAddress = cursor.number(offsetSize), let treeAddress = cursor.number(offsetSize)
        else { throw malformed("an attribute info message is cut short", 0) }
        // All ones: there is no dense storage.
        let none = offsetSize == 8 ? UInt64.max : UInt64(UInt32.max)
        guard heapAddress != none else { return [] }
        guard let heapAddress = Int(exactly: heapAddress), let treeAddress = Int(exactly: treeAddress) else {
            throw malformed("an attribute info message has no address", 0)
        }
        let heap = try self.heap(at: heapAddress, read)
        return try records(at: treeAddress, read).map { record throws(ReadingStop<Failure>) in
            try object(record, heap, read)
        }
    }

    // MARK: B-tree

    private mutating func records(
        at address: Int, _ read: Read
    ) throws(ReadingStop<Failure>) -> [[UInt8]] {
        var header = HDF5Cursor(try bytes(at: address, 22 + offsetSize + lengthSize, read))
        guard header.has("BTHD"), header.number(1) == 0, header.number(1) == 8,
            let nodeSize = header.integer(4), let recordSize = header.integer(2),
            let depth = header.integer(2),
            header.skip(2), let root = header.integer(offsetSize), let count = header.integer(2),
            recordSize >= 17, nodeSize > 16, nodeSize <= 1 << 20, depth <= 4
        else { throw malformed("an index of attributes was expected", address) }
        // How many bytes a number takes that is at most `limit`.
        func width(_ limit: Int) -> Int { (Int.bitWidth - max(1, limit).leadingZeroBitCount - 1) / 8 + 1 }
        let most = (nodeSize - 10) / recordSize
        var totals = [most]
        var widths = [0]
        for level in stride(from: 1, through: depth, by: 1) {
            let pointer = offsetSize + width(most) + widths[level - 1]
            let here = max(1, (nodeSize - 10 - pointer) / (recordSize + pointer))
            let total = min(1 << 40, (here + 1) * totals[level - 1] + here)
            totals.append(total)
            widths.append(width(total))
        }
        var found: [[UInt8]] = []
        var nodes = [(address: root, count: count, depth: depth)]
        var visited: Set<Int> = []
        while let node = nodes.popLast() {
            guard visited.insert(node.address).inserted, visited.count <= 65_536 else {
                throw malformed("an index of attributes leads back to itself", node.address)
            }
            guard node.count <= most else {
                throw malformed("an index of attributes is broken", node.address)
            }
            var cursor = HDF5Cursor(try bytes(at: node.address, nodeSize, read))
            guard cursor.has(node.depth == 0 ? "BTLF" : "BTIN"), cursor.skip(2) else {
                throw malformed("a node of an index of attributes was expected", node.address)
            }
            for _ in 0..<node.count {
                guard let record = cursor.take(recordSize) else {
                    throw malformed("an index of attributes is cut short", node.address)
                }
                found.append(record)
            }
            guard node.depth > 0 else { continue }
            for _ in 0...node.count {
                guard let child = cursor.integer(offsetSize), let count = cursor.integer(width(most)),
                    cursor.skip(node.depth > 1 ? widths[node.depth - 1] : 0)
                else { throw malformed("an index of attributes is cut short", node.address) }
                nodes.append((child, count, node.depth - 1))
            }
        }
        return found
    }

    // MARK: Fractal heap

    private mutating func heap(at address: Int, _ read: Read) throws(ReadingStop<Failure>) -> Heap {
        let length = 26 + 12 * lengthSize + 3 * offsetSize + 4
        var cursor = HDF5Cursor(try bytes(at: address, min(length, 144), read))
        guard cursor.has("FRHP"), cursor.number(1) == 0, let idLength = cursor.integer(2),
            let filters = cursor.integer(2), let flags = cursor.number(1), let largest = cursor.integer(4),
            cursor.skip(lengthSize + offsetSize + lengthSize + offsetSize + 8 * lengthSize),
            let width = cursor.integer(2), let first = cursor.integer(lengthSize),
            let largestBlock = cursor.integer(lengthSize), let bits = cursor.integer(2), cursor.skip(2),
            let root = cursor.integer(offsetSize), let rows = cursor.integer(2)
        else { throw malformed("a heap was expected", address) }
        guard filters == 0, first > 0, largestBlock >= first, first & (first - 1) == 0,
            largestBlock & (largestBlock - 1) == 0, largestBlock <= 1 << 30, (1...64).contains(bits),
            (1...1024).contains(width), rows <= 64, largest > 0
        else { throw malformed("a heap is of a kind that is not read", address) }
        func bytesFor(_ number: Int) -> Int { (Int.bitWidth - number.leadingZeroBitCount - 1) / 8 + 1 }
        let log = Int.bitWidth - largestBlock.leadingZeroBitCount - 1
        var heap = Heap()
        heap.idLength = idLength
        heap.offsetLength = (bits + 7) / 8
        heap.sizeLength = min((log + 7) / 8, bytesFor(largest))
        heap.hasChecksums = flags & 2 != 0
        if rows == 0 {
            heap.blocks = [(0, first, root)]
            return heap
        }
        let direct = log - (Int.bitWidth - first.leadingZeroBitCount - 1) + 2
        guard rows <= direct else { throw malformed("a heap is larger than is read", address) }
        var table = HDF5Cursor(
            try bytes(at: root, 5 + offsetSize + heap.offsetLength + rows * width * offsetSize, read))
        guard table.has("FHIB"), table.number(1) == 0, table.skip(offsetSize + heap.offsetLength) else {
            throw malformed("a table of a heap was expected", root)
        }
        var offset = 0
        for row in 0..<rows {
            let size = first << max(0, row - 1)
            for _ in 0..<width {
                guard let block = table.number(offsetSize) else {
                    throw malformed("a heap is cut short", root)
                }
                if let block = Int(exactly: block) { heap.blocks.append((offset, size, block)) }
                offset += size
            }
        }
        return heap
    }

    private mutating func object(
        _ record: [UInt8], _ heap: Heap, _ read: Read
    ) throws(ReadingStop<Failure>) -> [UInt8] {
        // Bit 1 of the message's flags: it is kept elsewhere, for several objects together.
        guard record.count > 8, record[8] & 2 == 0 else {
            throw malformed("a shared attribute is not read", 0)
        }
        var cursor = HDF5Cursor(record)
        guard let kind = cursor.number(1), kind & 0xF0 == 0, let offset = cursor.integer(heap.offsetLength),
            let length = cursor.integer(heap.sizeLength)
        else { throw malformed("an attribute is kept in a way that is not read", 0) }
        let place = heap.blocks.first { offset >= $0.offset && offset - $0.offset < $0.size }
        guard let place, place.address <= extent, length <= place.size - (offset - place.offset) else {
            throw malformed("an attribute is not in its heap", 0)
        }
        return try bytes(at: place.address + (offset - place.offset), length, read)
    }
}
