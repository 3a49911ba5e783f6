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
        try files[places[index].file].read(into: &bytes, at: range.lowerBound)
    }

    func willRead(_ elements: Range<Int>, of index: Int) {
        files[places[index].file].willRead(range(elements, of: index))
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
    /// The size in bytes when it was opened.
    let size: Int
    private let content: Content

    private enum Content {
        case file(Opened)
        case elsewhere(any WeightFile)
    }

    private final class Opened: Sendable {
        let handle: FileHandle
        let status: FileStatus

        init(_ input: ConversionInput) throws {
            handle = try input.open()
            status = try handle.status()
        }
    }

    /// Opens a file, and of one on the disk takes its status: size, times, inode.
    /// - Throws: what opening throws, where it is not there or cannot be read.
    init(_ input: ConversionInput) throws {
        path = input.path
        if let file = input.content {
            content = .elsewhere(file)
            size = file.size
        } else {
            let opened = try Opened(input)
            content = .file(opened)
            size = opened.status.size
        }
    }

    /// Reads from a place on until the room is full.
    /// - Throws: where it cannot be read, or ends before.
    func read(into room: inout MutableSpan<UInt8>, at offset: Int) throws {
        switch content {
        case .file(let opened):
            guard try opened.handle.read(into: &room, at: offset) == room.count else {
                throw ReadFailure.changed(path: opened.handle.path)
            }
        case .elsewhere(let file): try file.read(into: &room, at: offset)
        }
    }

    /// The bytes of a range, all of which the file has.
    func bytes(_ range: Range<Int>) throws -> [UInt8] {
        switch content {
        case .file(let opened): try opened.handle.bytes(range)
        case .elsewhere(let file): try file.bytes(range)
        }
    }

    /// Hears that bytes will be read soon, so that the disk may begin.
    func willRead(_ range: Range<Int>) {
        if case .file(let opened) = content { opened.handle.willRead(range) }
    }

    /// Checks that the file is what it was when it was opened.
    /// - Throws: `ReadFailure.changed`.
    func checkUnchanged() throws {
        guard case .file(let opened) = content else { return }
        guard try opened.handle.status() == opened.status else {
            throw ReadFailure.changed(path: opened.handle.path)
        }
    }
}
