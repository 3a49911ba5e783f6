package import Formats

/// Writes the header of a GGUF file (version 3, little-endian): metadata items in the order in which they are
/// added, then the tensors, which are behind it in the same order, each at a multiple of the alignment, with
/// zeros up to the next multiple behind the header and behind every tensor, also the last.
package struct GGUFHeaderWriter: Sendable {
    private static let version: UInt32 = 3

    /// Everything up to the tensors' descriptions; the counts are put in at the end.
    private var bytes: [UInt8] = []
    private var itemCount: UInt64 = 0
    private let alignment: Int
    private let padsWithoutTensors: Bool

    /// Starts a header without items.
    /// - Parameters:
    ///   - alignment: in bytes, a power of two. Other than 32 it has to be said by an item `general.alignment` as
    ///     well, which is the caller's business.
    ///   - padsWithoutTensors: whether there are zeros behind the header of a file that has no tensors, as
    ///     llama.cpp writes it; convert_hf_to_gguf.py ends a vocabulary with its last item.
    package init(alignment: Int = GGUFHeader.defaultAlignment, padsWithoutTensors: Bool = true) {
        precondition(alignment > 0 && alignment.nonzeroBitCount == 1)
        self.alignment = alignment
        self.padsWithoutTensors = padsWithoutTensors
        bytes += Array("GGUF".utf8)
        bytes.appendLittleEndian(Self.version)
        bytes.appendLittleEndian(UInt64(0))
        bytes.appendLittleEndian(UInt64(0))
    }

    /// Adds an item. That its name is new is the caller's business.
    package mutating func add(_ key: String, _ value: GGUFContent) {
        bytes.appendGGUFString(key.utf8)
        value.append(to: &bytes)
        itemCount += 1
    }

    /// Adds items of another file as they are, or what was made of them: whole items in GGUF's bytes, one after
    /// the other.
    /// - Parameters:
    ///   - items: the bytes of key, type and value of each item.
    ///   - count: the number of items. That it is true is the caller's business.
    package mutating func add(encoded items: Span<UInt8>, count: Int = 1) {
        for index in items.indices { bytes.append(items[index]) }
        itemCount += UInt64(count)
    }

    /// Finishes the header.
    /// - Parameter tensors: in the order in which they are stored.
    /// - Throws: with the tensor's name where a tensor has no size in bytes (see
    ///   ``GGMLType/byteCount(dimensions:)``), more dimensions than a reader takes, or ends past `Int.max`.
    package consuming func finish(tensors: [TensorDescription]) throws(FormatError) -> GGUFLayout {
        bytes.setLittleEndian(UInt64(tensors.count), at: 8)
        bytes.setLittleEndian(itemCount, at: 16)
        var offset = 0
        var offsets: [Range<Int>] = []
        offsets.reserveCapacity(tensors.count)
        for tensor in tensors {
            guard let size = tensor.type.byteCount(dimensions: tensor.dimensions),
                tensor.dimensions.count <= GGUFHeader.maximumDimensionCount,
                let next = end(of: offset, size)
            else {
                throw FormatError(
                    "tensor \(tensor.name.quoted) cannot be written as \(tensor.type.name) of dimensions "
                        + "\(tensor.dimensions)", at: bytes.count)
            }
            bytes.appendGGUFString(tensor.name.utf8)
            bytes.appendLittleEndian(UInt32(tensor.dimensions.count))
            for dimension in tensor.dimensions { bytes.appendLittleEndian(UInt64(dimension)) }
            bytes.appendLittleEndian(tensor.type.rawValue)
            bytes.appendLittleEndian(UInt64(offset))
            offsets.append(offset..<offset + size)
            offset = next
        }
        // An alignment of gigabytes costs no memory: the zeros are never written.
        let isPadded = padsWithoutTensors || !tensors.isEmpty
        guard let start = isPadded ? end(of: 0, bytes.count) : bytes.count,
            case let (size, overflow) = start.addingReportingOverflow(offset),
            !overflow
        else { throw FormatError("the file is larger than 63 bits can hold", at: bytes.count) }
        return GGUFLayout(
            header: bytes, tensors: offsets.map { $0.lowerBound + start..<$0.upperBound + start },
            fileSize: size)
    }

    /// Where the next tensor starts; `nil` past `Int.max`.
    private func end(of offset: Int, _ size: Int) -> Int? {
        let (end, overflow) = offset.addingReportingOverflow(size)
        let (padded, second) = end.addingReportingOverflow((alignment - end % alignment) % alignment)
        return overflow || second ? nil : padded
    }
}

/// A GGUF file to write: its header, and where each tensor's bytes go. What is between is zeros.
package struct GGUFLayout: Equatable, Sendable {
    /// The first bytes of the file, up to the end of the tensors' descriptions.
    package let header: [UInt8]
    /// Where each tensor's bytes are stored, in the order of the tensors, from the start of the file.
    package let tensors: [Range<Int>]
    /// The file's size in bytes, with the zeros behind the last tensor.
    package let fileSize: Int
}

extension [UInt8] {
    fileprivate mutating func setLittleEndian(_ value: UInt64, at position: Int) {
        for index in 0..<8 { self[position + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
    }
}
