import Formats
package import Tensors

extension ModelFileReader {
    /// The format of a file of weights by its name and its start; `nil` for any other file, and where it cannot be read.
    /// - Parameter hasXML: whether a file of the same name with the suffix `.xml` is beside it.
    package func format(of file: ModelFile, hasXML: Bool) -> ModelFormat? {
        guard ModelFormat.isWeightLike(file.path) else {
            return ModelFormat.detect(path: file.path, head: [], hasXML: false)
        }
        guard let start = try? weights(file).start else { return nil }
        return ModelFormat.detect(path: file.path, head: start, hasXML: hasXML)
    }

    /// The header of a safetensors file; `nil` for a file of another format, and for a broken one.
    package func safetensors(_ file: ModelFile) -> SafetensorsHeader? {
        guard case .safetensors(let header)? = (try? weights(file))?.content else { return nil }
        return header
    }
}

extension SafetensorsHeader {
    /// The number of parameters and the dtypes of one file's tensors, the one with most bytes first.
    /// - Parameter packedBits: how many bits a quantized weight has where an integer holds several.
    package func summary(packedBits: Int?) -> (parameters: Int?, dtypes: [String]) {
        var summary = WeightSummary(packedBits: packedBits)
        summary.add(self)
        return (summary.parameters, summary.dtypes.map(\.rawValue))
    }
}
