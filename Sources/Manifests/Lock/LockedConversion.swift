package import Formats
package import Storage

/// What made the files of an entry out of another one's: everything that decides on their bytes.
package struct LockedConversion: Hashable, Sendable {
    /// The version of the conversion (``ConversionRecipe/version``): it goes up whenever the same inputs and
    /// parameters would give other bytes.
    package let converter: Int
    /// The SHA-256 of one line for each file that is read, `["path","sha256"]` and a line feed, lines sorted by the
    /// paths' bytes; then in the same way of the files of each adapter, `[0,"path","sha256"]` with its place among them.
    package let inputs: SHA256Digest
    /// What is made, by the manifest's keys, sorted.
    package let parameters: [JSON.Member]

    /// Records the converter's version, the digest of all inputs, and the parameters.
    package init(converter: Int, inputs: SHA256Digest, parameters: [JSON.Member]) {
        self.converter = converter
        self.inputs = inputs
        self.parameters = parameters
    }

    /// The record in a lock.
    package var json: JSON {
        [
            "converter": .integer(converter), "inputs": .string(inputs.hex),
            "parameters": .object(parameters),
        ]
    }

    /// The name under which the results are kept: the SHA-256 of the record.
    package var key: SHA256Digest? { try? ContentHasher.sha256(Array(json.compactText.utf8).span) }

    /// "dtype f16 of 0123456789ab", for people.
    package var text: String {
        // A digest of others tells people nothing, and what was measured is too much.
        let hidden = ["shared-by", "calibrated"]
        let shown = parameters.filter { !hidden.containsExactly($0.key) }
        let words = shown.map { "\($0.key) \($0.value.string ?? $0.value.compactText)" }
        return "\(words.joined(separator: ", ")) of \(inputs.hex.prefix(12))"
    }
}
