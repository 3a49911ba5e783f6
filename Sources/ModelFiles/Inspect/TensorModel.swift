import Conversion
import Manifests
import ModelFacts
import Storage
package import Tensors

/// A model to look into: GGUF, one file or a split; safetensors or a PyTorch checkpoint, one file or the shards of
/// an index.
///
/// Reading elements may be done by several threads at once.
package struct TensorModel: Sendable {
    /// One tensor.
    package struct Tensor: Equatable, Sendable {
        /// The name in the file.
        package let name: String
        /// The dimensions, outermost first whatever the format's order; empty for a single element.
        package let shape: [Int]
        /// How the elements are stored.
        package let type: ElementType
        /// The file that has it: its place in ``TensorModel/paths``.
        package let file: Int
        /// Where its bytes are in the file, from the first to the last; with strides, others may be between.
        package let bytes: Range<Int>
        /// How far apart neighbours along each dimension are, in elements; `nil` where all are in order.
        package var strides: [Int]?

        /// The number of elements.
        package var count: Int { shape.contains(0) ? 0 : shape.reduce(1, &*) }
    }

    /// The formats that can be looked into.
    package enum Format: String, Sendable {
        /// By the names of their suffixes; `pytorch` is what `torch.save` writes since PyTorch 1.6, whatever
        /// it is called.
        case gguf, safetensors, pytorch
    }

    /// What the file is.
    package let format: Format
    /// The path as it was given.
    package let path: String
    /// The files that make it up, links resolved.
    package let paths: [String]
    /// The size of all files in bytes.
    package let size: Int
    /// The tensors, file after file: GGUF's and PyTorch's in the order of their descriptions, safetensors'
    /// in that of their bytes.
    package let tensors: [Tensor]
    /// GGUF's metadata; `nil` for other formats.
    package let gguf: GGUFMetadata?
    /// The headers of safetensors files, one a file; empty for other formats.
    package let safetensors: [SafetensorsHeader]
    /// What PyTorch checkpoints say, one a file; empty for other formats.
    package let pytorch: [TorchCheckpoint]

    private let handles: [OpenFile]

    /// The sizes of the files in bytes, in the order of ``paths``.
    package var sizes: [Int] { handles.map { $0.status.size } }

    /// Opens a model and reads its headers.
    /// - Parameter path: a `.gguf`, `.safetensors`, `.bin` or `.pt` file, the first file of a split GGUF, an index
    ///   of shards, or a directory with `model.safetensors`, `pytorch_model.bin` or an index. The content decides,
    ///   not the name.
    /// - Throws: ``Diagnostics`` where it cannot be read, or is neither.
    package init(path: String) throws {
        let start = try TensorModel.firstBytes(path)
        if start?.starts(with: "GGUF".utf8) ?? false {
            try self.init(gguf: GGUFModel.open(path: path))
        } else if let start, TorchShards.isTorch(start) {
            try self.init(torch: TorchShards.open(path: path, files: [path]))
        } else if let files = try TorchShards.files(of: path, isDirectory: start == nil) {
            try self.init(torch: TorchShards.open(path: path, files: files))
        } else {
            try self.init(shards: SafetensorsShards.open(path: path, isDirectory: start == nil))
        }
    }

    private init(gguf model: GGUFModel) throws {
        let opened = try model.paths.map { path throws(FileError) in try OpenFile(path: path) }
        format = .gguf
        path = model.name
        paths = model.paths
        size = opened.reduce(0) { $0 + $1.status.size }
        gguf = model.metadata
        safetensors = []
        pytorch = []
        tensors = zip(model.tensors, model.places).map { tensor, place in
            Tensor(
                name: tensor.name, shape: tensor.dimensions.reversed(), type: .ggml(tensor.type),
                file: place.file, bytes: place.bytes)
        }
        handles = opened
    }

    private init(shards: SafetensorsShards) {
        format = .safetensors
        path = shards.path
        paths = shards.files.map { $0.handle.path }
        size = shards.files.reduce(0) { $0 + $1.status.size }
        gguf = nil
        safetensors = shards.headers
        pytorch = []
        tensors = shards.headers.enumerated().flatMap { file, header in
            header.tensors.map { tensor in
                let start = header.dataStart
                return Tensor(
                    name: tensor.name, shape: tensor.shape, type: .safetensors(tensor.dtype), file: file,
                    bytes: start + tensor.bytes.lowerBound..<start + tensor.bytes.upperBound)
            }
        }
        handles = shards.files
    }

    private init(torch shards: TorchShards) {
        format = .pytorch
        path = shards.path
        paths = shards.files.map { $0.handle.path }
        size = shards.files.reduce(0) { $0 + $1.status.size }
        gguf = nil
        safetensors = []
        pytorch = shards.checkpoints
        tensors = shards.checkpoints.enumerated().flatMap { file, checkpoint in
            checkpoint.tensors.map { tensor in
                let view = TensorView(tensor: 0, offset: 0, shape: tensor.shape, strides: tensor.strides)
                return Tensor(
                    name: tensor.name, shape: tensor.shape, type: .safetensors(tensor.dtype), file: file,
                    bytes: tensor.bytes, strides: view.isContiguous ? nil : tensor.strides)
            }
        }
        handles = shards.files
    }

    /// The first bytes of a file; `nil` for a directory.
    private static func firstBytes(_ path: String) throws -> [UInt8]? {
        do throws(FileError) {
            let real = try Directory.realPath(named: path)
            let status = try FileStatus.status(of: real)
            if status.kind == .directory { return nil }
            return try FileHandle.named(path).bytes(0..<min(16, status.size))
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .modelUnreadable, "\(error)",
                    fix: error.remedy(), verdict: .undecided))
        }
    }

    /// Reads elements of a tensor as floats.
    /// - Parameters:
    ///   - elements: counted from the tensor's first; both ends are multiples of the type's block length.
    ///   - tensor: one of ``tensors``, of a type with ``ElementType/isNumeric``.
    ///   - scratch: room to read into, which grows as it is needed.
    ///   - output: as many floats as there are elements.
    package func read(
        _ elements: Range<Int>, of tensor: Tensor, scratch: inout [UInt8],
        into output: inout MutableSpan<Float>
    ) throws {
        if let strides = tensor.strides {
            return try gather(elements, of: tensor, strides, scratch: &scratch, into: &output)
        }
        let start = tensor.bytes.lowerBound + tensor.type.byteCount(elements.lowerBound)
        let count = tensor.type.byteCount(elements.count)
        precondition(count >= 0 && start + count <= tensor.bytes.upperBound && output.count == elements.count)
        if scratch.count < count { scratch = [UInt8](repeating: 0, count: count) }
        var all = scratch.mutableSpan
        var room = all._mutatingExtracting(0..<count)
        let file = handles[tensor.file]
        guard try file.handle.read(into: &room, at: start) == count else {
            throw ReadFailure.changed(path: file.handle.path)
        }
        tensor.type.floats(from: room.span, into: &output)
    }

    /// Reads elements that are apart.
    private func gather(
        _ elements: Range<Int>, of tensor: Tensor, _ strides: [Int], scratch: inout [UInt8],
        into output: inout MutableSpan<Float>
    ) throws {
        let size = tensor.type.byteCount(1)
        let view = TensorView(tensor: 0, offset: 0, shape: tensor.shape, strides: strides)
        guard size > 0, let gather = StridedReader(view, unitLength: 1, unitSize: size) else { return }
        let count = elements.count * size
        precondition(output.count == elements.count)
        if scratch.count < count { scratch = [UInt8](repeating: 0, count: count) }
        var all = scratch.mutableSpan
        var room = all._mutatingExtracting(0..<count)
        var staging: [UInt8] = []
        let (file, start, end) = (handles[tensor.file], tensor.bytes.lowerBound, tensor.bytes.upperBound)
        try gather.read(elements, staging: &staging, into: &room) { range, bytes in
            let place = start + range.lowerBound * size
            precondition(place >= start && place + bytes.count <= end)
            guard try file.handle.read(into: &bytes, at: place) == bytes.count else {
                throw ReadFailure.changed(path: file.handle.path)
            }
        }
        tensor.type.floats(from: room.span, into: &output)
    }
}
