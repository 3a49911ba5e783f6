package import Formats

/// The type of a metadata value, with GGUF's number for it.
package enum GGUFValueType: UInt32, Sendable, CaseIterable {
    /// What the names say, little-endian; a string is UTF-8 with a length of 64 bits, a bool is one byte.
    case uint8 = 0, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

    /// The size of a value in bytes; `nil` for strings and arrays, which say their own.
    package var size: Int? {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        case .string, .array: nil
        }
    }
}

/// A value of a GGUF file's metadata. Which of the number types it is counts: a copy keeps it.
package enum GGUFValue: Equatable, Sendable {
    /// Whole numbers of up to 32 bits.
    case uint8(UInt8), int8(Int8), uint16(UInt16), int16(Int16), uint32(UInt32), int32(Int32)
    /// Numbers of 64 bits, and floats.
    case uint64(UInt64), int64(Int64), float32(Float), float64(Double)
    /// Any byte but 0 is true.
    case bool(Bool)
    /// Text, with U+FFFD for what is not UTF-8; the item's range in the header has the exact bytes.
    case string(String)
    /// An array, which stays in the header's bytes until it is asked for.
    case array(GGUFArray)

    /// The value's type.
    package var type: GGUFValueType {
        switch self {
        case .uint8: .uint8
        case .int8: .int8
        case .uint16: .uint16
        case .int16: .int16
        case .uint32: .uint32
        case .int32: .int32
        case .uint64: .uint64
        case .int64: .int64
        case .float32: .float32
        case .float64: .float64
        case .bool: .bool
        case .string: .string
        case .array: .array
        }
    }

    /// The value of any of the eight integer types; `nil` for others and past `Int.max`.
    package var integer: Int? {
        switch self {
        case .uint8(let value): Int(value)
        case .int8(let value): Int(value)
        case .uint16(let value): Int(value)
        case .int16(let value): Int(value)
        case .uint32(let value): Int(value)
        case .int32(let value): Int(value)
        case .uint64(let value): Int(exactly: value)
        case .int64(let value): Int(value)
        case .float32, .float64, .bool, .string, .array: nil
        }
    }

    /// The text of a string; `nil` for others.
    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }
}

/// An array in a GGUF file's metadata: where its elements are stored, not what they are. A tokenizer's arrays hold
/// hundred thousands of strings, so that they are read from the header's bytes when they are wanted.
package struct GGUFArray: Equatable, Sendable {
    /// The type of every element.
    package let elementType: GGUFValueType
    /// The number of elements, which the header's bytes were seen to hold.
    package let count: Int
    /// Where the elements are stored, in bytes from the start of the file.
    package let bytes: Range<Int>

    /// Reads the elements one after the other.
    /// - Parameters:
    ///   - header: the bytes that the header was read from, from the start of the file.
    ///   - limit: how many elements to read at most.
    /// - Throws: where `header` is not what the array was found in.
    package func elements(
        in header: Span<UInt8>, limit: Int = .max
    ) throws(FormatError) -> [GGUFValue] {
        var values: [GGUFValue] = []
        values.reserveCapacity(max(0, min(count, limit)))
        try walk(header, limit) { (cursor) throws(HeaderStop) in
            values.append(try cursor.ggufValue(elementType, header, depthLeft: GGUFHeader.maximumDepth))
        }
        return values
    }

    /// Calls `body` with where each string's bytes are stored, from the start of the file: the exact bytes, which
    /// for a token need not be UTF-8. An array of another type has none.
    /// - Parameter header: the bytes that the header was read from, from the start of the file.
    /// - Throws: where `header` is not what the array was found in.
    package func forEachString(
        in header: Span<UInt8>, _ body: (Range<Int>) -> Void
    ) throws(FormatError) {
        guard elementType == .string else { return }
        try walk(header, .max) { (cursor) throws(HeaderStop) in body(try cursor.ggufText(header)) }
    }

    private func walk(
        _ header: Span<UInt8>, _ limit: Int, _ body: (inout ByteCursor) throws(HeaderStop) -> Void
    ) throws(FormatError) {
        var cursor = ByteCursor(position: bytes.lowerBound, fileSize: bytes.upperBound)
        do throws(HeaderStop) {
            for _ in 0..<max(0, min(count, limit)) { try body(&cursor) }
        } catch {
            switch error {
            case .malformed(let error): throw error
            case .needsMore(let end):
                throw FormatError("the array needs the header's bytes up to \(end)", at: header.count)
            }
        }
    }
}
