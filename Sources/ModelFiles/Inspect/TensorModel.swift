import Conversion
import Formats
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

        /// The same tensor under another name.
        fileprivate func named(_ name: String) -> Tensor {
            Tensor(name: name, shape: shape, type: type, file: file, bytes: bytes, strides: strides)
        }
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
    package private(set) var tensors: [Tensor]
    /// GGUF's metadata; `nil` for other formats.
    package let gguf: GGUFMetadata?
    /// The headers of safetensors files, one a file; empty for other formats.
    package let safetensors: [SafetensorsHeader]
    /// What PyTorch checkpoints say, one a file; empty for other formats.
    package let pytorch: [TorchCheckpoint]

    private let files: [any WeightFile]

    /// The sizes of the files in bytes, in the order of ``paths``.
    package var sizes: [Int] { files.map(\.size) }

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

    /// Reads the headers of a model whose files are wherever somebody can read them.
    ///
    /// Which of them are read together is decided as a conversion does it. Where two of them have a tensor of one name, as in
    /// variants of a model that are beside each other, the names of all begin with their file's path.
    /// - Throws: ``Diagnostics`` where a file cannot be read, or is of none of the formats.
    package init(_ model: WeightFiles) throws {
        let paths = try model.chosen()
        let opened = try paths.map(model.open)
        let start = try opened.first.map { try $0.bytes(0..<min(16, $0.size)) } ?? []
        if start.starts(with: "GGUF".utf8) {
            try self.init(gguf: opened, named: model.name, paths: paths.map(\.text))
        } else if TorchShards.isTorch(start) {
            self.init(torch: try TorchShards(path: model.name, files: opened))
        } else {
            self.init(shards: try SafetensorsShards(path: model.name, files: opened))
        }
        if format != .gguf { tensors = TensorModel.distinct(tensors, paths) }
    }

    /// The tensors, with names of which no two are equal.
    private static func distinct(_ tensors: [Tensor], _ paths: [RelativePath]) -> [Tensor] {
        var names: Set<ExactName> = []
        for tensor in tensors {
            names.insert(ExactName("\(paths[tensor.file].parent?.text ?? "")/\(tensor.name)"))
        }
        let isDistinct = names.count == tensors.count
        guard !isDistinct || Set(paths.map(\.parent)).count > 1 else { return tensors }
        return tensors.map { tensor in
            let path = paths[tensor.file]
            guard let prefix = isDistinct ? path.parent?.text : path.text else { return tensor }
            return tensor.named("\(prefix)/\(tensor.name)")
        }
    }

    private init(gguf opened: [any WeightFile], named name: String, paths: [String]) throws {
        var headers: [GGUFHeader] = []
        var metadata: GGUFMetadata?
        for file in opened {
            let read = try GGUFFile.header(file.name, fileSize: file.size) { try file.bytes($0) }
            if headers.isEmpty { metadata = GGUFMetadata(header: read.header, bytes: read.bytes) }
            headers.append(read.header)
        }
        gguf = metadata
        format = .gguf
        path = name
        self.paths = paths
        size = opened.saturatedSum(\.size)
        safetensors = []
        pytorch = []
        tensors = headers.enumerated().flatMap { number, header in
            header.tensors.map { tensor in
                let start = header.dataStart + tensor.bytes.lowerBound
                return Tensor(
                    name: tensor.name, shape: tensor.dimensions.reversed(), type: .ggml(tensor.type),
                    file: number, bytes: start..<start + tensor.bytes.count)
            }
        }
        files = opened
    }

    private init(gguf model: GGUFModel) throws {
        let opened = try model.paths.map { path throws(FileError) in try OpenFile(path: path) }
        format = .gguf
        path = model.name
        paths = model.paths
        size = opened.saturatedSum(\.size)
        gguf = model.metadata
        safetensors = []
        pytorch = []
        tensors = zip(model.tensors, model.places).map { tensor, place in
            Tensor(
                name: tensor.name, shape: tensor.dimensions.reversed(), type: .ggml(tensor.type),
                file: place.file, bytes: place.bytes)
        }
        files = opened
    }

    private init(shards: SafetensorsShards) {
        format = .safetensors
        path = shards.path
        paths = shards.files.map(\.name)
        size = shards.files.saturatedSum(\.size)
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
        files = shards.files
    }

    private init(torch shards: TorchShards) {
        format = .pytorch
        path = shards.path
        paths = shards.files.map(\.name)
        size = shards.files.saturatedSum(\.size)
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
        files = shards.files
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
        try files[tensor.file].read(into: &room, at: start)
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
        let (file, start, end) = (files[tensor.file], tensor.bytes.lowerBound, tensor.bytes.upperBound)
        try gather.read(elements, staging: &staging, into: &room) { range, bytes in
            let place = start + range.lowerBound * size
            precondition(place >= start && place + bytes.count <= end)
            try file.read(into: &bytes, at: place)
        }
        tensor.type.floats(from: room.span, into: &output)
    }
}
