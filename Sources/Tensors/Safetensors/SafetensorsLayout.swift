package import Formats

/// A safetensors file to write: its header, and where each tensor's bytes go.
///
/// The header is the one that the `safetensors` package writes for the same tensors in the same order: compact
/// JSON, `__metadata__` first, strings escaped as serde_json does it, spaces up to a multiple of 8.
package struct SafetensorsLayout: Equatable, Sendable {
    /// What the header states of a tensor, but for its place.
    package struct Tensor: Equatable, Sendable {
        /// The name.
        package var name: String
        /// The type of the elements.
        package var dtype: DType
        /// The dimensions, outermost first.
        package var shape: [Int]

        /// Describes a tensor.
        package init(name: String, dtype: DType, shape: [Int]) {
            self.name = name
            self.dtype = dtype
            self.shape = shape
        }
    }

    /// The first bytes of the file: the header's length, the header, and spaces.
    package let header: [UInt8]
    /// Where each tensor's bytes are stored, in the order of the tensors, from the start of the file.
    package let tensors: [Range<Int>]
    /// The file's size in bytes.
    package let fileSize: Int

    /// Lays out a file.
    /// - Parameters:
    ///   - tensors: in the order in which they are stored, without a gap.
    ///   - metadata: the items of `__metadata__` in their order; of a name that occurs twice the last one is
    ///     written, because readers take that one.
    /// - Throws: where a tensor has no size in whole bytes, where the file would have more than `Int.max` bytes,
    ///   or a header past ``SafetensorsHeader/maximumLength``.
    package init(
        tensors: [Tensor], metadata: [SafetensorsHeader.MetadataItem]
    ) throws(FormatError) {
        var text = HeaderText()
        text.open()
        let items = SafetensorsLayout.lastOfEachName(metadata)
        if !items.isEmpty {
            text.name("__metadata__")
            text.open()
            for item in items {
                text.name(item.name)
                text.string(item.value)
            }
            text.close()
        }
        var places: [Range<Int>] = []
        places.reserveCapacity(tensors.count)
        var end = 0
        for tensor in tensors {
            guard let size = SafetensorsLayout.byteCount(tensor.dtype, tensor.shape) else {
                throw FormatError(
                    "tensor \(tensor.name.quoted) has no size in bytes as \(tensor.dtype.rawValue) of shape "
                        + "\(tensor.shape)", at: text.bytes.count)
            }
            let (next, overflow) = end.addingReportingOverflow(size)
            guard !overflow else {
                throw FormatError("the file is larger than 63 bits can hold", at: text.bytes.count)
            }
            text.tensor(tensor, end..<next)
            places.append(end..<next)
            end = next
        }
        text.close()
        let length = (text.bytes.count + 7) / 8 * 8
        guard length <= SafetensorsHeader.maximumLength else {
            throw FormatError(
                "the header takes \(length) bytes; at most \(SafetensorsHeader.maximumLength) are allowed",
                at: 0)
        }
        var header = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        header += text.bytes
        header.append(contentsOf: repeatElement(0x20, count: length - text.bytes.count))
        let start = header.count
        let (size, overflow) = start.addingReportingOverflow(end)
        guard !overflow else { throw FormatError("the file is larger than 63 bits can hold", at: start) }
        self.header = header
        self.tensors = places.map { $0.lowerBound + start..<$0.upperBound + start }
        fileSize = size
    }

    /// The size of a tensor; `nil` where it does not fill whole bytes or does not fit `Int`.
    package static func byteCount(_ dtype: DType, _ shape: [Int]) -> Int? {
        if shape.contains(0) { return 0 }
        var bits = dtype.bitsPerElement
        for dimension in shape {
            let (product, overflow) = bits.multipliedReportingOverflow(by: dimension)
            guard !overflow, dimension > 0 else { return nil }
            bits = product
        }
        return bits.isMultiple(of: 8) ? bits / 8 : nil
    }

    private static func lastOfEachName(
        _ items: [SafetensorsHeader.MetadataItem]
    ) -> [SafetensorsHeader.MetadataItem] {
        var seen: Set<ExactName> = []
        return items.reversed().filter { seen.insert(ExactName($0.name)).inserted }.reversed()
    }
}

/// The JSON of a header while it grows.
private struct HeaderText {
    var bytes: [UInt8] = []
    private var needsComma = false

    mutating func open() {
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
    }

    mutating func close() {
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    mutating func name(_ name: String) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    mutating func tensor(_ tensor: SafetensorsLayout.Tensor, _ place: Range<Int>) {
        name(tensor.name)
        let shape = tensor.shape.map(String.init).joined(separator: ",")
        bytes += "{\"dtype\":\"\(tensor.dtype.rawValue)\",\"shape\":[\(shape)],".utf8
        bytes += "\"data_offsets\":[\(place.lowerBound),\(place.upperBound)]}".utf8
        needsComma = true
    }

    /// As serde_json writes strings: its short escapes, four hexadecimal digits for the other control
    /// characters below a space, and everything else as it is.
    mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += "\\\"".utf8
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case 0x08: bytes += "\\b".utf8
            case 0x09: bytes += "\\t".utf8
            case 0x0A: bytes += "\\n".utf8
            case 0x0C: bytes += "\\f".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                bytes += "\\u00\(digits.utf8.count == 1 ? "0" : "")\(digits)".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }
}
