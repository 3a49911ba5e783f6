package import Formats

/// What the header of a `.safetensors` file states: names, types, shapes and places of its tensors.
///
/// The file is the header's length N as 8 bytes, little-endian; N bytes of JSON; then the tensors' bytes
/// without a gap. Accepted and refused is what the `safetensors` package 0.8 accepts and refuses, but for
/// three accidents of its JSON library that no writer makes use of and that are refused here: a tensor
/// described by an array in place of an object, a dtype written as `{"F32":null}`, and a dimension past
/// `Int.max` beside a dimension of 0.
package struct SafetensorsHeader: Equatable, Sendable {
    /// One tensor.
    package struct Tensor: Equatable, Sendable {
        /// The name, unique in the file by its UTF-8 bytes; any text, so never a path to write to.
        package let name: String
        /// The type of the elements.
        package let dtype: DType
        /// The dimensions, outermost first; empty for a single element.
        package let shape: [Int]
        /// Where the bytes are stored, counted from ``SafetensorsHeader/dataStart``.
        package let bytes: Range<Int>

        /// The number of elements: the product of the dimensions.
        package var elementCount: Int {
            // The reader checked the product, but not that of a part of the dimensions beside a 0.
            shape.contains(0) ? 0 : shape.reduce(1, *)
        }
    }

    /// One name and text of `__metadata__`.
    package struct MetadataItem: Equatable, Sendable {
        /// The name; the last item of a name counts.
        package let name: String
        /// The text.
        package let value: String

        /// Makes an item.
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The size in bytes of the header's length in front of the header.
    package static let prefixLength = 8
    /// The longest header in bytes that is allowed.
    package static let maximumLength = 100_000_000

    /// The tensors in the order of their bytes.
    package let tensors: [Tensor]
    /// The items of `__metadata__` in the header's order; empty where the header has none.
    package let metadata: [MetadataItem]
    /// Where the first tensor's bytes start, from the start of the file.
    package let dataStart: Int
    /// Names that the header has more than once, of which readers take the last, in the header's order.
    package let duplicateNames: [String]

    /// The text of a metadata item, or `nil` if there is none of that name.
    package func metadata(_ name: String) -> String? {
        metadata.last { $0.name.hasSameBytes(as: name) }?.value
    }

    /// How many bytes from the start of the file ``parse(_:fileSize:)`` needs: 8 and the header's length.
    /// - Parameters:
    ///   - start: the first bytes of the file; only 8 are read.
    ///   - fileSize: the file's length in bytes.
    /// - Throws: where the file is too short for a header or for the length that it claims, or the length
    ///   is past ``maximumLength``.
    package static func dataStart(_ start: Span<UInt8>, fileSize: Int) throws(FormatError) -> Int {
        guard start.count >= prefixLength, fileSize >= prefixLength else {
            throw FormatError("a safetensors file has at least 8 bytes; this one has \(fileSize)", at: 0)
        }
        var length: UInt64 = 0
        for index in 0..<prefixLength { length |= UInt64(start[index]) << (8 * UInt64(index)) }
        guard length <= UInt64(maximumLength) else {
            throw FormatError(
                "the safetensors header claims \(length) bytes; at most \(maximumLength) are allowed", at: 0)
        }
        guard Int(length) <= fileSize - prefixLength else {
            throw FormatError(
                "the safetensors header claims \(length) bytes, but only \(fileSize - prefixLength) follow",
                at: 0)
        }
        return prefixLength + Int(length)
    }

    /// Reads the header and checks every promise of the format that can be checked without the tensors.
    /// - Parameters:
    ///   - start: the first bytes of the file, at least as many as ``dataStart(_:fileSize:)`` states.
    ///   - fileSize: the file's length in bytes.
    /// - Throws: with the place in the file: what is not JSON, a field that is missing, twice there or of a
    ///   wrong type, a gap or an overlap between tensors, a size that does not follow from dtype and shape,
    ///   bytes that belong to no tensor. Names that occur twice are *not* an error.
    package static func parse(
        _ start: Span<UInt8>, fileSize: Int
    ) throws(FormatError) -> SafetensorsHeader {
        let dataStart = try dataStart(start, fileSize: fileSize)
        guard start.count >= dataStart else {
            throw FormatError("the header ends too early", at: start.count)
        }
        var reader = SafetensorsHeaderReader()
        try reader.read(start.extracting(0..<dataStart))
        let dataSize = fileSize - dataStart
        let tensors = try reader.tensors(dataSize: dataSize)
        let end = tensors.last?.bytes.upperBound ?? 0
        guard end == dataSize else {
            throw FormatError(
                "the tensors cover \(end) bytes, but \(dataSize) follow the header", at: dataStart + end)
        }
        return SafetensorsHeader(
            tensors: tensors, metadata: reader.metadata, dataStart: dataStart,
            duplicateNames: reader.duplicateNames)
    }
}
