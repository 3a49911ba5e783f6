/// Computes the SHA-256 of bytes as 64 lowercase hexadecimal digits.
///
/// It is handed in: the one implementation belongs to the module that hashes files, which this one does not import.
package typealias SHA256Function = @Sendable ([UInt8]) throws(ConversionError) -> String
