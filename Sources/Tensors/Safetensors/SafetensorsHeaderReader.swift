import Formats

/// Reads the JSON of a safetensors header straight into records, without a tree in between: headers of
/// mixture-of-experts models hold a hundred thousand tensors.
struct SafetensorsHeaderReader {
    /// One tensor as it is described, and the place of its name in the file. What the description claims is
    /// checked when the whole header was read, because a later tensor of the same name replaces it.
    private struct Record {
        let name: String
        let dtype: DType
        let shape: [Int]
        let begin: Int
        let end: Int
        let position: Int
    }

    private var records: [Record] = []
    /// The items of `__metadata__`, in the file's order.
    private(set) var metadata: [SafetensorsHeader.MetadataItem] = []
    /// The names that are there more than once, each once, in the order in which that was seen.
    private(set) var duplicateNames: [String] = []
    private var hasMetadata = false
    private var indices: [ExactName: Int] = [:]
    private var duplicates: Set<ExactName> = []

    /// Reads the header in `bytes`, which start with the 8 bytes of its length.
    mutating func read(_ bytes: Span<UInt8>) throws(FormatError) {
        // serde_json, which the safetensors package reads with, allows 127 levels.
        var cursor = JSONCursor(
            position: SafetensorsHeader.prefixLength, depthLeft: 127, strict: true)
        cursor.skipWhiteSpace(bytes)
        guard cursor.position < bytes.count else { throw cursor.endOfData(bytes) }
        // About as many as tensors of usual names, because growing the table would hash every name again.
        indices.reserveCapacity(min(bytes.count / 100, 200_000))
        try cursor.nested { (cursor) throws(FormatError) in
            try cursor.eachMember(bytes) { (cursor, name, position) throws(FormatError) in
                if name.hasSameBytes(as: "__metadata__") {
                    try readMetadata(&cursor, bytes, position)
                } else {
                    add(try Self.record(&cursor, bytes, name, position))
                }
            }
        }
        cursor.skipWhiteSpace(bytes)
        guard cursor.position == bytes.count else {
            throw FormatError("expected spaces up to the end of the header", at: cursor.position)
        }
    }

    /// Puts the tensors into the order of their bytes and checks that they are as large as dtype and shape
    /// make them and are stored end to end, from the start to the end of the `dataSize` bytes for tensors.
    mutating func tensors(dataSize: Int) throws(FormatError) -> [SafetensorsHeader.Tensor] {
        // Nearly every writer has them in order, and then sorting would be the slowest part of all.
        if zip(records, records.dropFirst()).contains(where: { !Self.isInOrder($0, $1) }) {
            records.sort { !Self.isInOrder($1, $0) }
        }
        var tensors: [SafetensorsHeader.Tensor] = []
        tensors.reserveCapacity(records.count)
        var end = 0
        for record in records {
            let name = record.name
            func error(_ problem: String) -> FormatError {
                FormatError("tensor \(quoted(name)) \(problem)", at: record.position)
            }
            guard record.begin == end else {
                throw error("starts at \(record.begin), not at \(end) where the one before ends")
            }
            guard record.end >= end else { throw error("ends at \(record.end), before its start") }
            guard let bits = Self.bitCount(record.dtype, record.shape) else {
                throw error("is larger than 64 bits can hold")
            }
            guard bits.isMultiple(of: 8) else { throw error("does not fill whole bytes") }
            guard bits / 8 == record.end - end else {
                throw error(
                    "has \(record.end - end) bytes, but \(record.dtype.rawValue) and its shape make \(bits / 8)"
                )
            }
            end = record.end
            guard end <= dataSize else {
                throw error("ends at \(end), past the \(dataSize) bytes that the file has for tensors")
            }
            tensors.append(
                SafetensorsHeader.Tensor(
                    name: name, dtype: record.dtype, shape: record.shape, bytes: record.begin..<end))
        }
        return tensors
    }

    private static func isInOrder(_ left: Record, _ right: Record) -> Bool {
        (left.begin, left.end, left.position) <= (right.begin, right.end, right.position)
    }

    private mutating func add(_ record: Record) {
        let key = ExactName(record.name)
        if let index = indices.updateValue(records.count, forKey: key) {
            indices[key] = index
            records[index] = record
            if duplicates.insert(key).inserted { duplicateNames.append(record.name) }
        } else {
            records.append(record)
        }
    }

    private mutating func readMetadata(
        _ cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ position: Int
    ) throws(FormatError) {
        guard !hasMetadata else { throw FormatError("__metadata__ occurs twice", at: position) }
        hasMetadata = true
        if cursor.next(bytes) == UInt8(ascii: "n") {
            _ = try cursor.value(bytes)
            return
        }
        guard cursor.next(bytes) == UInt8(ascii: "{") else {
            throw FormatError("__metadata__ must be an object", at: cursor.position)
        }
        try cursor.eachMember(bytes) { (cursor, name, _) throws(FormatError) in
            let value = try cursor.quotedString(bytes, "a value of __metadata__ must be a string")
            metadata.append(SafetensorsHeader.MetadataItem(name: name, value: value))
        }
    }

    // MARK: One tensor

    private static func record(
        _ cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ name: String, _ position: Int
    ) throws(FormatError) -> Record {
        var dtype: DType?
        var shape: [Int]?
        var offsets: (begin: Int, end: Int)?
        guard cursor.next(bytes) == UInt8(ascii: "{") else {
            throw FormatError("tensor \(quoted(name)) must be an object", at: cursor.position)
        }
        try cursor.nested { (cursor) throws(FormatError) in
            try cursor.eachMember(bytes) { (cursor, field, start) throws(FormatError) in
                switch field {
                case "dtype":
                    guard dtype == nil else { throw twice(field, name, start) }
                    dtype = try readDType(&cursor, bytes)
                case "shape":
                    guard shape == nil else { throw twice(field, name, start) }
                    shape = try readShape(&cursor, bytes)
                case "data_offsets":
                    guard offsets == nil else { throw twice(field, name, start) }
                    offsets = try readOffsets(&cursor, bytes)
                default: try cursor.skipValue(bytes)
                }
            }
        }
        guard let dtype else { throw FormatError("tensor \(quoted(name)) has no dtype", at: position) }
        guard let shape else { throw FormatError("tensor \(quoted(name)) has no shape", at: position) }
        guard let offsets else {
            throw FormatError("tensor \(quoted(name)) has no data_offsets", at: position)
        }
        return Record(
            name: name, dtype: dtype, shape: shape, begin: offsets.begin, end: offsets.end,
            position: position)
    }

    private static func twice(_ field: String, _ name: String, _ position: Int) -> FormatError {
        FormatError("tensor \(quoted(name)) has \(field) twice", at: position)
    }

    private static func readDType(
        _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
    ) throws(FormatError) -> DType {
        let start = cursor.position
        let text = try cursor.quotedString(bytes, "a dtype must be a string")
        guard let dtype = DType(rawValue: text) else {
            throw FormatError("unknown dtype \(quoted(text))", at: start)
        }
        return dtype
    }

    private static func readShape(
        _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
    ) throws(FormatError) -> [Int] {
        var shape: [Int] = []
        try cursor.eachElement(bytes) { (cursor) throws(FormatError) in
            shape.append(try cursor.unsigned(bytes))
        }
        return shape
    }

    private static func readOffsets(
        _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
    ) throws(FormatError) -> (begin: Int, end: Int) {
        let start = cursor.position
        var begin: Int?
        var end: Int?
        try cursor.eachElement(bytes) { (cursor) throws(FormatError) in
            let value = try cursor.unsigned(bytes)
            if begin == nil {
                begin = value
            } else if end == nil {
                end = value
            } else {
                throw FormatError("data_offsets must be two numbers", at: start)
            }
        }
        guard let begin, let end else { throw FormatError("data_offsets must be two numbers", at: start) }
        return (begin, end)
    }

    /// The size that dtype and shape make, by the package's own steps: dimensions multiplied in their order
    /// and then by the bits of an element; `nil` where any step leaves 64 bits, even before a 0.
    private static func bitCount(_ dtype: DType, _ shape: [Int]) -> UInt64? {
        var bits: UInt64 = 1
        for dimension in shape {
            let (product, overflow) = bits.multipliedReportingOverflow(by: UInt64(dimension))
            if overflow { return nil }
            bits = product
        }
        let (product, overflow) = bits.multipliedReportingOverflow(by: UInt64(dtype.bitsPerElement))
        return overflow ? nil : product
    }

    /// A name for a message: cut, so that a hostile header cannot fill the screen, and without control
    /// characters.
    private static func quoted(_ name: String) -> String { JSON.string(shortened(name)).compactText }

    private func quoted(_ name: String) -> String { Self.quoted(name) }

    private static func shortened(_ name: String) -> String {
        name.unicodeScalars.count > 120 ? String(name.unicodeScalars.prefix(120)) + "…" : name
    }
}

extension JSONCursor {
    /// Reads a number without sign, fraction and exponent that fits `Int`.
    mutating func unsigned(_ bytes: Span<UInt8>) throws(FormatError) -> Int {
        let start = position
        let negative = next(bytes) == UInt8(ascii: "-")
        // "-0" is an integer of JSON, but not an unsigned one for the package.
        guard let value = try self.value(bytes).integer, value >= 0, !negative else {
            throw FormatError("expected a whole number from 0 to \(Int.max)", at: start)
        }
        return value
    }
}
