import TestSupport

@testable import Tensors

/// Builds GGUF files for tests, wrong ones too.
struct GGUFBuilder {
    struct Tensor {
        var name: String
        var dimensions: [UInt64]
        var type: UInt32
        /// Where the bytes are in the data; right behind the tensor before where it is `nil`.
        var offset: UInt64?

        /// The bytes that the tensor takes; 0 where it is wrong.
        var size: Int {
            GGMLType(rawValue: type)?.byteCount(dimensions: dimensions.map { Int(exactly: $0) ?? -1 }) ?? 0
        }
    }

    var version: UInt64 = 3
    var items: [[UInt8]] = []
    var tensors: [Tensor] = []
    var alignment = 32
    /// Counts that the header claims in place of the true ones.
    var claimedTensors: UInt64?
    var claimedItems: UInt64?
    /// How many bytes follow the descriptions, padding too, where it is not what the tensors take.
    var dataSize: Int?

    static func text(_ text: String) -> [UInt8] { number(UInt64(text.utf8.count), 8) + Array(text.utf8) }

    mutating func item(_ key: String, _ type: GGUFValueType, _ value: [UInt8]) {
        items.append(Self.text(key) + number(UInt64(type.rawValue), 4) + value)
    }

    mutating func tensor(
        _ name: String, _ dimensions: [UInt64], _ type: GGMLType = .f32, offset: UInt64? = nil
    ) {
        tensors.append(Tensor(name: name, dimensions: dimensions, type: type.rawValue, offset: offset))
    }

    static func array(_ type: GGUFValueType, _ count: UInt64, _ elements: [UInt8]) -> [UInt8] {
        number(UInt64(type.rawValue), 4) + number(count, 8) + elements
    }

    var bytes: [UInt8] {
        var head = Array("GGUF".utf8) + number(version, 4)
        head += number(claimedTensors ?? UInt64(tensors.count), 8)
        head += number(claimedItems ?? UInt64(items.count), 8)
        head += items.flatMap { $0 }
        var end = 0
        for tensor in tensors {
            let start = tensor.offset ?? UInt64(end)
            head += Self.text(tensor.name) + number(UInt64(tensor.dimensions.count), 4)
            head += tensor.dimensions.flatMap { number($0, 8) }
            head += number(UInt64(tensor.type), 4) + number(start, 8)
            if let start = Int(exactly: start), start < 1 << 20 { end = max(end, start + tensor.size) }
            end = (end + alignment - 1) / alignment * alignment
        }
        if let dataSize { return head + zeros(dataSize) }
        return head + zeros((alignment - head.count % alignment) % alignment + end)
    }
}
