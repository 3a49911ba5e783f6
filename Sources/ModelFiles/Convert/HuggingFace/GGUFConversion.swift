package import Caches
package import Conversion
import Formats
package import Manifests
import Storage
import Tensors

/// Makes GGUF files of a Hugging Face model in one step: everything is decided when it is made, and nothing is
/// written before ``write(threads:progress:)``.
package struct GGUFConversion: Sendable {
    /// What is asked for.
    package struct Request: Sendable {
        /// The types.
        package var product: GGUFProduct
        /// Whether the part for pictures or sound is wanted, and not that for text.
        package var isProjector = false
        /// What is taken from the model, and what is said in its place. The types are ``product``'s.
        package var options = HuggingFaceConversion.Options()
        /// How to quantize; its type is ``product``'s.
        package var quantization: QuantizationOptions?
        /// Metadata items to set while quantizing.
        package var overrides: [MetadataOverride] = []
        /// The importance matrix.
        package var imatrix: ImatrixFile?
        /// How the model is divided into files.
        package var division = ModelOutput.Division.none

        /// Asks for types, and for nothing else.
        package init(_ product: GGUFProduct) { self.product = product }
    }

    /// What the converter makes, also where it is only between.
    package let conversion: HuggingFaceConversion
    /// What becomes of it; `nil` where nothing is quantized.
    package let quantizer: Quantizer?
    /// The files to write.
    package let output: ModelOutput
    /// The model with the elements that are read.
    package let source: any TensorSource

    /// Decides.
    /// - Parameters:
    ///   - inputs: the files that ``ModelInputs/paths(among:)`` names.
    ///   - directoryName: what the model's directory is taken to be called.
    ///   - name: the model, with which messages begin.
    ///   - path: gives the output's path, with what is known of the model and the type's name as files have it.
    /// - Throws: ``Diagnostics`` with what hinders.
    package init(
        _ inputs: [ConversionInput], directoryName: String, name: String, _ request: Request,
        path: (_ conversion: HuggingFaceConversion, _ type: String) throws -> String
    ) throws {
        var options = request.options
        options.outputType = request.product.converted
        if request.isProjector, !request.product.isOfPlainNumbers {
            throw Diagnostics(
                Diagnostic(
                    code: .projectorQuantized,
                    "\(name): a projector is not quantized as \(request.product.name)",
                    fix: "take f32, f16, bf16 or q8_0", verdict: .undecided))
        }
        let read = try ModelInputs.read(
            inputs, directoryName: directoryName, name: name, needsWeights: !options.isVocabularyOnly)
        if request.isProjector {
            do throws(ConversionError) {
                conversion = try HuggingFaceConversion(projectorOf: read.model, options)
            } catch {
                throw Diagnostics(error.diagnostic(for: name))
            }
            let source = try HuggingFaceSource(
                conversion, of: read.checkpoint, name: name, as: .lossless)
            self.source = source
            quantizer = nil
            output = try Self.output(
                conversion, source, path: try path(conversion, conversion.typeName), request.division)
            remarks = Self.remarks(conversion) + conversion.foreign.diagnostics(for: name)
            return
        }
        do throws(ConversionError) {
            conversion = try .of(read.model, options)
        } catch {
            throw Diagnostics(error.diagnostic(for: name))
        }
        switch request.product {
        case .converted:
            let path = try path(conversion, conversion.typeName)
            let source = try HuggingFaceSource(
                conversion, of: read.checkpoint, name: name, as: .lossless)
            self.source = source
            quantizer = nil
            output = try Self.output(conversion, source, path: path, request.division)
        case .quantized(let type, _):
            let source = try HuggingFaceSource(conversion, of: read.checkpoint, name: name, as: .written)
            var quantization = request.quantization ?? QuantizationOptions(type: type)
            quantization.type = type
            var wanted = Quantizer.Request(
                output: try path(conversion, type.name), options: quantization)
            wanted.overrides = request.overrides
            wanted.imatrix = request.imatrix
            wanted.division = request.division
            let quantizer = try Quantizer(wanted, from: source)
            self.source = source
            self.quantizer = quantizer
            output = quantizer.output
        }
        remarks =
            Self.remarks(conversion) + conversion.foreign.diagnostics(for: name)
            + ConversionDoubts.findings(read.model, conversion, options, for: name)
    }

    private static func remarks(_ conversion: HuggingFaceConversion) -> [Diagnostic] {
        conversion.general.remarks.map { Diagnostic(code: .metadataLeftOut, $0) }
    }

    /// Decides what to write of an adapter.
    private init(
        _ adapter: AdapterInputs, base: HuggingFaceModel, name: String, _ request: Request,
        path: (_ conversion: HuggingFaceConversion, _ type: String) throws -> String
    ) throws {
        var options = request.options
        guard case .converted(let type) = request.product else {
            throw Diagnostics(
                Diagnostic(
                    code: .adapterQuantized, "\(name): an adapter's matrices cannot be quantized",
                    fix: "take f32, f16, bf16 or q8_0", verdict: .undecided))
        }
        options.outputType = type
        do throws(ConversionError) {
            conversion = try HuggingFaceConversion(adapter: adapter.adapter, base: base, options)
        } catch {
            throw Diagnostics(error.diagnostic(for: name))
        }
        let source = try HuggingFaceSource(conversion, of: adapter.checkpoint, name: name, as: .lossless)
        self.source = source
        quantizer = nil
        output = try Self.output(
            conversion, source, path: try path(conversion, conversion.typeName), request.division)
        remarks = Self.remarks(conversion)
    }

    private static func output(
        _ conversion: HuggingFaceConversion, _ source: HuggingFaceSource, path: String,
        _ division: ModelOutput.Division
    ) throws -> ModelOutput {
        let count = conversion.tensors.count
        do {
            return try ModelOutput(
                path: path,
                tensors: conversion.tensors.enumerated().map {
                    ModelOutput.Tensor(source: $0, description: $1.description)
                }, division: division
            ) { number, files in
                // The files behind the first have tensors alone.
                var writer = number == 0 ? conversion.metadata.writer() : GGUFHeaderWriter()
                guard files > 1 else { return writer }
                for item in QuantizedMetadata.split(number: number, of: files, tensorCount: count) {
                    if case .bytes(let bytes) = item.content { writer.add(encoded: bytes.span) }
                }
                return writer
            }
        } catch let error as FormatError {
            throw Diagnostics(
                Diagnostic(code: .ggufMalformed, "\(source.name): it cannot be written: \(error)"))
        }
    }

    /// What keeps it from being written; a dry run shows it and goes on.
    package var problems: [Diagnostic] { (quantizer?.problems ?? []) + existing }

    /// Files that have the output's names, and are not replaced.
    private var existing: [Diagnostic] {
        output.files.filter { (try? FileStatus.existing($0.path)) != .some(nil) }.map { file in
            Diagnostic(
                code: .outputExists, "\(file.path) exists, and is not replaced",
                fix: "remove it, or choose another output", verdict: .undecided)
        }
    }

    /// What of the model's card and configurations could not be taken.
    package private(set) var remarks: [Diagnostic] = []

    /// Writes the files; interrupted or after an error nothing is left.
    /// - Parameter threads: how many work at a time; as many as there are processors where it is `nil`.
    package func write(threads: Int? = nil, progress: @escaping ProgressHandler) async throws {
        guard existing.isEmpty else { throw Diagnostics(existing) }
        if let quantizer { return try await quantizer.write(threads: threads, progress: progress) }
        try await ModelWriter(output, from: source, threads: threads ?? Parallel.width)
            .write(progress: progress)
    }
}

extension GGUFConversion {
    /// Decides what to write of a model outside of a manifest.
    /// - Parameters:
    ///   - snapshot: the model's files.
    ///   - name: the model as the user named it, with which messages begin.
    ///   - directoryName: what the model's directory is taken to be called, where its origin does not say it.
    ///   - path: gives the output's path, with what is known of the model and the type's name as files have it.
    /// - Throws: ``Diagnostics`` with what hinders.
    package init(
        _ snapshot: Snapshot, name: String, directoryName: String, _ request: Request,
        path: (_ conversion: HuggingFaceConversion, _ type: String) throws -> String
    ) throws {
        // Weights that are refused are none that are not there.
        let paths = Set(
            ModelInputs.paths(among: snapshot.allPaths, forProjector: request.isProjector))
        let problems = snapshot.problems(takingFiles: paths.contains).filter { $0.severity == .error }
        guard problems.isEmpty else { throw Diagnostics(problems) }
        if !request.options.isVocabularyOnly, let problem = ModelInputs.noWeights(snapshot.allPaths, of: name)
        {
            throw Diagnostics(problem)
        }
        let inputs = snapshot.files.filter { paths.contains($0.path) }.map {
            ConversionInput(path: $0.path, location: $0.location, status: $0.status)
        }
        try self.init(
            inputs, directoryName: snapshot.origin.modelName ?? directoryName, name: name, request,
            path: path)
    }
}

extension GGUFConversion {
    /// Decides what to write of a LoRA adapter outside of a manifest.
    /// - Parameters:
    ///   - snapshot: the adapter's files.
    ///   - base: the files of the model that it was trained for; no weights are read.
    ///   - baseName: that model as the user named it, with which messages on it begin.
    ///   - name: the adapter as the user named it, with which messages begin.
    ///   - directoryName: what the adapter's directory is taken to be called, where its origin does not say it.
    ///   - path: gives the output's path, with what is known of the adapter and the type's name as files have it.
    /// - Throws: ``Diagnostics`` with what hinders.
    package init(
        adapter snapshot: Snapshot, base: Snapshot, named baseName: String, name: String,
        directoryName: String,
        _ request: Request,
        path: (_ conversion: HuggingFaceConversion, _ type: String) throws -> String
    ) throws {
        let directoryName = snapshot.origin.modelName ?? directoryName
        let adapter = try AdapterInputs.read(
            AdapterInputs.files(of: snapshot), directoryName: directoryName, name: name)
        let problems = base.problems(takingFiles: ModelDocuments.isWanted).filter { $0.severity == .error }
        guard problems.isEmpty else { throw Diagnostics(problems) }
        let inputs = base.files.filter { ModelDocuments.isWanted($0.path) }.map {
            ConversionInput(path: $0.path, location: $0.location, status: $0.status)
        }
        let model = try ModelInputs.read(
            inputs, directoryName: directoryName, name: baseName, needsWeights: false
        ).model
        try self.init(adapter, base: model, name: name, request, path: path)
        remarks += adapter.adapter.remarks.map {
            Diagnostic(code: .adapterScale, "\(name): \($0)")
        }
    }
}

extension Origin {
    /// The name of the repository, without its owner; `nil` for a directory.
    package var modelName: String? {
        switch self {
        case .hub(let repository, _, _): Path.name(repository.id)
        case .kaggle(let handle): handle.parts.last
        case .registry(let artifact, _): artifact.entry ?? Path.name(artifact.reference.repository)
        case .path, .conversion: nil
        }
    }
}

extension GGUFProduct {
    /// The type that the converter gives tensors, also where they are quantized behind it; `nil` for the one that keeps the
    /// checkpoint best.
    var converted: OutputType? {
        switch self {
        case .converted(let type): type
        case .quantized(_, let via): via
        }
    }
}

extension HuggingFaceConversion {
    /// Decides what a GGUF of a model contains.
    static func of(
        _ model: HuggingFaceModel, _ options: Options
    ) throws(ConversionError) -> HuggingFaceConversion {
        try HuggingFaceConversion(model, options) { bytes throws(ConversionError) in
            do throws(HashingFailure) {
                return try ContentHasher.sha256(bytes.span).hex
            } catch {
                throw ConversionError(.hashingFailed, error.description)
            }
        }
    }
}
