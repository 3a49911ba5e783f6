import Formats
package import Tensors

/// The metadata of a quantized file: what is kept of the source's, what is removed, and what is appended.
///
/// As llama-quantize writes it: the source's items in their order, but for those that are set anew, which go to the
/// end: the quantization's version, the file's type, then overrides and the importance matrix's items. What distinguishes
/// the files of a split is removed.
package struct QuantizedMetadata: Equatable, Sendable {
    /// One item, ready to be written: GGUF's bytes of key, type and value.
    package struct Item: Equatable, Sendable {
        /// The item's name.
        package let key: String
        /// Where its bytes are.
        package let content: Content
    }

    /// Where an item's bytes are.
    package enum Content: Equatable, Sendable {
        /// In the source's header, in bytes from the start of the file.
        case source(Range<Int>)
        /// Here.
        case bytes([UInt8])
    }

    /// The version of the quantized formats (ggml.h, `GGML_QNT_VERSION`).
    private static let quantizationVersion: UInt32 = 2
    /// The longest text in bytes that llama-quantize keeps of the importance matrix's items.
    private static let maximumTextLength = 127

    /// The items in the order of the file to write.
    package private(set) var items: [Item] = []
    /// The alignment in bytes that the items say; 32 where none does.
    package let alignment: Int

    /// Decides on the items.
    /// - Parameters:
    ///   - header: the source's header; of several files the first's.
    ///   - bytes: the bytes that the header was read from, from the start of the file.
    ///   - fileType: what `general.file_type` becomes: see ``fileType(of:header:tensors:overrides:)``.
    ///   - overrides: `--override-kv`, in the order given; of two of one name the last counts.
    ///   - imatrix: the importance matrix after filtering, and its file's name as it was given; an empty one
    ///     leaves no trace.
    ///   - blockCount: how many blocks are left where some are pruned, and the item that states it.
    /// - Throws: where `bytes` is not what the header was found in, or an override sets an alignment that is no
    ///   power of two.
    package init(
        header: GGUFHeader, bytes: Span<UInt8>, fileType: UInt32, overrides: [MetadataOverride] = [],
        imatrix: (matrix: Imatrix, file: String)? = nil, blockCount: (key: String, count: Int)? = nil
    ) throws {
        alignment = try Self.alignment(of: header, overrides)
        var cutKeys: Set<ExactName> = []
        for item in header.items {
            guard item.bytes.upperBound <= bytes.count else {
                throw FormatError(
                    "the metadata ends before \(item.key.quotedForMessage) does", at: bytes.count)
            }
            // Keys end at a byte 0 for llama.cpp, so that two may become one: the later counts.
            let key = String(decoding: item.key.utf8.prefix { $0 != 0 }, as: UTF8.self)
            guard !key.isEmpty else {
                throw FormatError("a metadata item has an empty name", at: item.bytes.lowerBound)
            }
            if key.utf8.count < item.key.utf8.count { cutKeys.insert(key) }
            items.append(Item(key: key, content: try MetadataItem.kept(item, bytes) ?? .source(item.bytes)))
        }
        for key in cutKeys {
            let places = items.indices.filter { items[$0].key.hasSameBytes(as: key.text) }
            for place in places.dropLast().reversed() { items.remove(at: place) }
        }
        set("general.quantization_version", .uint32(Self.quantizationVersion))
        set("general.file_type", .uint32(fileType))
        for key in ["split.no", "split.count", "split.tensors.count"] { remove(key) }
        for override in overrides { set(override.key, override.value) }
        if let (matrix, file) = imatrix, !matrix.entries.isEmpty { setImatrix(matrix, file) }
        if let (key, count) = blockCount { set(key, .uint32(UInt32(clamping: count))) }
    }

    private mutating func setImatrix(_ matrix: Imatrix, _ file: String) {
        set("quantize.imatrix.file", text: file)
        if let dataset = matrix.datasets.first { set("quantize.imatrix.dataset", text: dataset) }
        set("quantize.imatrix.entries_count", .uint32(UInt32(clamping: matrix.entries.count)))
        if matrix.chunkCount > 0 {
            set("quantize.imatrix.chunks_count", .uint32(UInt32(clamping: matrix.chunkCount)))
        }
    }

    /// The items that tell the files of a split apart: appended to the first file's, and alone in the others.
    /// - Parameters:
    ///   - number: the file's, from 0.
    ///   - count: the number of files.
    ///   - tensorCount: the number of tensors in all of them.
    package static func split(number: Int, of count: Int, tensorCount: Int) -> [Item] {
        [
            item("split.no", .uint16(UInt16(clamping: number))),
            item("split.count", .uint16(UInt16(clamping: count))),
            item("split.tensors.count", .int32(Int32(clamping: tensorCount))),
        ]
    }

    /// The alignment in bytes that a quantized file has.
    /// - Throws: where an override sets one that is no power of two.
    package static func alignment(
        of header: GGUFHeader, _ overrides: [MetadataOverride]
    ) throws(QuantizationError) -> Int {
        let key = "general.alignment"
        guard let override = overrides.last(where: { $0.key.hasSameBytes(as: key) }) else {
            return header[key] == nil ? GGUFHeader.defaultAlignment : header.alignment
        }
        // What llama.cpp works with keeps the sign, and what it writes does not: only one that has none is both.
        guard case .int(let value) = override.value, value > 0, value & (value - 1) == 0 else {
            throw QuantizationError(
                "the override of \(key) is not a power of two", hint: "write --override-kv \(key)=int:32")
        }
        return Int(value)
    }

    private mutating func remove(_ key: String) { items.removeAll { $0.key.hasSameBytes(as: key) } }

    private mutating func set(_ key: String, _ value: GGUFValue) {
        remove(key)
        items.append(Self.item(key, value))
    }

    private mutating func set(_ key: String, _ value: MetadataOverride.Value) {
        switch value {
        case .int(let number): set(key, .uint32(UInt32(truncatingIfNeeded: number.magnitude)))
        case .float(let number): set(key, .float32(number))
        case .bool(let flag): set(key, GGUFValue.bool(flag))
        case .string(let text): set(key, text: text, limit: .max)
        }
    }

    /// Sets a text, cut as llama-quantize cuts it: at a byte 0, and at a number of bytes, though a character end
    /// there or not.
    private mutating func set(_ key: String, text: String, limit: Int = maximumTextLength) {
        remove(key)
        let text = Array(text.utf8.prefix { $0 != 0 }.prefix(limit))
        items.append(Item(key: key, content: .bytes(MetadataItem.text(key, text))))
    }

    private static func item(_ key: String, _ value: GGUFValue) -> Item {
        Item(key: key, content: .bytes(MetadataItem.scalar(key, value)))
    }
}
