public import Tensors

extension ModelTraits {
    /// Reads the traits out of a GGUF file's metadata.
    /// - Parameters:
    ///   - header: the file's header; of several files the first's.
    ///   - bytes: the bytes that the header was read from, from the start of the file.
    ///   - overrides: `--override-kv`, which changes the traits too; of two of one name the first counts.
    /// - Throws: where the architecture or the number of blocks is missing, or a value cannot be.
    public init(
        header: GGUFHeader, bytes: Span<UInt8>, overrides: [MetadataOverride] = []
    ) throws(QuantizationError) {
        throw QuantizationError("not yet")
    }
}
