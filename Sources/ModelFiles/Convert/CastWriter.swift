import Caches
import Conversion
import Formats
import Manifests
import Storage
import Tensors

/// Writes cast safetensors files: reads slabs of tensors, converts them on all processors, and writes each to its
/// place, which is known from the start.
///
/// Memory depends on the number of processors, not on the model; the bytes depend on neither.
struct CastWriter: Sendable {
    /// One file.
    private struct File: Sendable {
        let input: ConversionInput
        let target: String
        let cast: SafetensorsCast
    }

    /// One tensor of all files, which follow one another.
    private struct Place: Sendable {
        let file: Int
        let tensor: SafetensorsCast.Tensor
        let isCopied: Bool
        let isPruned: Bool

        /// The bytes of what a slab is counted in: elements, but for bytes that are copied.
        var unit: Int { isCopied && !isPruned ? 1 : tensor.from.bitsPerElement / 8 }
    }

    /// The most bytes of a slab as it is read; twice as many are written where 16 bits become 32.
    private static let slabSize = 1 << 21

    private let files: [File]
    private let type: CastType?
    private let pruning: Pruning?
    private let name: String
    private let adapters: [MergedAdapter]
    /// For every file's path, the bytes of its tensors after the cast.
    let tensorBytes: [RelativePath: Int]

    /// Reads the headers and plans every file.
    /// - Parameters:
    ///   - type: what floating-point tensors become; `nil` where all stay.
    ///   - pruning: what becomes zero before that.
    ///   - adapters: merged into the weights, one after the other, before they are cast.
    ///   - model: what the configuration states of the model that they are merged into.
    ///   - name: the entry that is made, with which messages begin.
    static func plan(
        _ inputs: [ConversionInput], to type: CastType?, pruning: Pruning? = nil,
        merging adapters: [(name: String, inputs: AdapterInputs)] = [],
        into model: LoraAdapter.BaseModel = LoraAdapter.BaseModel(nil),
        in directory: String, name: String
    ) throws -> CastWriter {
        try CastWriter(
            inputs, to: type, pruning: pruning, merging: adapters, into: model, in: directory, name: name)
    }

    private init(
        _ inputs: [ConversionInput], to type: CastType?, pruning: Pruning?,
        merging adapters: [(name: String, inputs: AdapterInputs)],
        into model: LoraAdapter.BaseModel, in directory: String, name: String
    ) throws {
        self.type = type
        self.pruning = pruning
        self.name = name
        files = try inputs.map { input in
            do {
                let header = try CastWriter.header(of: input)
                return File(
                    input: input, target: input.path.joined(to: directory),
                    cast: try SafetensorsCast(header, to: type))
            } catch let error as FormatError {
                throw Diagnostics(
                    Diagnostic(
                        code: .safetensorsBroken, "\(name): \(input.path) is broken: \(error)",
                        notes: ["at \(input.location)"], fix: "delete the file and download it again"))
            }
        }
        let base = files.flatMap { file in
            file.cast.tensors.map { CheckpointTensor(name: $0.name, shape: $0.shape, dtype: $0.from) }
        }
        self.adapters = try adapters.map { try MergedAdapter($0.inputs, base: base, model, name: $0.name) }
        var sizes: [RelativePath: Int] = [:]
        for file in files { sizes[file.input.path] = file.cast.tensorBytes }
        tensorBytes = sizes
    }

    private static func header(of input: ConversionInput) throws -> SafetensorsHeader {
        let file = try input.open()
        let size = try file.status().size
        let prefix = try file.bytes(0..<SafetensorsHeader.prefixLength)
        let length = try SafetensorsHeader.dataStart(prefix.span, fileSize: size)
        let header = try file.bytes(0..<length)
        return try SafetensorsHeader.parse(header.span, fileSize: size)
    }

    /// Writes all files; whoever made the directory removes it after an error.
    /// - Throws: ``Diagnostics`` for the first number, in the order of the files and their tensors, that would become
    ///   infinite.
    @concurrent
    func write(stage: String, progress: @escaping ProgressHandler) async throws {
        try space?.check()
        progress(
            .began(
                stage: stage, files: files.count,
                bytes: files.reduce(0) { $0 &+ $1.cast.tensors.reduce(0) { $0 &+ $1.source.count } }))
        defer { progress(.ended) }
        let opened = try files.map(CastWriter.begin)
        try await carry(opened, progress)
        for (file, handles) in zip(files, opened) {
            if let status = file.input.status, try handles.input.status() != status {
                throw ReadFailure.changed(path: file.input.location)
            }
        }
        for adapter in adapters { try adapter.checkUnchanged() }
    }

    /// Opens a file, and begins the one to write with its header.
    private static func begin(_ file: File) throws -> OpenFiles {
        try Directory.make(Path.parent(file.target))
        let handles = try OpenFiles(file.input, writing: file.target)
        try handles.output.resize(file.cast.layout.fileSize)
        let header = file.cast.layout.header
        try handles.output.write(header.span, at: 0)
        return handles
    }

    private var space: SpaceNeeded? {
        let needed = files.reduce(1 << 20) { $0 &+ $1.cast.layout.fileSize }
        return files.first.map { ConversionProblem.space(needed, for: Path.parent($0.target)) }
    }

    /// Makes sure that there is something to prune where that is asked for.
    /// - Returns: what is to be told of it.
    func checkPruning() throws(Diagnostics) -> [Diagnostic] {
        guard let pruning else { return [] }
        let tensors = files.flatMap { file in file.cast.tensors.map { ($0.name, $0.shape, $0.from) } }
        return try pruning.check(tensors, of: name)
    }

    /// The tensors of all files in order.
    private func places() -> [Place] {
        files.enumerated().flatMap { number, file in
            file.cast.tensors.map { tensor in
                Place(
                    file: number, tensor: tensor, isCopied: isCopied(tensor),
                    isPruned: pruning?.takes(tensor.name, shape: tensor.shape, dtype: tensor.from) ?? false)
            }
        }
    }

    private func isCopied(_ tensor: SafetensorsCast.Tensor) -> Bool {
        tensor.from == tensor.to && !adapters.contains { $0.changes(tensor.name) }
    }

    // MARK: A worker

    /// What one worker has of its own.
    private struct Room {
        var input: [UInt8] = []
        var result: [UInt8] = []
        var floats: [Float] = []
        /// The place that was changed last, and its changes.
        var merged: (place: Int, changes: [MergedAdapter.Numbers])?
        /// The place that was pruned last, and the roots of its columns' importance.
        var roots: (place: Int, values: [Double])?
    }

    private func carry(_ opened: [OpenFiles], _ progress: @escaping ProgressHandler) async throws {
        let places = places()
        let shapes = places.map { place in
            let unit = place.unit
            let count = place.tensor.source.count / unit
            return SlabQueue.Tensor(
                count: count, unit: place.isPruned ? max(1, place.tensor.shape.last ?? 1) : 1,
                period: max(1, count), length: CastWriter.slabSize / unit)
        }
        let scheduler = SlabScheduler(shapes, groups: places.map(\.file))
        try await scheduler.run(
            threads: Parallel.width, progress: progress, room: { Room() },
            carry: { slab, room in
                let place = places[slab.tensor]
                let changes = try numbers(of: place.tensor, at: slab.tensor, &room)
                let roots = try roots(of: place, at: slab.tensor, &room)
                return try carry(
                    slab.elements, place, opened[place.file], changes, roots, &room.input, &room.result,
                    &room.floats)
            }, finish: { files[$0].input.path.text })
    }

    /// Reads, converts and writes one slab.
    /// - Returns: how many bytes were read.
    private func carry(
        _ units: Range<Int>, _ place: Place, _ opened: OpenFiles,
        _ changes: [MergedAdapter.Numbers], _ roots: [Double], _ input: inout [UInt8],
        _ result: inout [UInt8], _ floats: inout [Float]
    ) throws -> Int {
        let tensor = place.tensor
        let cast = place.isCopied ? nil : type.flatMap { FloatCast(from: tensor.from, to: $0) }
        let from = place.unit
        let to = cast.map { $0.target.dtype.bitsPerElement / 8 } ?? from
        let size = units.count * from
        if input.count < size { input = [UInt8](repeating: 0, count: size) }
        var span = input.mutableSpan
        var bytes = span._mutatingExtracting(0..<size)
        let start = tensor.source.lowerBound + units.lowerBound * from
        guard try opened.input.read(into: &bytes, at: start) == size else {
            throw ReadFailure.changed(path: opened.input.path)
        }
        if place.isPruned, let pruning {
            if floats.count < units.count { floats = [Float](repeating: 0, count: units.count) }
            var room = floats.mutableSpan
            var numbers = room._mutatingExtracting(0..<units.count)
            tensor.from.floats(from: bytes.span, into: &numbers)
            pruning.sparsity.prune(
                &bytes, numbers.span, rowLength: max(1, tensor.shape.last ?? 1), roots: roots.span)
        }
        let target = tensor.target.lowerBound + units.lowerBound * to
        guard let cast else {
            try opened.output.write(bytes.span, at: target)
            opened.output.startWriteback(offset: target, count: size)
            return size
        }
        let written = units.count * to
        if result.count < written { result = [UInt8](repeating: 0, count: written) }
        var output = result.mutableSpan
        var part = output._mutatingExtracting(0..<written)
        let first = units.lowerBound
        let lost = cast.convert(bytes.span, into: &part, floats: &floats) { range, numbers in
            for change in changes {
                change.apply(to: &numbers, elements: range.lowerBound + first..<range.upperBound + first)
            }
        }
        if let index = lost {
            let text = cast.text(of: index, in: bytes.span)
            throw Diagnostics(
                overflow(tensor, units.lowerBound + index, text, files[place.file].input.path))
        }
        try opened.output.write(part.span, at: target)
        opened.output.startWriteback(offset: target, count: written)
        return size
    }

    /// The roots of the importance of a tensor's columns, kept for the slabs that follow.
    private func roots(of place: Place, at number: Int, _ room: inout Room) throws -> [Double] {
        guard place.isPruned, let pruning else { return [] }
        if let known = room.roots, known.place == number { return known.values }
        let values = try pruning.roots(of: place.tensor.name, columns: place.tensor.shape.last ?? 1)
        room.roots = (number, values)
        return values
    }

    /// What changes a tensor, kept for the slabs that follow.
    private func numbers(
        of tensor: SafetensorsCast.Tensor, at place: Int, _ room: inout Room
    ) throws -> [MergedAdapter.Numbers] {
        guard !adapters.isEmpty else { return [] }
        if let merged = room.merged, merged.place == place { return merged.changes }
        let changes = try adapters.flatMap { try $0.numbers(of: tensor.name) }
        room.merged = (place, changes)
        return changes
    }

    private func overflow(
        _ tensor: SafetensorsCast.Tensor, _ element: Int, _ value: String, _ path: RelativePath
    ) -> Diagnostic {
        var rest = element
        var index: [Int] = []
        for dimension in tensor.shape.reversed() where dimension > 0 {
            index.append(rest % dimension)
            rest /= dimension
        }
        return Diagnostic(
            code: .castOverflow,
            "\(name): \(JSON.string(tensor.name).compactText) of \(path) has \(value) at \(Array(index.reversed())), "
                + "which \(type?.rawValue ?? "its type") cannot hold",
            notes: ["element \(element) of shape \(tensor.shape), \(tensor.from.rawValue)"],
            fix: type == .f16
                ? "cast to bf16, which has the range of 32-bit floats" : "cast to f32, or not at all")
    }
}

/// A file to read and the one to write.
private final class OpenFiles: Sendable {
    let input: FileHandle
    let output: FileHandle

    init(_ input: ConversionInput, writing target: String) throws {
        self.input = try input.open()
        output = try FileHandle.creating(target)
    }
}
