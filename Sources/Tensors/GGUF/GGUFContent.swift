/// A metadata value to write: unlike ``GGUFValue`` it owns its arrays.
///
/// An array's elements are all of one type, which its case names; arrays of arrays can be copied from a file,
/// not made.
package enum GGUFContent: Equatable, Sendable {
    /// Whole numbers of up to 32 bits.
    case uint8(UInt8), int8(Int8), uint16(UInt16), int16(Int16), uint32(UInt32), int32(Int32)
    /// Numbers of 64 bits and floats; a bool is one byte, 0 or 1.
    case uint64(UInt64), int64(Int64), float32(Float), float64(Double), bool(Bool)
    /// Text.
    case string(String)
    /// A string that need not be UTF-8.
    case byteString([UInt8])
    /// Arrays of whole numbers of up to 16 bits.
    case uint8s([UInt8]), int8s([Int8]), uint16s([UInt16]), int16s([Int16])
    /// Arrays of whole numbers of 32 and 64 bits.
    case uint32s([UInt32]), int32s([Int32]), uint64s([UInt64]), int64s([Int64])
    /// Arrays of floats and of bools.
    case float32s([Float]), float64s([Double]), bools([Bool])
    /// An array of text.
    case strings([String])
    /// An array of strings that need not be UTF-8, as the pieces of some vocabularies.
    case byteStrings([[UInt8]])

    /// The type of the value, or of the elements of an array.
    private var elementType: GGUFValueType {
        switch self {
        case .uint8, .uint8s: .uint8
        case .int8, .int8s: .int8
        case .uint16, .uint16s: .uint16
        case .int16, .int16s: .int16
        case .uint32, .uint32s: .uint32
        case .int32, .int32s: .int32
        case .uint64, .uint64s: .uint64
        case .int64, .int64s: .int64
        case .float32, .float32s: .float32
        case .float64, .float64s: .float64
        case .bool, .bools: .bool
        case .string, .byteString, .strings, .byteStrings: .string
        }
    }

    /// The number of elements of an array; `nil` if it is not one.
    private var count: Int? {
        switch self {
        case .uint8s(let values): values.count
        case .int8s(let values): values.count
        case .uint16s(let values): values.count
        case .int16s(let values): values.count
        case .uint32s(let values): values.count
        case .int32s(let values): values.count
        case .uint64s(let values): values.count
        case .int64s(let values): values.count
        case .float32s(let values): values.count
        case .float64s(let values): values.count
        case .bools(let values): values.count
        case .strings(let values): values.count
        case .byteStrings(let values): values.count
        default: nil
        }
    }

    /// Appends the type and the value, as an item has them behind its name.
    package func append(to bytes: inout [UInt8]) {
        if let count {
            bytes.appendLittleEndian(GGUFValueType.array.rawValue)
            bytes.appendLittleEndian(elementType.rawValue)
            bytes.appendLittleEndian(UInt64(count))
        } else {
            bytes.appendLittleEndian(elementType.rawValue)
        }
        switch self {
        case .uint8(let value): bytes.append(value)
        case .int8(let value): bytes.appendLittleEndian(value)
        case .uint16(let value): bytes.appendLittleEndian(value)
        case .int16(let value): bytes.appendLittleEndian(value)
        case .uint32(let value): bytes.appendLittleEndian(value)
        case .int32(let value): bytes.appendLittleEndian(value)
        case .uint64(let value): bytes.appendLittleEndian(value)
        case .int64(let value): bytes.appendLittleEndian(value)
        case .float32(let value): bytes.appendLittleEndian(value.bitPattern)
        case .float64(let value): bytes.appendLittleEndian(value.bitPattern)
        case .bool(let value): bytes.append(value ? 1 : 0)
        case .string(let value): bytes.appendGGUFString(value.utf8)
        case .byteString(let value): bytes.appendGGUFString(value)
        case .uint8s(let values): bytes += values
        case .int8s(let values): for value in values { bytes.appendLittleEndian(value) }
        case .uint16s(let values): for value in values { bytes.appendLittleEndian(value) }
        case .int16s(let values): for value in values { bytes.appendLittleEndian(value) }
        case .uint32s(let values): for value in values { bytes.appendLittleEndian(value) }
        case .int32s(let values): for value in values { bytes.appendLittleEndian(value) }
        case .uint64s(let values): for value in values { bytes.appendLittleEndian(value) }
        case .int64s(let values): for value in values { bytes.appendLittleEndian(value) }
        case .float32s(let values): for value in values { bytes.appendLittleEndian(value.bitPattern) }
        case .float64s(let values): for value in values { bytes.appendLittleEndian(value.bitPattern) }
        case .bools(let values): for value in values { bytes.append(value ? 1 : 0) }
        case .strings(let values): for value in values { bytes.appendGGUFString(value.utf8) }
        case .byteStrings(let values): for value in values { bytes.appendGGUFString(value) }
        }
    }
}

extension [UInt8] {
    /// Appends a whole number, least significant byte first.
    @inline(__always)
    mutating func appendLittleEndian<Number: FixedWidthInteger>(_ value: Number) {
        var rest = value
        for _ in 0..<Number.bitWidth / 8 {
            append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }

    /// Appends a string as GGUF has it: its length in 64 bits, then its bytes.
    mutating func appendGGUFString(_ text: some Collection<UInt8>) {
        appendLittleEndian(UInt64(text.count))
        append(contentsOf: text)
    }
}
