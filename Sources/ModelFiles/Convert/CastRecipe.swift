import Conversion
import Formats
import Manifests
import ModelFacts
import Storage
import Tensors

/// Casts the safetensors files of a model to another floating-point type, or prunes them, with their indexes and
/// configurations.
struct CastRecipe: ConversionRecipe {
    /// The type that floating-point tensors get; others are copied, and all of them if it is `nil`.
    let type: CastType?
    /// The names of the adapters that are merged into the weights first, one after the other.
    var merged: [String] = []

    /// What becomes zero; `nil` where nothing does.
    var pruned: PruneRequest?
    /// The importance matrix that pruning takes; `nil` where none is asked for.
    var imatrix: ImatrixInput?

    var version: Int { 1 }
    var parameters: [JSON.Member] {
        if let pruned {
            let digest = imatrix.map { [JSON.Member(ImatrixInput.digestKey, .string($0.sha256.hex))] } ?? []
            return (pruned.parameters + digest).sortedByKey
        }
        return type.map { ConversionRequest(from: "", product: .cast($0, merging: merged)).parameters } ?? []
    }
    var stage: String { pruned == nil ? "casting" : "pruning" }

    /// Safetensors, their indexes and configurations are converted. Weights in other formats are left out, because
    /// they would be the ones of before; everything else is carried.
    func selection(of paths: [RelativePath], for name: String) throws(Diagnostics) -> ConversionSelection {
        var selection = ConversionSelection()
        for path in paths {
            let parts = ModelPath(path)
            if parts.suffix == "safetensors" || parts.isSafetensorsIndex || parts.file == "config.json" {
                selection.inputs.append(path)
            } else if parts.isOtherWeights {
                selection.left.append(path)
            } else {
                selection.carried.append(path)
            }
        }
        let tensors = selection.inputs.map { ModelPath($0) }.filter { $0.suffix == "safetensors" }
        guard !tensors.isEmpty else {
            throw Diagnostics(
                Diagnostic(
                    code: .castNoSafetensors, "\(name): there is no safetensors file to cast",
                    notes: selection.left.prefix(5).map { "\($0) is of another format" },
                    fix: "take a revision with safetensors, or check that the source's include takes them"))
        }
        let marks = paths.filter { CastRecipe.quantizationMarks.keys.contains(ModelPath($0).file) }
        if let mark = marks.first, let method = CastRecipe.quantizationMarks[ModelPath(mark).file] {
            throw Diagnostics(CastRecipe.quantized(name, method, mark))
        }
        let directories = Set(tensors.map(\.directory))
        let alone = selection.left.filter { path in
            let parts = ModelPath(path)
            return parts.suffix == "bin" && parts.isTransformersWeights
                && !directories.contains(parts.directory)
        }
        if let first = alone.first {
            throw Diagnostics(
                Diagnostic(
                    code: .castOtherFormat,
                    "\(name): \(first) holds weights that are there in no safetensors file, and cannot be cast",
                    fix: "take a revision with safetensors for all parts, or leave the file out with exclude")
            )
        }
        return selection
    }

    func refusal(of facts: ModelFacts, for name: String) -> Diagnostic? {
        facts.config?.quantization.map { CastRecipe.quantized(name, $0.method, "config.json") }
    }

    /// Files that only quantized models have, and what quantized them.
    private static let quantizationMarks: [ExactName: String] = [
        "quantize_config.json": "gptq", "hf_quant_config.json": "modelopt",
    ]

    private static func quantized(_ name: String, _ method: String, _ path: RelativePath) -> Diagnostic {
        Diagnostic(
            code: .castQuantized,
            "\(name): the weights are quantized already (\(method)), and cannot be cast",
            notes: ["\(path) states it"], fix: "cast the model that it was quantized from")
    }

    func make(
        of inputs: [ConversionInput], in directory: String, for name: String, remembering cache: String?,
        progress: @escaping ProgressHandler
    ) async throws -> ConversionResult {
        var small: [(path: RelativePath, bytes: [UInt8])] = []
        var tensors: [ConversionInput] = []
        for input in inputs where input.adapter == nil {
            if ModelPath(input.path).suffix == "safetensors" {
                tensors.append(input)
            } else {
                _ = try input.open()
                small.append((input.path, try FileReader.contents(of: input.location, limit: 1 << 28)))
            }
        }
        var base: JSON?
        for file in small where ModelPath(file.path).file == "config.json" {
            let config = try broken(file.path, name) { () throws(FormatError) in
                try JSON.parse(file.bytes.span, nonFinite: true)
            }
            if file.path == "config.json" { base = config }
            if let method = CastTexts.quantization(in: config) {
                throw Diagnostics(CastRecipe.quantized(name, method, file.path))
            }
        }
        let stored = tensors.filter { ModelPath($0.path).directory.isEmpty }
        if let base { try checkTensors(stored, base, name) }
        if pruned != nil { try Pruning.check(base, name) }
        let pruning = try pruned.map {
            Pruning(sparsity: $0.sparsity, named: $0.tensors, imatrix: try imatrix?.open(for: name))
        }
        let writer = try CastWriter.plan(
            tensors, to: type, pruning: pruning,
            merging: merged.enumerated().map { index, adapter in
                let files = inputs.filter { $0.adapter == index }
                return (adapter, try AdapterInputs.read(files, directoryName: adapter, name: adapter))
            }, into: LoraAdapter.BaseModel(base), in: directory, name: name)
        let remarks = try writer.checkPruning()
        for file in small {
            let changed = try broken(file.path, name) { () throws(FormatError) in
                guard ModelPath(file.path).isSafetensorsIndex else {
                    return try type.map { type throws(FormatError) in
                        try CastTexts.config(file.bytes, to: type)
                    } ?? file.bytes
                }
                let shards = try ShardIndex.fileNames(file.bytes.span)
                let size = shards.compactMap { RelativePath($0) }.reduce(0) { total, shard in
                    total + (writer.tensorBytes[file.path.parent?.appending(shard) ?? shard] ?? 0)
                }
                return try CastTexts.index(file.bytes, totalSize: size)
            }
            let path = file.path.joined(to: directory)
            try Directory.make(Path.parent(path))
            try FileHandle.creating(path).write(changed.span)
        }
        try await writer.write(stage: stage, progress: progress)
        try imatrix?.check(for: name)
        return ConversionResult(remarks: remarks)
    }

    /// The weights of every safetensors file, after adapters were merged into them; what pruning takes away is there.
    func originals(of inputs: [ConversionInput], for name: String) throws -> [ConvertedFile] {
        let own = inputs.filter { $0.adapter == nil }
        let files = try own.filter { ModelPath($0.path).suffix == "safetensors" }.map { input in
            (path: input.path, checkpoint: try SafetensorsCheckpoint.open(alone: input, for: name))
        }
        var config: JSON?
        if !merged.isEmpty, let input = own.first(where: { $0.path == "config.json" }) {
            let bytes = try input.bytes(limit: 1 << 28)
            config = try broken(input.path, name) { () throws(FormatError) in
                try JSON.parse(bytes.span, nonFinite: true)
            }
        }
        let base = files.flatMap(\.checkpoint.tensors)
        let adapters = try merged.enumerated().map { index, adapter in
            let read = try AdapterInputs.read(
                inputs.filter { $0.adapter == index }, directoryName: adapter, name: adapter)
            return try MergedAdapter(read, base: base, LoraAdapter.BaseModel(config), name: adapter)
        }
        return files.map { file in
            ConvertedFile(
                path: file.path, isBeside: false,
                original: MergedNumbers(file.checkpoint, merging: adapters))
        }
    }

    /// Makes sure that a model has what its configuration asks for.
    private func checkTensors(_ inputs: [ConversionInput], _ config: JSON, _ name: String) throws {
        let tensors = try inputs.flatMap { input in
            try SafetensorsCheckpoint.open(alone: input, for: name).tensors
        }
        let missing = MissingTensors.names(config, tensors)
        if !missing.isEmpty {
            throw Diagnostics(ConversionError.missingTensors(missing).diagnostic(for: name))
        }
    }

    private func broken<Result>(
        _ path: RelativePath, _ name: String, _ body: () throws(FormatError) -> Result
    ) throws(Diagnostics) -> Result {
        do throws(FormatError) {
            return try body()
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .jsonBroken, "\(name): \(path) is broken: \(error)",
                    fix: "delete the file and download it again"))
        }
    }
}

extension ModelPath {
    /// Whether it is an index of safetensors shards.
    var isSafetensorsIndex: Bool { isIndex && file.text.contains(".safetensors.index.") }

    /// Whether it holds weights in another format than safetensors, or belongs to such a file.
    fileprivate var isOtherWeights: Bool {
        let suffixes = [
            "bin", "pt", "pth", "ckpt", "gguf", "ggml", "onnx", "onnx_data", "pb", "tflite", "keras", "h5",
            "hdf5", "msgpack", "mlmodel",
        ]
        if suffixes.contains(suffix) || (isIndex && !isSafetensorsIndex) { return true }
        if directories.contains(where: { $0.hasSuffix(".mlpackage") || $0.hasSuffix(".mlmodelc") }) {
            return true
        }
        return file.hasPrefix("openvino_") && suffix == "xml"
    }
}
