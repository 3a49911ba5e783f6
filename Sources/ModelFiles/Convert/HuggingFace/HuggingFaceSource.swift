import Conversion
import Formats
import Manifests
import Synchronization
package import Tensors

/// A Hugging Face model as a GGUF would have it: every element is read, or computed, when it is wanted, so that there
/// is no file between the checkpoint and what is written.
package struct HuggingFaceSource: TensorSource {
    /// In which types elements are read.
    enum Types {
        /// Those that keep every number, to write a conversion.
        case lossless
        /// Those of the conversion, rounded as in its file, to quantize as if there was one.
        case written
    }

    /// The model as the user named it.
    package let name: String
    /// The metadata of the conversion.
    package let metadata: GGUFMetadata
    /// The tensors of the conversion, in its order.
    package let tensors: [TensorDescription]
    private let reader: TensorValueReader
    private let rooms = RoomPool()

    /// Takes a conversion whose elements come from a checkpoint, which stays open.
    /// - Throws: ``Diagnostics`` where the metadata cannot be written or elements are not numbers.
    init(
        _ conversion: HuggingFaceConversion, of checkpoint: any Checkpoint, name: String, as types: Types
    ) throws {
        self.name = name
        let reader = try TensorValueReader(conversion.tensors, of: checkpoint, name: name)
        self.reader = reader
        do throws(FormatError) {
            metadata = try GGUFMetadata(conversion.metadata.writer())
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .ggufMalformed, "\(name): the metadata cannot be written: \(error)",
                    fix: "check that the configuration and the tokenizer belong to this model"))
        }
        tensors = conversion.tensors.enumerated().map { index, tensor in
            var description = tensor.description
            if types == .lossless { description.type = reader.types[index] }
            return description
        }
    }

    /// Reads elements of a tensor.
    package func read(
        _ elements: Range<Int>, of index: Int, into bytes: inout MutableSpan<UInt8>
    ) throws {
        var room = rooms.take()
        defer { rooms.give(room) }
        let own = reader.types[index]
        guard own != tensors[index].type else {
            return try reader.read(elements, of: index, room: &room.values, into: &bytes)
        }
        try convert(elements, of: index, &room.values, &room.bytes, &room.converter, into: &bytes)
    }

    private func convert(
        _ elements: Range<Int>, of index: Int, _ room: inout TensorValueReader.Room, _ raw: inout [UInt8],
        _ converter: inout TensorConverter, into bytes: inout MutableSpan<UInt8>
    ) throws {
        var source = tensors[index]
        source.type = reader.types[index]
        let size = source.byteCount(elements.count)
        if raw.count < size { raw = [UInt8](repeating: 0, count: size) }
        var all = raw.mutableSpan
        var input = all._mutatingExtracting(0..<size)
        try reader.read(elements, of: index, room: &room, into: &input)
        let importance: [Float] = []
        let fault = try converter.convert(
            input.span, of: source, to: tensors[index].type, importance: importance.span, into: &bytes)
        if let fault { throw Diagnostics(fault.diagnostic(source, elements.lowerBound, in: name)) }
    }

    /// Lets the kernel begin to read elements.
    package func willRead(_ elements: Range<Int>, of index: Int) { reader.willRead(elements, of: index) }

    /// Checks that every file is as it was when it was opened.
    package func checkUnchanged() throws { try reader.checkUnchanged() }
}

/// What a call of ``HuggingFaceSource/read(_:of:into:)`` has of its own.
private struct Room {
    var values = TensorValueReader.Room()
    var bytes: [UInt8] = []
    var converter = TensorConverter()
}

/// Rooms that no call has now.
private final class RoomPool: Sendable {
    private let free = Mutex<[Room]>([])

    func take() -> Room {
        free.withLock { $0.popLast() } ?? Room()
    }

    func give(_ room: Room) {
        free.withLock { $0.append(room) }
    }
}
