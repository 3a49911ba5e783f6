@testable import Tokenizers

/// SHA-256 in hexadecimal, for tests whose expected values are digests.
func sha256(_ bytes: [UInt8]) -> String { SHA256.hexadecimal(bytes) }
