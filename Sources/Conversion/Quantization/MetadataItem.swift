import Formats
import Tensors

/// Bytes of metadata items, as GGUF has them: a key with its length, a type, a value; all little-endian.
enum MetadataItem {
    /// An item of a number or a bool.
    static func scalar(_ key: String, _ value: GGUFValue) -> [UInt8] {
        var bytes = start(key, value.type)
        switch value {
        case .uint8(let value): append(value, to: &bytes)
        case .int8(let value): append(value, to: &bytes)
        case .uint16(let value): append(value, to: &bytes)
        case .int16(let value): append(value, to: &bytes)
        case .uint32(let value): append(value, to: &bytes)
        case .int32(let value): append(value, to: &bytes)
        case .uint64(let value): append(value, to: &bytes)
        case .int64(let value): append(value, to: &bytes)
        case .float32(let value): append(value.bitPattern, to: &bytes)
        case .float64(let value): append(value.bitPattern, to: &bytes)
        case .bool(let value): bytes.append(value ? 1 : 0)
        case .string(let value): append(text: Array(value.utf8), to: &bytes)
        case .array(let array):
            // Arrays are only ever copied; an empty one states what it is.
            append(array.elementType.rawValue, to: &bytes)
            append(UInt64(0), to: &bytes)
        }
        return bytes
    }

    /// An item of a text, which need not be UTF-8.
    static func text(_ key: String, _ text: [UInt8]) -> [UInt8] {
        var bytes = start(key, .string)
        append(text: text, to: &bytes)
        return bytes
    }

    /// The bytes of an item that llama.cpp does not write as it reads it: texts end at a byte 0 for it, and what is
    /// not 0 is true. `nil` where it copies the item.
    static func kept(
        _ item: GGUFHeader.Item, _ bytes: Span<UInt8>
    ) throws(FormatError) -> QuantizedMetadata.Content? {
        var isKept = !item.key.utf8.contains(0)
        let valueStart = item.bytes.lowerBound + 8 + item.key.utf8.count + 4
        switch item.value {
        case .bool: isKept = isKept && bytes[valueStart] <= 1
        case .string: isKept = isKept && !contains(valueStart + 8..<item.bytes.upperBound, bytes) { $0 == 0 }
        case .array(let array) where array.elementType == .bool:
            isKept = isKept && !contains(array.bytes, bytes) { $0 > 1 }
        case .array(let array) where array.elementType == .string:
            try array.forEachString(in: bytes) { text in
                isKept = isKept && !contains(text, bytes) { $0 == 0 }
            }
        default: break
        }
        return isKept ? nil : .bytes(try rewritten(item, valueStart, bytes))
    }

    /// The bytes of an item whose key and texts end at their first byte 0, and whose bools are 0 or 1.
    private static func rewritten(
        _ item: GGUFHeader.Item, _ valueStart: Int, _ bytes: Span<UInt8>
    ) throws(FormatError) -> [UInt8] {
        let key = String(decoding: item.key.utf8.prefix { $0 != 0 }, as: UTF8.self)
        var result = start(key, item.value.type)
        switch item.value {
        case .string: append(text: upToZero(valueStart + 8..<item.bytes.upperBound, bytes), to: &result)
        case .array(let array) where array.elementType == .string:
            append(array.elementType.rawValue, to: &result)
            append(UInt64(array.count), to: &result)
            try array.forEachString(in: bytes) { append(text: upToZero($0, bytes), to: &result) }
        case .array(let array) where array.elementType == .bool:
            for index in valueStart..<array.bytes.lowerBound { result.append(bytes[index]) }
            for index in array.bytes { result.append(bytes[index] == 0 ? 0 : 1) }
        case .bool: result.append(bytes[valueStart] == 0 ? 0 : 1)
        default: for index in valueStart..<item.bytes.upperBound { result.append(bytes[index]) }
        }
        return result
    }

    private static func contains(
        _ range: Range<Int>, _ bytes: Span<UInt8>, where predicate: (UInt8) -> Bool
    ) -> Bool {
        for index in range where predicate(bytes[index]) { return true }
        return false
    }

    private static func upToZero(_ range: Range<Int>, _ bytes: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        for index in range {
            if bytes[index] == 0 { break }
            text.append(bytes[index])
        }
        return text
    }

    private static func start(_ key: String, _ type: GGUFValueType) -> [UInt8] {
        var bytes: [UInt8] = []
        append(text: Array(key.utf8), to: &bytes)
        append(type.rawValue, to: &bytes)
        return bytes
    }

    private static func append(text: [UInt8], to bytes: inout [UInt8]) {
        append(UInt64(text.count), to: &bytes)
        bytes += text
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}
