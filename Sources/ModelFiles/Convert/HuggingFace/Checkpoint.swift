import Conversion
import Formats
import Storage
import Tensors

/// The tensors of a model as they were saved, or as what saved them is undone: where the elements that a conversion
/// wants come from. A format of weights is one of these.
///
/// All of it may be called from several threads at once.
protocol Checkpoint: Sendable {
    /// The tensors in the order in which they are converted.
    var tensors: [CheckpointTensor] { get }

    /// Reads elements of a tensor.
    /// - Parameters:
    ///   - elements: counted from the tensor's first, in row-major order; of a tensor with a block type both ends are
    ///     multiples of the block's length.
    ///   - index: the tensor's place in ``tensors``.
    ///   - bytes: room for exactly these elements in the tensor's `dtype`, or for their blocks.
    func read(_ elements: Range<Int>, of index: Int, into bytes: inout MutableSpan<UInt8>) throws

    /// Hears that elements will be read soon, so that the disk may begin.
    func willRead(_ elements: Range<Int>, of index: Int)

    /// Checks, when all was read, that no file has changed.
    /// - Throws: `ReadFailure.changed`.
    func checkUnchanged() throws
}

extension CheckpointTensor {
    /// The number of elements that are read at least: one, or a block's.
    var unitLength: Int { blockType?.blockLength ?? 1 }

    /// The size of a unit in bytes.
    var unitSize: Int { blockType?.blockSize ?? dtype.bitsPerElement / 8 }
}

/// A tensor's place in a file.
struct StoredTensor: Sendable {
    /// The tensor's name, shape and type.
    let tensor: CheckpointTensor
    /// The file's place in the list of files.
    let file: Int
    /// Where the elements are in the file, one after the other.
    let bytes: Range<Int>
}

/// Tensors that are stored as they are in files that stay open.
package struct StoredCheckpoint: Checkpoint {
    let tensors: [CheckpointTensor]
    private let places: [StoredTensor]
    private let files: [OpenInput]

    /// Takes tensors by the places of their files in a list of open ones, in the order in which they are
    /// converted.
    init(_ places: [StoredTensor], in files: [OpenInput]) {
        self.places = places
        self.files = files
        tensors = places.map(\.tensor)
    }

    func read(_ elements: Range<Int>, of index: Int, into bytes: inout MutableSpan<UInt8>) throws {
        let range = range(elements, of: index)
        precondition(bytes.count == range.count)
        let file = files[places[index].file]
        guard try file.handle.read(into: &bytes, at: range.lowerBound) == range.count else {
            throw ReadFailure.changed(path: file.handle.path)
        }
    }

    func willRead(_ elements: Range<Int>, of index: Int) {
        files[places[index].file].handle.willRead(range(elements, of: index))
    }

    private func range(_ elements: Range<Int>, of index: Int) -> Range<Int> {
        let place = places[index]
        let (length, size) = (place.tensor.unitLength, place.tensor.unitSize)
        let start = place.bytes.lowerBound + elements.lowerBound / length * size
        let end = start + elements.count / length * size
        precondition(elements.lowerBound >= 0 && end <= place.bytes.upperBound)
        return start..<end
    }

    func checkUnchanged() throws {
        for file in files { try file.checkUnchanged() }
    }
}

/// A file to convert that stays open.
final class OpenInput: Sendable {
    /// The path in the model's directory.
    let path: RelativePath
    /// The file, open for reading.
    let handle: FileHandle
    /// What the file was when it was opened: size, times, inode.
    let status: FileStatus

    /// Opens a file and takes its status.
    /// - Throws: what opening throws, where it is not there or cannot be read.
    init(_ input: ConversionInput) throws {
        path = input.path
        handle = try input.open()
        status = try handle.status()
    }

    /// Checks that the file is what it was when it was opened.
    /// - Throws: `ReadFailure.changed`.
    func checkUnchanged() throws {
        guard try handle.status() == status else { throw ReadFailure.changed(path: handle.path) }
    }
}
