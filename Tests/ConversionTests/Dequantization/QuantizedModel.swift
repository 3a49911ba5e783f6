import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// Stored tensors that are in memory.
struct MemoryTensors: StoredTensors {
    let tensors: [CheckpointTensor]
    let bytes: [[UInt8]]

    func read(_ elements: Range<Int>, of tensor: Int, into room: inout MutableSpan<UInt8>) throws {
        let size = tensors[tensor].dtype.bitsPerElement / 8
        #expect(room.count == elements.count * size)
        let start = elements.lowerBound * size
        for place in 0..<room.count { room[place] = bytes[tensor][start + place] }
    }
}

/// A quantized model of a few tensors in memory.
struct QuantizedModel {
    var config: JSON
    var files = ModelDocuments()
    var stored: MemoryTensors

    /// Tensors of zeros, or of the bytes given.
    init(
        _ quantization: JSON, _ tensors: [(String, DType, [Int])], architecture: String = "LlamaForCausalLM",
        bytes: [String: [UInt8]] = [:]
    ) {
        config = ["architectures": [.string(architecture)], "quantization_config": quantization]
        let described = tensors.map { CheckpointTensor(name: $0.0, shape: $0.2, dtype: $0.1) }
        stored = MemoryTensors(
            tensors: described,
            bytes: described.map { tensor in
                let size = tensor.elementCount * tensor.dtype.bitsPerElement / 8
                return bytes[tensor.name] ?? [UInt8](repeating: 0, count: size)
            })
    }

    func dequantization() throws(ConversionError) -> Dequantization {
        var contents: [Int: [UInt8]] = [:]
        for index in Dequantization.needed(stored.tensors) { contents[index] = stored.bytes[index] }
        return try Dequantization(ModelConfig(config), files, stored.tensors, contents: contents)
    }

    /// Why it cannot be undone; `nil` where it can.
    var error: ConversionError? {
        do throws(ConversionError) {
            _ = try dequantization()
            return nil
        } catch {
            return error
        }
    }

    /// The bytes of a tensor without quantization: of plain ones as they are stored.
    func bytes(_ tensor: Dequantization.Tensor) throws -> [UInt8] {
        switch tensor.content {
        case .stored(let index): return stored.bytes[index]
        case .blocks(let blocks):
            let (length, size) = (blocks.type.blockLength, blocks.type.blockSize)
            let count = tensor.tensor.elementCount / length
            var bytes = [UInt8](repeating: 0, count: count * size)
            var room = bytes.mutableSpan
            // In two parts, which may be any.
            for part in [0..<count / 3, count / 3..<count] {
                var target = room._mutatingExtracting(part.lowerBound * size..<part.upperBound * size)
                try blocks.read(part, of: stored, into: &target)
            }
            return bytes
        case .computed(let computed):
            let count = tensor.tensor.elementCount
            let step = computed.tileLength > 1 ? computed.tileLength : 37
            let whole = try floats(0..<count, computed)
            var parts: [Float] = []
            for start in stride(from: 0, to: count, by: step) {
                parts += try floats(start..<min(start + step, count), computed)
            }
            #expect(parts.map(\.bitPattern) == whole.map(\.bitPattern), "\(tensor.tensor.name) in parts")
            return whole.flatMap { number in
                (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * $0)) }
            }
        }
    }

    func floats(_ elements: Range<Int>, _ tensor: some DequantizedTensor) throws -> [Float] {
        var floats = [Float](repeating: .nan, count: elements.count)
        var room = floats.mutableSpan
        try tensor.compute(elements, of: stored, into: &room)
        return floats
    }
}

extension QuantizedModel {
    /// Reads a case that `Tests/Interop/quantized_cases.py` wrote.
    init(case json: JSON) throws {
        config = try #require(json["config"])
        for member in json["files"]?.members ?? [] {
            files[RelativePath(checked: member.key)] = Array(member.value.compactText.utf8)
        }
        let lines = try #require(json["tensors"]?.array).map { try #require($0.array) }
        stored = MemoryTensors(
            tensors: try lines.map { line in
                CheckpointTensor(
                    name: try #require(line[0].string),
                    shape: try #require(line[2].array).compactMap(\.integer),
                    dtype: try #require(line[1].string.flatMap(DType.init)))
            }, bytes: try lines.map { try #require($0[3].string.flatMap { Base64.bytes($0) }) })
    }
}
