import Formats

/// Reads a GGUF header from the start to the end.
struct GGUFHeaderReader {
    /// A tensor as it is described. Where its bytes are stored is known when the last description was read.
    private struct Record {
        let name: String
        let dimensions: [Int]
        let type: GGMLType
        let byteCount: Int
        let offset: UInt64
        let position: Int
    }

    /// The bytes that the shortest item has: a name's length, a type, and a value.
    private static let minimumItemSize = 8 + 4 + 1
    /// The bytes that the shortest description has: a name's length, the number of dimensions, type, offset.
    private static let minimumTensorSize = 8 + 4 + 4 + 8

    private var cursor: ByteCursor

    /// Begins at the first byte of a file of this length, which bounds what the header may claim.
    init(fileSize: Int) {
        cursor = ByteCursor(fileSize: fileSize, maximumLength: GGUFHeader.maximumLength)
    }

    /// Reads the whole header, once.
    /// - Parameter bytes: the file's first bytes, as many as there are so far.
    /// - Throws: a stop, either because more bytes are needed or because the header is malformed.
    mutating func read(_ bytes: Span<UInt8>) throws(HeaderStop) -> GGUFHeader {
        let version = try readVersion(bytes)
        let tensorCount = try readCount(
            "the number of tensors", Self.minimumTensorSize, GGUFHeader.maximumTensorCount, bytes)
        let itemCount = try readCount(
            "the number of metadata items", Self.minimumItemSize, GGUFHeader.maximumItemCount, bytes)
        let items = try readItems(itemCount, bytes)
        let alignment = try Self.alignment(items)
        let descriptionStart = cursor.position
        let records = try readTensors(tensorCount, bytes)
        // The header's length and the alignment are below 2^33, so that this cannot overflow.
        let dataStart = (cursor.position + alignment - 1) / alignment * alignment
        return GGUFHeader(
            version: version, items: items,
            tensors: try Self.place(records, dataStart, alignment, fileSize: cursor.fileSize),
            alignment: alignment, descriptions: descriptionStart..<cursor.position, dataStart: dataStart)
    }

    // MARK: The start

    private mutating func readVersion(_ bytes: Span<UInt8>) throws(HeaderStop) -> Int {
        guard try cursor.uint32(bytes, "GGUF's magic number") == 0x4655_4747 else {
            throw .malformed("a GGUF file starts with GGUF", at: 0)
        }
        let version = try cursor.uint32(bytes, "GGUF's version")
        switch version {
        case 2, 3: return Int(version)
        case 1: throw .malformed("GGUF version 1, of August 2023, is not supported: convert again", at: 4)
        case _ where version & 0xFFFF == 0 && version != 0:
            throw .malformed("a big-endian GGUF file is not supported: convert again, little-endian", at: 4)
        default: throw .malformed("unknown GGUF version \(version); 2 and 3 are supported", at: 4)
        }
    }

    private mutating func readCount(
        _ what: String, _ minimumSize: Int, _ maximum: Int, _ bytes: Span<UInt8>
    ) throws(HeaderStop) -> Int {
        let start = cursor.position
        let count = try cursor.count(ofAtLeast: minimumSize, bytes, what)
        guard count <= maximum else {
            throw .malformed("\(what) is \(count); at most \(maximum) are allowed", at: start)
        }
        return count
    }

    // MARK: Metadata

    private mutating func readItems(_ count: Int, _ bytes: Span<UInt8>) throws(HeaderStop) -> [GGUFHeader
        .Item]
    {
        var items: [GGUFHeader.Item] = []
        var keys: Set<ExactName> = []
        for _ in 0..<count {
            let start = cursor.position
            let key = try readName("a metadata item", bytes)
            guard keys.insert(ExactName(key)).inserted else {
                throw .malformed("the metadata item \(key.quoted) occurs twice", at: start)
            }
            let type = try cursor.ggufType(bytes)
            let value = try cursor.ggufValue(type, bytes, depthLeft: GGUFHeader.maximumDepth)
            items.append(GGUFHeader.Item(key: key, value: value, bytes: start..<cursor.position))
        }
        return items
    }

    private static func alignment(_ items: [GGUFHeader.Item]) throws(HeaderStop) -> Int {
        guard let item = items.first(where: { $0.key.hasSameBytes(as: "general.alignment") }) else {
            return GGUFHeader.defaultAlignment
        }
        guard case .uint32(let value) = item.value, value.nonzeroBitCount == 1 else {
            throw .malformed(
                "general.alignment must be a power of two of type uint32", at: item.bytes.lowerBound)
        }
        return Int(value)
    }

    private mutating func readName(_ what: String, _ bytes: Span<UInt8>) throws(HeaderStop) -> String {
        let start = cursor.position
        let range = try cursor.ggufText(
            bytes, "the name of \(what)", maximumLength: GGUFHeader.maximumNameLength)
        guard let name = String(validating: bytes, range) else {
            throw .malformed("the name of \(what) is not UTF-8", at: start)
        }
        return name
    }

    // MARK: Tensors

    private mutating func readTensors(_ count: Int, _ bytes: Span<UInt8>) throws(HeaderStop) -> [Record] {
        var records: [Record] = []
        var names: Set<ExactName> = []
        // The bytes at hand, not the count, say how much there can be.
        let expected = min(count, max(0, bytes.count - cursor.position) / Self.minimumTensorSize)
        records.reserveCapacity(expected)
        names.reserveCapacity(expected)
        for _ in 0..<count {
            let record = try readTensor(bytes)
            guard names.insert(ExactName(record.name)).inserted else {
                throw .malformed("tensor \(record.name.quoted) occurs twice", at: record.position)
            }
            records.append(record)
        }
        return records
    }

    private mutating func readTensor(_ bytes: Span<UInt8>) throws(HeaderStop) -> Record {
        let start = cursor.position
        let name = try readName("a tensor", bytes)
        func error(_ problem: String) -> HeaderStop {
            .malformed("tensor \(name.quoted) \(problem)", at: start)
        }
        let dimensionCount = try cursor.uint32(bytes, "a number of dimensions")
        guard dimensionCount <= GGUFHeader.maximumDimensionCount else {
            throw error(
                "has \(dimensionCount) dimensions; at most \(GGUFHeader.maximumDimensionCount) are allowed")
        }
        var dimensions: [Int] = []
        dimensions.reserveCapacity(Int(dimensionCount))
        for _ in 0..<dimensionCount {
            let dimension = try cursor.unsigned(size: 8, bytes, "a dimension")
            guard let dimension = Int(exactly: dimension) else {
                throw error("has a dimension of \(dimension), past 63 bits")
            }
            dimensions.append(dimension)
        }
        let number = try cursor.uint32(bytes, "a tensor's type")
        guard let type = GGMLType(rawValue: number) else {
            let isRemoved = GGMLType.removedNumbers.contains(number)
            throw error("has the \(isRemoved ? "removed" : "unknown") type \(number)")
        }
        guard (dimensions.first ?? 1).isMultiple(of: type.blockLength) else {
            throw error("has rows of \(dimensions.first ?? 1), which \(type.name) cannot divide into blocks")
        }
        guard let byteCount = type.byteCount(dimensions: dimensions) else {
            throw error("is larger than 63 bits can hold")
        }
        let offset = try cursor.unsigned(size: 8, bytes, "a tensor's offset")
        return Record(
            name: name, dimensions: dimensions, type: type, byteCount: byteCount, offset: offset,
            position: start)
    }

    /// Checks that the tensors are in the file, aligned, and not on one another.
    private static func place(
        _ records: [Record], _ dataStart: Int, _ alignment: Int, fileSize: Int
    ) throws(HeaderStop) -> [GGUFHeader.Tensor] {
        var tensors: [GGUFHeader.Tensor] = []
        tensors.reserveCapacity(records.count)
        let dataSize = fileSize - dataStart
        for record in records {
            func error(_ problem: String) -> HeaderStop {
                .malformed("tensor \(record.name.quoted) \(problem)", at: record.position)
            }
            guard record.offset.isMultiple(of: UInt64(alignment)) else {
                throw error("starts at \(record.offset), which is not a multiple of \(alignment)")
            }
            guard let offset = Int(exactly: record.offset), offset <= dataSize,
                record.byteCount <= dataSize - offset
            else {
                throw error(
                    "of \(record.byteCount) bytes at \(record.offset) ends past the \(max(0, dataSize)) bytes "
                        + "that the file has for tensors")
            }
            tensors.append(
                GGUFHeader.Tensor(
                    name: record.name, dimensions: record.dimensions, type: record.type,
                    bytes: offset..<offset + record.byteCount))
        }
        if let overlap = firstOverlap(of: tensors.map(\.bytes)) {
            let tensor = tensors[overlap.index]
            throw .malformed(
                "tensor \(tensor.name.quoted) starts at \(tensor.bytes.lowerBound), inside another that ends "
                    + "at \(overlap.end)", at: records[overlap.index].position)
        }
        return tensors
    }
}
