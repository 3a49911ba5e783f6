/// Writes the header of a GGUF file (version 3, little-endian): metadata items in the order in which they are
/// added, then the tensors, which lie behind it in the same order, each at a multiple of the alignment, with
/// zeros up to the next multiple behind the header and behind every tensor, also the last.
public struct GGUFHeaderWriter: Sendable {
    private static let version: UInt32 = 3

    /// Everything up to the tensors' descriptions; the counts are put in at the end.
    private var bytes: [UInt8] = []
    private var itemCount: UInt64 = 0
    /// The alignment in bytes: 32, or what an item `general.alignment` says.
    public private(set) var alignment = GGUFHeader.defaultAlignment

    /// Starts a header without items.
    public init() {
        bytes += Array("GGUF".utf8)
        bytes.appendLittleEndian(Self.version)
        bytes.appendLittleEndian(UInt64(0))
        bytes.appendLittleEndian(UInt64(0))
    }

    /// Adds an item. That its name is new is the caller's business.
    ///
    /// An item `general.alignment` sets the alignment if it is what a reader takes, a power of two of type
    /// uint32, and is written without that effect otherwise.
    public mutating func add(_ key: String, _ value: GGUFContent) {
        bytes.appendGGUFString(key.utf8)
        value.append(to: &bytes)
        itemCount += 1
        if case .uint32(let value) = value { note(key, value) }
    }

    /// Adds an item of another file as it is.
    /// - Parameters:
    ///   - item: an item of the header that was read from `header`.
    ///   - header: that header's bytes, from the start of the file.
    ///   - cutAtNUL: whether strings, alone or in an array of strings, end at their first zero byte, as they
    ///     do where they went through C.
    /// - Throws: where `header` is not what the item was found in.
    public mutating func add(
        copying item: GGUFHeader.Item, from header: Span<UInt8>, cutAtNUL: Bool = false
    ) throws(FormatError) {
        guard item.bytes.upperBound <= header.count else {
            throw FormatError(
                "the item needs the header's bytes up to \(item.bytes.upperBound)", at: header.count)
        }
        if cutAtNUL, try item.value.hasNUL(in: header) {
            try addCut(item, from: header)
        } else {
            let part = header.extracting(item.bytes)
            for index in part.indices { bytes.append(part[index]) }
        }
        itemCount += 1
        if case .uint32(let value) = item.value { note(item.key, value) }
    }

    /// Adds an item whose strings end at their first zero byte.
    private mutating func addCut(_ item: GGUFHeader.Item, from header: Span<UInt8>) throws(FormatError) {
        bytes.appendGGUFString(item.key.utf8)
        guard case .array(let array) = item.value else {
            // Before the text lie the key with its length, the type, and the text's length.
            let start = item.bytes.lowerBound + 8 + item.key.utf8.count + 4 + 8
            return GGUFContent.byteString(Self.cut(header.extracting(start..<item.bytes.upperBound)))
                .append(to: &bytes)
        }
        var strings: [[UInt8]] = []
        strings.reserveCapacity(array.count)
        try array.forEachString(in: header) { strings.append(Self.cut(header.extracting($0))) }
        GGUFContent.byteStrings(strings).append(to: &bytes)
    }

    /// The bytes before the first that is zero.
    private static func cut(_ text: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        for index in text.indices {
            if text[index] == 0 { break }
            bytes.append(text[index])
        }
        return bytes
    }

    private mutating func note(_ key: String, _ value: UInt32) {
        if key.utf8.elementsEqual("general.alignment".utf8), value.nonzeroBitCount == 1 {
            alignment = Int(value)
        }
    }

    /// Finishes the header.
    /// - Parameter tensors: in the order in which they lie.
    /// - Throws: with the tensor's name where a tensor has no size in bytes (see
    ///   ``GGMLType/byteCount(dimensions:)``), more dimensions than a reader takes, or ends past `Int.max`.
    public consuming func finish(tensors: [TensorDescription]) throws(FormatError) -> GGUFLayout {
        bytes.setLittleEndian(UInt64(tensors.count), at: 8)
        bytes.setLittleEndian(itemCount, at: 16)
        var offset = 0
        var offsets: [Range<Int>] = []
        offsets.reserveCapacity(tensors.count)
        for tensor in tensors {
            guard let size = tensor.type.byteCount(dimensions: tensor.dimensions),
                tensor.dimensions.count <= GGUFHeader.maximumDimensionCount,
                let next = end(of: offset, size)
            else {
                throw FormatError(
                    "tensor \(tensor.name.quoted) cannot be written as \(tensor.type.name) of dimensions "
                        + "\(tensor.dimensions)", at: bytes.count)
            }
            bytes.appendGGUFString(tensor.name.utf8)
            bytes.appendLittleEndian(UInt32(tensor.dimensions.count))
            for dimension in tensor.dimensions { bytes.appendLittleEndian(UInt64(dimension)) }
            bytes.appendLittleEndian(tensor.type.rawValue)
            bytes.appendLittleEndian(UInt64(offset))
            offsets.append(offset..<offset + size)
            offset = next
        }
        let padding = (alignment - bytes.count % alignment) % alignment
        bytes.append(contentsOf: repeatElement(0, count: padding))
        let start = bytes.count
        let (size, overflow) = start.addingReportingOverflow(offset)
        guard !overflow else { throw FormatError("the file is larger than 63 bits can say", at: start) }
        return GGUFLayout(
            header: bytes, tensors: offsets.map { $0.lowerBound + start..<$0.upperBound + start },
            fileSize: size)
    }

    /// Where the next tensor starts; `nil` past `Int.max`.
    private func end(of offset: Int, _ size: Int) -> Int? {
        let (end, overflow) = offset.addingReportingOverflow(size)
        let (padded, second) = end.addingReportingOverflow((alignment - end % alignment) % alignment)
        return overflow || second ? nil : padded
    }
}

/// A GGUF file to write: its header, and where each tensor's bytes go. What lies between is zeros.
public struct GGUFLayout: Equatable, Sendable {
    /// The first bytes of the file, with the zeros up to the first tensor.
    public let header: [UInt8]
    /// Where each tensor's bytes lie, in the order of the tensors, from the start of the file.
    public let tensors: [Range<Int>]
    /// The file's size in bytes, with the zeros behind the last tensor.
    public let fileSize: Int
}

extension GGUFValue {
    /// Whether a string, alone or in an array of strings, has a zero byte.
    fileprivate func hasNUL(in header: Span<UInt8>) throws(FormatError) -> Bool {
        switch self {
        case .string(let text): return text.utf8.contains(0)
        case .array(let array):
            var found = false
            try array.forEachString(in: header) { range in
                guard !found else { return }
                for index in range where header[index] == 0 { found = true }
            }
            return found
        default: return false
        }
    }
}

extension [UInt8] {
    fileprivate mutating func setLittleEndian(_ value: UInt64, at position: Int) {
        for index in 0..<8 { self[position + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
    }
}
