package import Storage
package import Tensors

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

    init(converter: Int, inputs: SHA256Digest, parameters: [JSON.Member]) {
        self.converter = converter
        self.inputs = inputs
        self.parameters = parameters
    }

    /// A conversion of files of an entry.
    /// - Parameters:
    ///   - files: those that are read, in the order of their paths' bytes.
    ///   - adapters: those of each adapter that is merged.
    init(
        _ recipe: any ConversionRecipe, of files: [LockedFile], adapters: [[LockedFile]] = []
    ) throws(HashingFailure) {
        var hasher = try ContentHasher()
        for file in files {
            let line = JSON.array([.string(file.path), .string(file.sha256.hex)]).compactText + "\n"
            try hasher.update(Array(line.utf8).span)
        }
        for (index, files) in adapters.enumerated() {
            for file in files {
                let fields: JSON = [.integer(index), .string(file.path), .string(file.sha256.hex)]
                try hasher.update(Array((fields.compactText + "\n").utf8).span)
            }
        }
        let inputs = try hasher.finish().sha256
        self.init(converter: recipe.version, inputs: inputs, parameters: recipe.parameters)
    }

    /// The record in a lock.
    var json: JSON {
        [
            "converter": .integer(converter), "inputs": .string(inputs.hex),
            "parameters": .object(parameters),
        ]
    }

    /// Whether this Knapsack would make the same of the same inputs.
    var isCurrent: Bool {
        let parameters = JSON.object(parameters)
        let request = ConversionRequest(
            from: "", value: { parameters[$0]?.string }, list: { parameters[$0]?.strings })
        return request?.recipe(for: "").version == converter
    }

    /// The name under which the results are kept: the SHA-256 of the record.
    var key: SHA256Digest? { try? ContentHasher.sha256(Array(json.compactText.utf8).span) }

    /// "dtype f16 of 0123456789ab", for people.
    package var text: String {
        let words = parameters.map { "\($0.key) \($0.value.string ?? $0.value.compactText)" }
        return "\(words.joined(separator: ", ")) of \(inputs.hex.prefix(12))"
    }
}
