import Formats
package import Manifests
package import Storage

extension LockedConversion {
    /// A conversion of files of an entry.
    /// - Parameters:
    ///   - files: those that are read, in the order of their paths' bytes.
    ///   - adapters: those of each adapter that is merged.
    package init(
        _ recipe: any ConversionRecipe, of files: [LockedFile], adapters: [[LockedFile]] = []
    ) throws(HashingFailure) {
        var hasher = try ContentHasher()
        for file in files {
            let line = JSON.array([.string(file.path.text), .string(file.sha256.hex)]).compactText + "\n"
            try hasher.update(Array(line.utf8).span)
        }
        for (index, files) in adapters.enumerated() {
            for file in files {
                let fields: JSON = [.integer(index), .string(file.path.text), .string(file.sha256.hex)]
                try hasher.update(Array((fields.compactText + "\n").utf8).span)
            }
        }
        let inputs = try hasher.finish().sha256
        self.init(converter: recipe.version, inputs: inputs, parameters: recipe.parameters)
    }

    /// Whether this Knapsack would make the same of the same inputs.
    var isCurrent: Bool {
        let parameters = JSON.object(parameters)
        let request = ConversionRequest(
            from: "", value: { parameters[$0]?.string }, list: { parameters[$0]?.strings })
        return request?.recipe(for: "").version == converter
    }
}
