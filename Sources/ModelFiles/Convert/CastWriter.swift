import Conversion
import Formats
import Manifests
import Storage
import Synchronization
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

    /// A part of a tensor that one worker takes at a time.
    private struct Slab: Sendable {
        let file: Int
        let tensor: Int
        /// The elements; of a type with elements of less than a byte, and where bytes are copied, the bytes.
        let units: Range<Int>
    }

    /// The most bytes of a slab as it is read; twice as many are written where 16 bits become 32.
    private static let slabSize = 1 << 21

    private let files: [File]
    private let type: CastType
    private let name: String
    private let adapters: [MergedAdapter]
    /// For every file's path, the bytes of its tensors after the cast.
    let tensorBytes: [String: Int]

    /// Reads the headers and plans every file.
    /// - Parameters:
    ///   - adapters: merged into the weights, one after the other, before they are cast.
    ///   - model: what the configuration says of the model that they are merged into.
    ///   - name: the entry that is made, with which messages begin.
    init(
        _ inputs: [ConversionInput], to type: CastType,
        merging adapters: [(name: String, inputs: AdapterInputs)] = [],
        into model: LoraAdapter.BaseModel = LoraAdapter.BaseModel(nil),
        in directory: String, name: String
    ) throws {
        self.type = type
        self.name = name
        files = try inputs.map { input in
            do {
                let header = try CastWriter.header(of: input)
                return File(
                    input: input, target: Path.join(directory, input.path),
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
        var sizes: [String: Int] = [:]
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
        try checkFreeSpace()
        progress(
            .began(
                stage: stage, files: files.count,
                bytes: files.reduce(0) { $0 &+ $1.cast.tensors.reduce(0) { $0 &+ $1.source.count } }))
        defer { progress(.ended) }
        let opened = try files.map(CastWriter.begin)
        let work = SlabWork(slabs(), file: \.file)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<min(Parallel.width, max(1, work.count)) {
                group.addTask { try run(work, opened, progress) }
            }
            try await group.waitForAll()
        }
        if let failure = work.failure { throw failure }
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

    private func checkFreeSpace() throws {
        guard let first = files.first else { return }
        let needed = files.reduce(1 << 20) { $0 &+ $1.cast.layout.fileSize }
        var existing = Path.parent(first.target)
        while try FileStatus.existing(existing) == nil, existing != "/" { existing = Path.parent(existing) }
        let free = try Directory.freeBytes(at: existing)
        guard free >= needed else {
            throw Diagnostics(ConversionProblem.fullDisk(existing, needed: needed, free: free))
        }
    }

    private func slabs() -> [Slab] {
        var slabs: [Slab] = []
        for (number, file) in files.enumerated() {
            for (index, tensor) in file.cast.tensors.enumerated() {
                let unit = isCopied(tensor) ? 1 : tensor.from.bitsPerElement / 8
                let (count, step) = (tensor.source.count / unit, CastWriter.slabSize / unit)
                for start in stride(from: 0, to: count, by: step) {
                    slabs.append(Slab(file: number, tensor: index, units: start..<min(start + step, count)))
                }
            }
        }
        return slabs
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
        /// The tensor that was changed last, by its file and place, and its changes.
        var merged: (file: Int, tensor: Int, changes: [MergedAdapter.Numbers])?
    }

    private func run(_ work: SlabWork<Slab>, _ opened: [OpenFiles], _ progress: ProgressHandler) throws {
        var room = Room()
        while let (number, slab) = work.next() {
            if Task.isCancelled { throw ReadFailure.cancelled }
            let tensor = files[slab.file].cast.tensors[slab.tensor]
            do {
                let size = try carry(
                    slab, tensor, opened[slab.file], try numbers(of: tensor, slab, &room), &room.input,
                    &room.result, &room.floats)
                progress(.advanced(bytes: size))
            } catch {
                return work.stop(at: number, error)
            }
            if work.finish(slab.file) { progress(.finished(file: files[slab.file].input.path)) }
        }
    }

    /// Reads, converts and writes one slab.
    /// - Returns: how many bytes were read.
    private func carry(
        _ slab: Slab, _ tensor: SafetensorsCast.Tensor, _ opened: OpenFiles,
        _ changes: [MergedAdapter.Numbers], _ input: inout [UInt8], _ result: inout [UInt8],
        _ floats: inout [Float]
    ) throws -> Int {
        let cast = isCopied(tensor) ? nil : FloatCast(from: tensor.from, to: type)
        let from = cast.map { $0.source.bitsPerElement / 8 } ?? 1
        let to = cast.map { $0.target.dtype.bitsPerElement / 8 } ?? 1
        let size = slab.units.count * from
        if input.count < size { input = [UInt8](repeating: 0, count: size) }
        var span = input.mutableSpan
        var bytes = span._mutatingExtracting(0..<size)
        let place = tensor.source.lowerBound + slab.units.lowerBound * from
        guard try opened.input.read(into: &bytes, at: place) == size else {
            throw ReadFailure.changed(path: opened.input.path)
        }
        let target = tensor.target.lowerBound + slab.units.lowerBound * to
        guard let cast else {
            try opened.output.write(bytes.span, at: target)
            opened.output.startWriteback(offset: target, count: size)
            return size
        }
        let written = slab.units.count * to
        if result.count < written { result = [UInt8](repeating: 0, count: written) }
        var output = result.mutableSpan
        var part = output._mutatingExtracting(0..<written)
        let first = slab.units.lowerBound
        let lost = cast.convert(bytes.span, into: &part, floats: &floats) { range, numbers in
            for change in changes {
                change.apply(to: &numbers, elements: range.lowerBound + first..<range.upperBound + first)
            }
        }
        if let index = lost {
            let text = cast.text(of: index, in: bytes.span)
            throw Diagnostics(
                overflow(tensor, slab.units.lowerBound + index, text, files[slab.file].input.path))
        }
        try opened.output.write(part.span, at: target)
        opened.output.startWriteback(offset: target, count: written)
        return size
    }

    /// What changes a tensor, kept for the slabs that follow.
    private func numbers(
        of tensor: SafetensorsCast.Tensor, _ slab: Slab, _ room: inout Room
    ) throws -> [MergedAdapter.Numbers] {
        guard !adapters.isEmpty else { return [] }
        if let merged = room.merged, merged.file == slab.file, merged.tensor == slab.tensor {
            return merged.changes
        }
        let changes = try adapters.flatMap { try $0.numbers(of: tensor.name) }
        room.merged = (slab.file, slab.tensor, changes)
        return changes
    }

    private func overflow(
        _ tensor: SafetensorsCast.Tensor, _ element: Int, _ value: String, _ path: String
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
                + "which \(type.rawValue) cannot hold",
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

/// Hands out slabs in order, and keeps the error of the first one that has one.
private final class SlabWork<Item: Sendable>: Sendable {
    private struct State {
        var next = 0
        var failure: (slab: Int, error: any Error)?
        /// How many slabs of each file are not written yet.
        var left: [Int: Int] = [:]
    }

    private let slabs: [Item]
    private let state: Mutex<State>

    init(_ slabs: [Item], file: KeyPath<Item, Int>) {
        self.slabs = slabs
        var left: [Int: Int] = [:]
        for slab in slabs { left[slab[keyPath: file], default: 0] += 1 }
        state = Mutex(State(left: left))
    }

    var count: Int { slabs.count }

    func next() -> (number: Int, slab: Item)? {
        state.withLock { state in
            guard state.failure == nil, state.next < slabs.count else { return nil }
            defer { state.next += 1 }
            return (state.next, slabs[state.next])
        }
    }

    /// Counts a slab of a file as written.
    /// - Returns: whether it was the file's last.
    func finish(_ file: Int) -> Bool {
        state.withLock { state in
            state.left[file, default: 1] -= 1
            return state.left[file] == 0
        }
    }

    /// Ends the work with an error, unless an earlier slab has one.
    func stop(at slab: Int, _ error: any Error) {
        state.withLock { state in
            if let failure = state.failure, failure.slab <= slab { return }
            state.failure = (slab, error)
        }
    }

    var failure: (any Error)? { state.withLock { $0.failure?.error } }
}
