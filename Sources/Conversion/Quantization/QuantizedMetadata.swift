public import Tensors

/// The metadata of a quantized file: what is kept of the source's, what is removed, and what is appended.
public struct QuantizedMetadata: Equatable, Sendable {
    /// One item, ready to be written: GGUF's bytes of key, type and value.
    public struct Item: Equatable, Sendable {
        /// The item's name.
        public let key: String
        /// Where its bytes are.
        public let content: Content
    }

    /// Where an item's bytes are.
    public enum Content: Equatable, Sendable {
        /// In the source's header, in bytes from the start of the file.
        case source(Range<Int>)
        /// Here.
        case bytes([UInt8])
    }

    /// The items in the order of the file to write.
    public let items: [Item]
    /// The alignment in bytes that the items say; 32 where none does.
    public let alignment: Int

    /// Decides on the items.
    /// - Parameters:
    ///   - header: the source's header; of several files the first's.
    ///   - bytes: the bytes that the header was read from, from the start of the file.
    ///   - fileType: what `general.file_type` becomes: see ``fileType(of:for:tensors:overrides:)``.
    ///   - overrides: `--override-kv`, in the order given.
    ///   - imatrix: the importance matrix after filtering, and its file's name as it was given.
    /// - Throws: where `bytes` is not what the header was found in, or an override breaks the file.
    public init(
        header: GGUFHeader, bytes: Span<UInt8>, fileType: UInt32, overrides: [MetadataOverride] = [],
        imatrix: (matrix: Imatrix, file: String)? = nil
    ) throws {
        throw QuantizationError("not yet")
    }

    /// The items that tell the files of a split apart: appended to the first file's, and alone in the others.
    /// - Parameter number: the file's, from 0.
    public static func split(number: Int, of count: Int, tensorCount: Int) -> [Item] { [] }

    /// What `general.file_type` becomes: the type's number, and for `COPY` the source's, or a guess out of its
    /// tensors.
    public static func fileType(
        of type: QuantizationType, header: GGUFHeader, tensors: [TensorDescription],
        overrides: [MetadataOverride] = []
    ) -> UInt32 { type.fileType }
}
