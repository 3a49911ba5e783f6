package import Formats

/// The index of a model in several files, `model.safetensors.index.json` and its kin: an object whose
/// `weight_map` states for every tensor in which file it is stored (transformers, and the same for `.bin`, `.h5`
/// and `.msgpack`).
package enum ShardIndex {
    /// The files that the index names, each once, in the order of their bytes.
    ///
    /// The names are relative to the index's directory and come from the file: check them before use.
    /// - Throws: where the bytes are not JSON, have no `weight_map`, or one of its values is not a string.
    package static func fileNames(_ bytes: Span<UInt8>) throws(FormatError) -> [String] {
        var names: Set<ExactName>?
        var cursor = JSONCursor(depthLeft: 128, nonFinite: true)
        cursor.skipWhiteSpace(bytes)
        try cursor.eachMember(bytes) { (cursor, name, _) throws(FormatError) in
            guard name.hasSameBytes(as: "weight_map") else { return try cursor.skipValue(bytes) }
            var found: Set<ExactName> = []
            try cursor.eachMember(bytes) { (cursor, _, _) throws(FormatError) in
                found.insert(ExactName(try cursor.quotedString(bytes, "expected a file's name in quotes")))
            }
            names = found
        }
        cursor.skipWhiteSpace(bytes)
        guard cursor.position == bytes.count else {
            throw FormatError("expected the end of the JSON document", at: cursor.position)
        }
        guard let names else { throw FormatError("the index has no weight_map", at: 0) }
        return names.sorted().map(\.text)
    }
}
