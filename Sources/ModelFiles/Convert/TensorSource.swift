package import Tensors

/// Where a model to write comes from: its metadata and its tensors, whose elements are read, or made, when they
/// are wanted.
///
/// All of it may be called from several threads at once.
package protocol TensorSource: Sendable {
    /// What to call it in messages: a path as the user gave it.
    var name: String { get }

    /// The metadata, without what tells the files of a split model apart.
    var metadata: GGUFMetadata { get }

    /// The tensors, each with the type in which its elements are read.
    var tensors: [TensorDescription] { get }

    /// Reads elements of a tensor.
    /// - Parameters:
    ///   - elements: counted from the tensor's first; both ends are multiples of the type's block length. They are
    ///     whole rows, but of rows that are longer than a slab.
    ///   - index: the tensor's place in ``tensors``.
    ///   - bytes: room for exactly these elements in the tensor's type.
    func read(_ elements: Range<Int>, of index: Int, into bytes: inout MutableSpan<UInt8>) throws

    /// Hears that elements will be read soon, so that the disk may begin.
    func willRead(_ elements: Range<Int>, of index: Int)

    /// What tells for certain that a tensor's bytes are those that were read before; `nil` where nothing does.
    func identity(of index: Int) -> String?

    /// Checks, when all was read, that it was one and the same model all the time.
    /// - Throws: ``ReadFailure/changed(path:)``.
    func checkUnchanged() throws
}

extension TensorSource {
    /// Nothing is known of what is computed from several files.
    package func identity(of index: Int) -> String? { nil }
}

extension TensorDescription {
    /// The number of elements; the dimensions are those of a tensor that has a size.
    var elementCount: Int { dimensions.reduce(1, &*) }

    /// The number of elements in a row, along which blocks are stored.
    var rowLength: Int { dimensions.first ?? 1 }

    /// The size in bytes of so many elements.
    package func byteCount(_ elements: Int) -> Int { elements / type.blockLength * type.blockSize }
}
