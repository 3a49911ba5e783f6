import Formats

extension ByteCursor {
    /// Reads the type of a value.
    mutating func ggufType(_ bytes: Span<UInt8>) throws(HeaderStop) -> GGUFValueType {
        let start = position
        let number = try uint32(bytes, "a value's type")
        guard let type = GGUFValueType(rawValue: number) else {
            throw .malformed("unknown value type \(number); 0 to 12 are known", at: start)
        }
        return type
    }

    /// Reads a value. Strings are copied, arrays are moved over.
    mutating func ggufValue(
        _ type: GGUFValueType, _ bytes: Span<UInt8>, depthLeft: Int
    ) throws(HeaderStop) -> GGUFValue {
        switch type {
        case .string: return .string(String(copying: bytes, try ggufText(bytes)))
        case .array: return .array(try ggufArray(bytes, depthLeft: depthLeft))
        default: break
        }
        let word = try unsigned(size: type.size ?? 0, bytes, "a value")
        switch type {
        case .uint8: return .uint8(UInt8(truncatingIfNeeded: word))
        case .int8: return .int8(Int8(truncatingIfNeeded: word))
        case .uint16: return .uint16(UInt16(truncatingIfNeeded: word))
        case .int16: return .int16(Int16(truncatingIfNeeded: word))
        case .uint32: return .uint32(UInt32(truncatingIfNeeded: word))
        case .int32: return .int32(Int32(truncatingIfNeeded: word))
        case .uint64: return .uint64(word)
        case .int64: return .int64(Int64(truncatingIfNeeded: word))
        case .float32: return .float32(Float(bitPattern: UInt32(truncatingIfNeeded: word)))
        case .float64: return .float64(Double(bitPattern: word))
        case .bool, .string, .array: return .bool(word != 0)
        }
    }

    /// Reads a string's length and moves over its bytes.
    mutating func ggufText(
        _ bytes: Span<UInt8>, _ what: @autoclosure () -> String = "a string", maximumLength: Int = .max
    ) throws(HeaderStop) -> Range<Int> {
        let start = position
        let length = try unsigned(size: 8, bytes, "the length of \(what())")
        guard length <= UInt64(remaining) else {
            throw .malformed("\(what()) claims \(length) bytes, but \(remaining) are left", at: start)
        }
        guard length <= UInt64(maximumLength) else {
            throw .malformed("\(what()) has \(length) bytes; at most \(maximumLength) are allowed", at: start)
        }
        return try take(Int(length), bytes, what())
    }

    /// Moves over an array; only arrays of strings and arrays of arrays are walked through.
    mutating func ggufArray(_ bytes: Span<UInt8>, depthLeft: Int) throws(HeaderStop) -> GGUFArray {
        guard depthLeft > 0 else { throw .malformed("arrays nested too deeply", at: position) }
        let elementType = try ggufType(bytes)
        // A string has a length at least; an array has a type and a count.
        let minimumSize = elementType.size ?? (elementType == .string ? 8 : 12)
        let count = try count(ofAtLeast: minimumSize, bytes, "the length of an array")
        let start = position
        if let size = elementType.size {
            // That many were seen to fit into the file.
            _ = try take(count * size, bytes, "an array")
        } else if elementType == .string {
            for _ in 0..<count { _ = try ggufText(bytes) }
        } else {
            for _ in 0..<count { _ = try ggufArray(bytes, depthLeft: depthLeft - 1) }
        }
        return GGUFArray(elementType: elementType, count: count, bytes: start..<position)
    }
}
