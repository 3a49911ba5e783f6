import Formats
import Storage
import Tensors

/// An importance matrix for ``ModelData``, in GGUF: a random number for each column of each matrix.
struct ImatrixData {
    /// The GGUF file.
    let path: String

    /// Makes the matrix anew.
    /// - Parameter tensors: the model's.
    init(directory: String, of tensors: [TensorDescription]) throws {
        path = "\(directory)/imatrix.gguf"
        try Directory.removeFile(path)
        let matrices = tensors.filter { $0.dimensions.count == 2 }
        var header = GGUFHeaderWriter()
        header.add("general.type", .string("imatrix"))
        header.add("imatrix.datasets", .strings(["noise"]))
        header.add("imatrix.chunk_count", .uint32(1))
        header.add("imatrix.chunk_size", .uint32(512))
        let layout = try header.finish(
            tensors: matrices.flatMap { matrix in
                [
                    TensorDescription(
                        name: matrix.name + ".in_sum2", dimensions: [matrix.dimensions[0], 1], type: .f32),
                    TensorDescription(name: matrix.name + ".counts", dimensions: [1, 1], type: .f32),
                ]
            })
        let file = try FileHandle.creating(path)
        try file.resize(layout.fileSize)
        try file.write(layout.header.span, at: 0)
        for (number, place) in layout.tensors.enumerated() {
            let isCount = number % 2 == 1
            let values =
                isCount
                ? [1] : Noise.floats(place.count / 4, seed: UInt64(number)).map { $0.magnitude + 0.001 }
            let bytes = values.flatMap { value in
                (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32($0))) }
            }
            try file.write(bytes.span, at: place.lowerBound)
        }
    }
}
