import TestSupport

@testable import Formats
@testable import Manifests
@testable import ModelFiles
@testable import Storage
@testable import Tensors

/// Small models for tests.
enum ModelSample {
    /// A tensor with its bytes.
    struct Tensor {
        let description: TensorDescription
        let bytes: [UInt8]

        /// A tensor of floats that count up from a number.
        init(_ name: String, _ dimensions: [Int], from start: Float = 0) {
            description = TensorDescription(name: name, dimensions: dimensions, type: .f32)
            let count = dimensions.reduce(1, *)
            bytes = (0..<count).flatMap { Tensor.bytes(of: start + Float($0) / 8) }
        }

        /// A tensor of any bytes.
        init(_ name: String, _ dimensions: [Int], _ type: GGMLType, _ bytes: [UInt8]) {
            description = TensorDescription(name: name, dimensions: dimensions, type: type)
            self.bytes = bytes
        }

        static func bytes(of value: Float) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) }
        }
    }

    /// The bytes of a GGUF file.
    static func file(
        _ tensors: [Tensor], alignment: Int = 32, items: [(String, GGUFContent)] = []
    ) throws -> [UInt8] {
        var writer = GGUFHeaderWriter(alignment: alignment)
        for (key, value) in items { writer.add(key, value) }
        let layout = try writer.finish(tensors: tensors.map(\.description))
        var bytes = layout.header + [UInt8](repeating: 0, count: layout.fileSize - layout.header.count)
        for (place, tensor) in zip(layout.tensors, tensors) {
            bytes.replaceSubrange(place, with: tensor.bytes)
        }
        return bytes
    }

    /// Writes the files of a split model and returns the first one's path.
    static func writeSplit(
        _ files: [[Tensor]], _ stem: String, tensorCount: Int? = nil, count: Int? = nil
    ) throws -> String {
        let count = count ?? files.count
        for (number, tensors) in files.enumerated() {
            var items: [(String, GGUFContent)] =
                number == 0 ? [("general.architecture", .string("llama"))] : []
            items += [
                ("split.no", .uint16(UInt16(number))), ("split.count", .uint16(UInt16(count))),
                ("split.tensors.count", .int32(Int32(tensorCount ?? files.reduce(0) { $0 + $1.count }))),
            ]
            try writeFile(path(stem, number, of: count), file(tensors, items: items))
        }
        return path(stem, 0, of: count)
    }

    static func path(_ stem: String, _ number: Int, of count: Int) -> String {
        "\(stem)-0000\(number + 1)-of-0000\(count).gguf"
    }

    /// Everything that a source reads of a tensor.
    static func bytes(_ source: some TensorSource, _ index: Int) throws -> [UInt8] {
        let tensor = source.tensors[index]
        let count = tensor.dimensions.reduce(1, *)
        var bytes = [UInt8](repeating: 0, count: count / tensor.type.blockLength * tensor.type.blockSize)
        var span = bytes.mutableSpan
        try source.read(0..<count, of: index, into: &span)
        return bytes
    }
}
