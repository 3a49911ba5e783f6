package import Conversion
import Formats
package import Manifests
import Storage
import Tensors

/// Makes a GGUF model of other types out of a model: everything is decided when it is made, and nothing is written
/// before ``write(threads:progress:)``.
package struct Quantizer: Sendable {
    /// What is asked for.
    package struct Request: Sendable {
        /// The file to write, or what the names of several are made of.
        package var output: String
        /// The types.
        package var options: QuantizationOptions
        /// Metadata items to set.
        package var overrides: [MetadataOverride] = []
        /// The importance matrix.
        package var imatrix: ImatrixFile?
        /// How the model is divided into files.
        package var division = ModelOutput.Division.none

        /// Asks for types, and for nothing else.
        package init(output: String, options: QuantizationOptions) {
            self.output = output
            self.options = options
        }
    }

    /// Which type every tensor gets.
    package let plan: QuantizationPlan
    /// The files to write.
    package let output: ModelOutput
    /// What keeps the plan from being carried out.
    package let problems: [Diagnostic]
    private let source: any TensorSource
    private let imatrix: ImatrixFile?

    /// Decides what to write.
    /// - Parameters:
    ///   - source: the model.
    ///   - order: the source's tensors in the order to write, where ``QuantizationOptions/keepsOrder`` asks
    ///     for one.
    /// - Throws: ``Diagnostics`` where no types can be decided on, or the files cannot be divided so.
    package init(_ request: Request, from source: any TensorSource, order: [Int]? = nil) throws {
        self.source = source
        imatrix = request.imatrix
        let whole = order ?? Array(source.tensors.indices)
        let (header, bytes) = (source.metadata.header, source.metadata.bytes)
        do {
            let all = whole.map { source.tensors[$0] }
            let pruned = try PrunedBlocks(all, leavingOut: request.options.prunedBlocks)
            let order = pruned.kept.map { whole[$0] }
            let tensors = zip(pruned.kept, pruned.names).map { index, name in
                var tensor = all[index]
                tensor.name = name
                return tensor
            }
            let traits = try ModelTraits(header: header, bytes: bytes.span, overrides: request.overrides)
            let plan = try QuantizationPlan(
                tensors: tensors, traits: traits, options: request.options, imatrix: request.imatrix?.matrix,
                importanceNames: pruned.kept.map { all[$0].name })
            let metadata = try QuantizedMetadata(
                header: header, bytes: bytes.span,
                fileType: QuantizedMetadata.fileType(
                    of: request.options.type, header: header, tensors: all, overrides: request.overrides),
                overrides: request.overrides, imatrix: request.imatrix.map { ($0.matrix, $0.name) },
                blockCount: pruned.blockCount.map { ("\(traits.architecture).block_count", $0) })
            output = try ModelOutput(
                path: request.output,
                tensors: plan.tensors.map { tensor in
                    ModelOutput.Tensor(
                        source: order[tensor.sourceIndex], description: tensor.result,
                        hasImportance: tensor.importance != nil)
                },
                division: try request.division.keeping(pruned.kept)
            ) { number, count in
                metadata.writer(file: number, of: count, tensorCount: plan.tensors.count, source: bytes.span)
            }
            self.plan = plan
            problems = plan.problems.map { $0.diagnostic(code: .quantizeRefused) }
        } catch let error as QuantizationError {
            throw Diagnostics(error.diagnostic(code: .quantizeRefused))
        } catch let error as FormatError {
            throw Diagnostics(
                Diagnostic(
                    code: .ggufMalformed, "the metadata of \(source.name) cannot be written: \(error)"))
        }
    }

    /// Writes the files.
    /// - Parameter threads: how many work at a time, which changes nothing but the time it takes.
    /// - Throws: ``Diagnostics`` with ``problems`` if there are any, and what ``ModelWriter/write(progress:)``
    ///   throws.
    package func write(threads: Int?, progress: @escaping ProgressHandler) async throws {
        guard problems.isEmpty else { throw Diagnostics(problems) }
        let (plan, imatrix) = (plan, imatrix)
        let writer = ModelWriter(output, from: source, threads: threads ?? Parallel.width) { tensor in
            guard let imatrix, let entry = plan.tensors[tensor].importance else { return [] }
            return try imatrix.values(of: entry)
        }
        try await writer.write(progress: progress)
    }
}

extension Quantizer {
    /// Decides what to write of a GGUF model, which may be kept in as many files as it is (`--keep-split`).
    package init(_ request: Request, model: GGUFModel, keepSplit: Bool = false) throws {
        try model.refuse(output: request.output)
        guard keepSplit else {
            try self.init(request, from: model)
            return
        }
        let places = model.places
        let order = places.indices.sorted {
            (places[$0].file, places[$0].bytes.lowerBound, $0)
                < (places[$1].file, places[$1].bytes.lowerBound, $1)
        }
        var request = request
        request.options.keepsOrder = true
        request.division = .files(order.map { places[$0].file })
        try self.init(request, from: model, order: order)
    }
}

extension ModelOutput.Division {
    /// The same for some of the tensors.
    /// - Throws: where a file would have none, which llama-quantize does not write.
    fileprivate func keeping(_ kept: [Int]) throws(QuantizationError) -> Self {
        guard case .files(let numbers) = self else { return self }
        let left = kept.map { numbers[$0] }
        guard Set(left).count == (left.max() ?? 0) + 1 else {
            throw QuantizationError(
                "a file of the model would have no tensors left",
                hint: "leave out --keep-split, or prune other blocks")
        }
        return .files(left)
    }
}

extension GGUFModel {
    /// Refuses an output that cannot be: what is read cannot be written as well.
    package func refuse(output path: String) throws {
        guard let real = try? Directory.realPath(path) else {
            if let problem = Diagnostic.missingDirectory(path) { throw Diagnostics(problem) }
            return
        }
        if try FileStatus.existing(real)?.kind == .directory {
            throw Diagnostics(
                Diagnostic(
                    code: .outputExists, "\(path) is a directory", fix: "name a file in it",
                    verdict: .undecided))
        }
        guard paths.containsExactly(real) else { return }
        throw Diagnostics(
            Diagnostic(
                code: .outputIsInput, "\(path) is the model that is read",
                fix: "choose another name for the output", verdict: .undecided))
    }
}

extension QuantizedMetadata {
    /// The header of a file of a model.
    fileprivate func writer(
        file: Int, of count: Int, tensorCount: Int, source: Span<UInt8>
    ) -> GGUFHeaderWriter {
        let own = file == 0 ? items : []
        let split = count > 1 ? Self.split(number: file, of: count, tensorCount: tensorCount) : []
        var writer = GGUFHeaderWriter(alignment: file == 0 ? alignment : GGUFHeader.defaultAlignment)
        for item in own + split {
            switch item.content {
            case .source(let range): writer.add(encoded: source.extracting(range))
            case .bytes(let bytes): writer.add(encoded: bytes.span)
            }
        }
        return writer
    }
}

extension Diagnostic {
    /// What is wrong with the name of a file to write, where nothing has the name yet: that it can only be a directory's,
    /// by its end, or that the directory is not there in which it would be; `nil` where nothing is.
    package static func missingDirectory(_ path: String) -> Diagnostic? {
        let isDirectory = ["", ".", ".."].contains(Path.name(path))
        let parent = Path.parent(path)
        if !isDirectory {
            do throws(FileError) {
                guard try FileStatus.existing(parent) == nil else { return nil }
            } catch {
                return nil
            }
        }
        return Diagnostic(
            code: .directoryMissing, "there is no directory \(isDirectory ? path : parent + "/")",
            fix: isDirectory ? "make it, or name a file" : "make it, or name a file in another one",
            verdict: .undecided)
    }
}
