package import Formats

/// What the header of a GGUF file states (ggml's format for models; versions 2 and 3, little-endian): its
/// metadata, and names, types, dimensions and places of its tensors.
///
/// The file is `GGUF`, the version (32 bits), the numbers of tensors and of metadata items (64 bits each),
/// the items, the tensors' descriptions, zeros up to a multiple of the alignment, and the tensors' bytes, each
/// tensor at a multiple of the alignment. Gaps between tensors, any order of them and bytes after the last
/// are *not* errors. Long names and five to eight dimensions, which ggml itself refuses and files for image
/// models have, are none either.
///
/// Memory: the header's bytes stay with the caller; strings and names are copied once, and a tensor takes
/// about 400 bytes while it is checked, so that no file can cost more than some 250 MB with the header's bytes.
/// Arrays cost nothing.
package struct GGUFHeader: Equatable, Sendable {
    /// One name and value of the metadata.
    package struct Item: Equatable, Sendable {
        /// The name, unique in the file, as `general.architecture`.
        package let key: String
        /// The value.
        package let value: GGUFValue
        /// Where the whole item is stored, from its key's length to its value's end, in bytes from the start of
        /// the file: what a copy of it has to write.
        package let bytes: Range<Int>
    }

    /// One tensor.
    package struct Tensor: Equatable, Sendable {
        /// The name, unique in the file by its UTF-8 bytes; any text, so never a path to write to.
        package let name: String
        /// The numbers of elements, the fastest varying dimension first; empty for a single element.
        package let dimensions: [Int]
        /// The type of the elements.
        package let type: GGMLType
        /// Where the bytes are stored, counted from ``GGUFHeader/dataStart``; without the padding.
        package let bytes: Range<Int>

        /// The number of elements: the product of the dimensions.
        package var elementCount: Int { bytes.count / type.blockSize * type.blockLength }
    }

    /// A header, or how much more of the file it takes to read it.
    package enum Parsing: Equatable, Sendable {
        /// The header.
        case complete(GGUFHeader)
        /// The prefix is too short: the header has at least this many bytes from the start of the file,
        /// which is more than the prefix has and not more than the file has.
        case needsMore(atLeast: Int)
    }

    /// The longest header in bytes that is allowed; those of large vocabularies have about 20 million.
    package static let maximumLength = 64 << 20
    /// The most tensors that are allowed; models have some thousand at most, as experts are in one tensor.
    package static let maximumTensorCount = 250_000
    /// The most metadata items that are allowed; models have about 40.
    package static let maximumItemCount = 65_536
    /// The longest name of an item or a tensor in bytes.
    package static let maximumNameLength = 65_535
    /// The most dimensions of a tensor.
    package static let maximumDimensionCount = 8
    /// How deep arrays may nest.
    package static let maximumDepth = 8
    /// The alignment in bytes where no item `general.alignment` states another.
    package static let defaultAlignment = 32

    /// The format's version: 2 or 3, which differ in name only.
    package let version: Int
    /// The metadata in the file's order.
    package let items: [Item]
    /// The tensors in the order of their descriptions, which is nearly always that of their bytes.
    package let tensors: [Tensor]
    /// The alignment in bytes: a power of two.
    package let alignment: Int
    /// Where the tensors' descriptions are stored, in bytes from the start of the file.
    package let descriptions: Range<Int>
    /// Where the tensors' bytes start, in bytes from the start of the file; past its end at times where
    /// there is no tensor.
    package let dataStart: Int

    /// The value of a metadata item, or `nil` if there is none of that name.
    package subscript(key: String) -> GGUFValue? {
        items.first { $0.key.hasSameBytes(as: key) }?.value
    }

    /// Reads the header and checks every promise of the format that can be checked without the tensors.
    /// - Parameters:
    ///   - start: the first bytes of the file, as many as were read so far.
    ///   - fileSize: the file's length in bytes.
    /// - Returns: the header, or how many bytes it takes at least. Reading starts at the beginning each
    ///   time, so that the prefix should grow by a factor.
    /// - Throws: with the place in the file: another format or version, a count or a length that cannot be
    ///   true or passes a limit, a name that is not UTF-8 or occurs twice, an unknown type, a size that
    ///   passes 63 bits, a tensor that is not aligned, overlaps another, or ends past the file.
    package static func parse(_ start: Span<UInt8>, fileSize: Int) throws(FormatError) -> Parsing {
        let bytes = start.extracting(first: max(0, fileSize))
        var reader = GGUFHeaderReader(fileSize: fileSize)
        do throws(HeaderStop) {
            return .complete(try reader.read(bytes))
        } catch {
            switch error {
            case .malformed(let error): throw error
            case .needsMore(let end): return .needsMore(atLeast: end)
            }
        }
    }
}
