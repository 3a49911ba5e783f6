package import Formats

/// The metadata of a model: a GGUF header with the bytes that it was read from, from the start of the file.
package struct GGUFMetadata: Sendable {
    /// The header.
    package let header: GGUFHeader
    /// The first bytes of the file, as many as the header has at least.
    package let bytes: [UInt8]

    /// Puts a header and the bytes that it was read from together.
    package init(header: GGUFHeader, bytes: [UInt8]) {
        self.header = header
        self.bytes = bytes
    }

    /// The metadata of a model that is no file yet.
    /// - Throws: where the items are not what a reader takes: a name twice, or too many of them.
    package init(_ items: consuming GGUFHeaderWriter) throws(FormatError) {
        let bytes = try items.finish(tensors: []).header
        guard case .complete(let header) = try GGUFHeader.parse(bytes.span, fileSize: bytes.count) else {
            throw FormatError("the header ends too early", at: bytes.count)
        }
        self.init(header: header, bytes: bytes)
    }

    /// The value of an item, or `nil` if there is none of that name.
    package subscript(key: String) -> GGUFValue? { header[key] }
}
