import Formats
import Storage

/// SHA-256 in hexadecimal, for tests whose expected values are digests.
@Sendable func sha256(_ bytes: [UInt8]) throws(ConversionError) -> String {
    do throws(HashingFailure) {
        return try ContentHasher.sha256(bytes.span).hex
    } catch {
        throw ConversionError(.hashingFailed, error.description)
    }
}
