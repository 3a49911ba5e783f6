import Formats
package import Manifests
import Storage
import Synchronization
import Tensors

/// Writes a model's files: reads slabs of the source's tensors, converts them on several threads, and writes each
/// to its place. The files get their names when all of them are whole and on the disk.
///
/// Memory depends on the number of threads, not on the model. The bytes do not depend on the threads: each slab's
/// place is known from the start, and blocks do not depend on one another.
package struct ModelWriter: Sendable {
    /// The columns' importance of a tensor to write, by its place in the list: row length times matrices.
    package typealias Importance = @Sendable (_ tensor: Int) throws -> [Float]

    private let source: any TensorSource
    private let output: ModelOutput
    private let threads: Int
    private let importance: Importance

    /// The elements of a slab: a megabyte and more of any type is read and written at a time.
    private static let slabLength = 1 << 18
    /// How many bytes the slabs of all threads may take, each as read and as written.
    private static let slabBudget = 96 << 20

    /// Prepares the writing of a model.
    /// - Parameters:
    ///   - threads: how many slabs are worked on at a time.
    ///   - importance: asked once for every tensor that has some.
    package init(
        _ output: ModelOutput, from source: any TensorSource, threads: Int = Parallel.width,
        importance: @escaping Importance = { _ in [] }
    ) {
        self.output = output
        self.source = source
        self.threads = max(1, threads)
        self.importance = importance
    }

    /// Writes the files.
    ///
    /// An error, a full disk included, leaves nothing, as does ``PartialFile/removeAll()``.
    /// - Throws: ``Diagnostics`` where the source has numbers that are none, a number does not fit the type, or
    ///   the disk is full.
    @concurrent
    package func write(progress: @escaping ProgressHandler) async throws {
        try checkFreeSpace()
        let sizes = output.tensors.map { source.tensors[$0.source] }
        progress(
            .began(
                stage: "writing", files: output.tensors.count,
                bytes: sizes.reduce(0) { $0 + $1.byteCount($1.elementCount) }, counted: "tensors"))
        defer { progress(.ended) }
        do {
            if output.files.count > 1 { OpenFiles.raiseLimit() }
            let files = try output.files.map(begin)
            let work = SlabScheduler(shapes(), length: slabLength)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<threads { group.addTask { try run(work, files, progress) } }
                try await group.waitForAll()
            }
            if let failure = work.failure { throw failure }
            for file in files { try file.handle.synchronize() }
            try source.checkUnchanged()
            // Whoever finds the first file finds the others too.
            for file in files.reversed() { try file.publish() }
            if let file = files.first { try AtomicFile.synchronizeDirectory(of: file.target) }
        } catch let error as FileError where error.isFullDisk {
            throw Diagnostics(fullDisk())
        }
    }

    private func begin(_ file: ModelOutput.File) throws -> PartialFile {
        let partial: PartialFile
        do throws(FileError) {
            partial = try PartialFile(target: file.path)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: error.isBusy ? .outputBusy : .outputUnwritable,
                    error.isBusy ? "another knapsack is writing \(file.path)" : "\(error)",
                    fix: error.isBusy ? "wait for it, or choose another output" : "choose another output",
                    verdict: .undecided))
        }
        // The zeros between and behind the tensors are those that were never written.
        try partial.handle.resize(file.layout.fileSize)
        try partial.handle.write(file.layout.header.span, at: 0)
        return partial
    }

    private var slabLength: Int {
        // At most four bytes an element are read, and four written.
        min(Self.slabLength, max(1 << 14, Self.slabBudget / threads / 8))
    }

    private func shapes() -> [SlabQueue.Tensor] {
        output.tensors.map { tensor in
            let from = source.tensors[tensor.source]
            let count = from.elementCount
            let block = max(from.type.blockLength, tensor.description.type.blockLength)
            let isWhole = tensor.hasImportance || from.rowLength <= slabLength
            let matrix =
                tensor.hasImportance ? from.rowLength &* (from.dimensions.dropFirst().first ?? 1) : count
            return SlabQueue.Tensor(
                count: count, unit: isWhole ? max(1, from.rowLength) : block, period: max(1, matrix))
        }
    }

    // MARK: A worker

    private func run(
        _ work: SlabScheduler, _ files: [PartialFile], _ progress: ProgressHandler
    ) throws {
        let path = SlabPath(source: source, output: output, files: files)
        var room = SlabRoom()
        while let slab = work.next() {
            if Task.isCancelled { throw ReadFailure.cancelled }
            let tensor = output.tensors[slab.tensor]
            do {
                let values = tensor.hasImportance ? try work.importance(of: slab.tensor, importance) : []
                try path.carry(slab, importance: values.span, &room)
            } catch {
                // What comes before is finished first, so that the same error is told every time.
                return work.stop(at: slab.number, error)
            }
            progress(.advanced(bytes: source.tensors[tensor.source].byteCount(slab.elements.count)))
            if work.finish(slab) { progress(.finished(file: tensor.description.name)) }
        }
    }

    // MARK: Free space

    private func checkFreeSpace() throws {
        guard let file = output.files.first else { return }
        let free = try Directory.freeBytes(at: Path.parent(file.path))
        guard free >= output.size else { throw Diagnostics(fullDisk()) }
    }

    private func fullDisk() -> Diagnostic {
        let path = output.files.first?.path ?? "."
        let free = (try? Directory.freeBytes(at: Path.parent(path))) ?? 0
        return Diagnostic(
            code: .diskFull, "not enough free space for \(path)",
            notes: ["needed  \(ByteCount.text(output.size))", "free    \(ByteCount.text(free))"],
            fix: "free space there, or choose another output", verdict: .undecided)
    }
}
