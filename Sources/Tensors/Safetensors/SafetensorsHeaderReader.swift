/// Reads the JSON of a safetensors header straight into records, without a tree in between: headers of
/// mixture-of-experts models hold a hundred thousand tensors.
struct SafetensorsHeaderReader {
    /// One tensor and the place of its name in the file.
    struct Record {
        let tensor: SafetensorsHeader.Tensor
        let position: Int
    }

    private(set) var records: [Record] = []
    private(set) var metadata: [SafetensorsHeader.MetadataItem] = []
    private(set) var duplicateNames: [String] = []
    private var hasMetadata = false
    private var indices: [String: Int] = [:]

    /// Reads the header in `bytes`, which start with the 8 bytes of its length.
    mutating func read(_ bytes: Span<UInt8>) throws(FormatError) {
        // serde_json, which the safetensors package reads with, allows 127 levels.
        var cursor = JSONCursor(
            position: SafetensorsHeader.prefixLength, depthLeft: 127, strict: true)
        cursor.skipWhiteSpace(bytes)
        guard cursor.position < bytes.count else { throw cursor.endOfData(bytes) }
        try cursor.nested { (cursor) throws(FormatError) in
            try cursor.eachMember(bytes) { (cursor, name, position) throws(FormatError) in
                if name == "__metadata__" {
                    try readMetadata(&cursor, bytes, position)
                } else {
                    let tensor = try Self.tensor(&cursor, bytes, name, position)
                    add(Record(tensor: tensor, position: position))
                }
            }
        }
        cursor.skipWhiteSpace(bytes)
        guard cursor.position == bytes.count else {
            throw FormatError("expected spaces up to the end of the header", at: cursor.position)
        }
    }

    /// Puts the records into the order of their bytes and checks that they lie end to end from 0.
    /// - Returns: the end of the last.
    mutating func checkLayout(dataSize: Int) throws(FormatError) -> Int {
        // Nearly every writer has them in order, and then sorting would be the slowest part of all.
        if zip(records, records.dropFirst()).contains(where: { !Self.isInOrder($0, $1) }) {
            records.sort { !Self.isInOrder($1, $0) }
        }
        var end = 0
        for record in records {
            let tensor = record.tensor
            guard tensor.bytes.lowerBound == end else {
                throw FormatError(
                    "tensor \(quoted(tensor.name)) starts at \(tensor.bytes.lowerBound), not at \(end)"
                        + " where the one before ends", at: record.position)
            }
            end = tensor.bytes.upperBound
            guard end <= dataSize else {
                throw FormatError(
                    "tensor \(quoted(tensor.name)) ends at \(end), past the \(dataSize) bytes that the"
                        + " file has for tensors", at: record.position)
            }
        }
        return end
    }

    private static func isInOrder(_ left: Record, _ right: Record) -> Bool {
        let (first, second) = (left.tensor.bytes, right.tensor.bytes)
        return (first.lowerBound, first.upperBound, left.position)
            <= (second.lowerBound, second.upperBound, right.position)
    }

    private mutating func add(_ record: Record) {
        let key = Self.identity(record.tensor.name)
        if let index = indices[key] {
            if !duplicateNames.contains(where: { $0.utf8.elementsEqual(record.tensor.name.utf8) }) {
                duplicateNames.append(record.tensor.name)
            }
            records[index] = record
        } else {
            indices[key] = records.count
            records.append(record)
        }
    }

    /// A text that is equal for equal bytes only: strings that Unicode calls equivalent ("é" in one scalar
    /// or two) compare equal in Swift, but are two tensors. Each byte becomes the scalar of that value,
    /// and no two sequences of such scalars are equivalent.
    private static func identity(_ name: String) -> String {
        if name.utf8.allSatisfy({ $0 < 0x80 }) { return name }
        var text = String.UnicodeScalarView()
        for byte in name.utf8 { text.append(Unicode.Scalar(byte)) }
        return String(text)
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

    private static func tensor(
        _ cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ name: String, _ position: Int
    ) throws(FormatError) -> SafetensorsHeader.Tensor {
        var dtype: DType?
        var shape: [Int]?
        var offsets: Range<Int>?
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
        let size = try byteCount(dtype, shape, name, position)
        guard size == offsets.count else {
            throw FormatError(
                "tensor \(quoted(name)) has \(offsets.count) bytes, but \(dtype.rawValue) and its shape"
                    + " make \(size)", at: position)
        }
        return SafetensorsHeader.Tensor(name: name, dtype: dtype, shape: shape, bytes: offsets)
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
    ) throws(FormatError) -> Range<Int> {
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
        guard begin <= end else {
            throw FormatError("data_offsets must not end before they begin", at: start)
        }
        return begin..<end
    }

    /// The size that dtype and shape make, by the package's own steps: dimensions multiplied in their order
    /// and then by the bits of an element, none of which may leave 64 bits even where a 0 follows.
    private static func byteCount(
        _ dtype: DType, _ shape: [Int], _ name: String, _ position: Int
    ) throws(FormatError) -> UInt64 {
        var bits: UInt64 = 1
        for factor in shape.map(UInt64.init) + [UInt64(dtype.bitsPerElement)] {
            let (product, overflow) = bits.multipliedReportingOverflow(by: factor)
            guard !overflow else {
                throw FormatError("tensor \(quoted(name)) is larger than 64 bits can say", at: position)
            }
            bits = product
        }
        guard bits.isMultiple(of: 8) else {
            throw FormatError("tensor \(quoted(name)) does not fill whole bytes", at: position)
        }
        return bits / 8
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
