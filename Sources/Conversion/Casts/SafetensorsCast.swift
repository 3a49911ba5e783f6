package import Formats
package import Tensors

/// What a cast makes of one safetensors file: the same tensors under the same names, each of floating point in
/// another type.
package struct SafetensorsCast: Sendable {
    /// One tensor.
    package struct Tensor: Equatable, Sendable {
        /// The name.
        package let name: String
        /// The dimensions, outermost first.
        package let shape: [Int]
        /// The type in the file to read.
        package let from: DType
        /// The type in the file to write; the same where the bytes are copied.
        package let to: DType
        /// Where it is in the file to read.
        package let source: Range<Int>
        /// Where it goes in the file to write.
        package let target: Range<Int>
    }

    /// The tensors in the order in which they are in the file to write.
    package let tensors: [Tensor]
    /// The file to write.
    package let layout: SafetensorsLayout

    /// The size of all tensors in bytes, after the cast.
    package var tensorBytes: Int { layout.fileSize - layout.header.count }

    /// Plans the cast of one file.
    ///
    /// Tensors keep their order and `__metadata__` is kept. Only where a tensor would come to be at a place that is
    /// no multiple of its element's size, which torch does not read and no gap may mend, the tensors are put in the
    /// order of their elements' sizes, the largest first and otherwise as they were: the order in which the
    /// `safetensors` package writes.
    /// - Parameter type: what floating-point tensors become; `nil` where all stay.
    /// - Throws: where the result would be larger than `Int` can say.
    package init(_ header: SafetensorsHeader, to type: CastType?) throws(FormatError) {
        func result(_ dtype: DType) -> DType {
            CastType.isCast(dtype) ? type?.dtype ?? dtype : dtype
        }
        func layout(_ order: [Int]) throws(FormatError) -> SafetensorsLayout {
            try SafetensorsLayout(
                tensors: order.map { index in
                    let tensor = header.tensors[index]
                    return SafetensorsLayout.Tensor(
                        name: tensor.name, dtype: result(tensor.dtype), shape: tensor.shape)
                }, metadata: header.metadata)
        }
        var order = Array(header.tensors.indices)
        var planned = try layout(order)
        let isAligned = zip(order, planned.tensors).allSatisfy { index, place in
            let size = max(1, result(header.tensors[index].dtype).bitsPerElement / 8)
            return place.lowerBound.isMultiple(of: size)
        }
        if !isAligned {
            func bits(_ index: Int) -> Int { result(header.tensors[index].dtype).bitsPerElement }
            order.sort { bits($0) == bits($1) ? $0 < $1 : bits($0) > bits($1) }
            planned = try layout(order)
        }
        self.layout = planned
        tensors = zip(order, planned.tensors).map { index, place in
            let tensor = header.tensors[index]
            let start = header.dataStart
            return Tensor(
                name: tensor.name, shape: tensor.shape, from: tensor.dtype, to: result(tensor.dtype),
                source: tensor.bytes.lowerBound + start..<tensor.bytes.upperBound + start, target: place)
        }
    }
}
