@testable import Conversion
@testable import Formats
@testable import Tensors

/// A whole number as bytes, least significant first.
func number(_ value: some FixedWidthInteger, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

/// A text with its length, as GGUF has it.
func text(_ text: String) -> [UInt8] { number(text.utf8.count, 8) + Array(text.utf8) }

/// Builds GGUF files for tests.
struct GGUFBytes {
    var items: [[UInt8]] = []
    var tensors: [TensorDescription] = []
    /// The tensors' bytes; zeros in a header alone.
    var data: [[UInt8]] = []

    mutating func item(_ key: String, _ type: GGUFValueType, _ value: [UInt8]) {
        items.append(text(key) + number(type.rawValue, 4) + value)
    }

    mutating func item(_ key: String, _ value: UInt32) { item(key, .uint32, number(value, 4)) }

    mutating func item(_ key: String, _ value: String) { item(key, .string, text(value)) }

    mutating func array(_ key: String, _ type: GGUFValueType, _ elements: [[UInt8]]) {
        item(key, .array, number(type.rawValue, 4) + number(elements.count, 8) + elements.flatMap { $0 })
    }

    mutating func tensor(_ name: String, _ dimensions: [Int], _ values: [Float]) {
        tensors.append(TensorDescription(name: name, dimensions: dimensions, type: .f32))
        data.append(values.flatMap { number($0.bitPattern, 4) })
    }

    /// The header, up to where the tensors' bytes start.
    var header: [UInt8] {
        var head = Array("GGUF".utf8) + number(3, 4) + number(tensors.count, 8) + number(items.count, 8)
        head += items.flatMap { $0 }
        var offset = 0
        for tensor in tensors {
            head += text(tensor.name) + number(tensor.dimensions.count, 4)
            head += tensor.dimensions.flatMap { number($0, 8) } + number(tensor.type.rawValue, 4)
            head += number(offset, 8)
            offset += ((tensor.type.byteCount(dimensions: tensor.dimensions) ?? 0) + 31) / 32 * 32
        }
        return Self.padded(head)
    }

    var bytes: [UInt8] { header + data.flatMap(Self.padded) }

    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (32 - bytes.count % 32) % 32)
    }
}

/// Reads a GGUF header; the tensors' bytes need not be there.
func parse(_ bytes: [UInt8]) throws -> GGUFHeader {
    guard case .complete(let header) = try GGUFHeader.parse(bytes.span, fileSize: 1 << 40) else {
        throw FormatError("the header is cut", at: bytes.count)
    }
    return header
}

/// The items of a quantized file's metadata.
func metadata(
    _ bytes: [UInt8], fileType: UInt32 = 15, overrides: [MetadataOverride] = [],
    imatrix: (matrix: Imatrix, file: String)? = nil
) throws -> QuantizedMetadata {
    try QuantizedMetadata(
        header: parse(bytes), bytes: bytes.span, fileType: fileType, overrides: overrides, imatrix: imatrix)
}

/// Reads items back: keys and values in their order, arrays without what they hold.
func values(_ items: [QuantizedMetadata.Item], source: [UInt8] = []) throws -> [(
    key: String, value: GGUFValue
)] {
    var file = GGUFBytes()
    for item in items {
        switch item.content {
        case .source(let range): file.items.append(Array(source[range]))
        case .bytes(let bytes): file.items.append(bytes)
        }
    }
    return try parse(file.header).items.map { ($0.key, $0.value) }
}

/// The traits that a GGUF header states.
func traits(_ bytes: [UInt8], overrides: [MetadataOverride] = []) throws -> ModelTraits {
    try ModelTraits(header: parse(bytes), bytes: bytes.span, overrides: overrides)
}
