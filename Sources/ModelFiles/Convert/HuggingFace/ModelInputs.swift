import Conversion
import Formats
package import Manifests
import ModelFacts
import Storage

/// The files of a Hugging Face model that a conversion reads: the small ones as a whole, the weights when they are
/// wanted.
struct ModelInputs {
    /// All that the conversion decides from.
    let model: HuggingFaceModel
    /// The weights.
    let checkpoint: any Checkpoint

    /// The most bytes that a file has that is read as a whole: several times the largest tokenizer.
    private static let sizeLimit = 1 << 28

    /// Which of a model's files a conversion reads.
    /// - Parameter forProjector: whether it makes a projector, which needs what prepares pictures, too.
    static func paths(among paths: [RelativePath], forProjector: Bool = false) -> [RelativePath] {
        let weights = Set(Self.weights(among: paths))
        let more = forProjector ? ProjectorModel.documents : []
        return paths.filter {
            ModelDocuments.isWanted($0) || weights.contains($0) || more.contains($0)
        }
    }

    /// The files with weights: safetensors, and only if there are none PyTorch's, as the converter takes them.
    private static func weights(among paths: [RelativePath]) -> [RelativePath] {
        let safetensors = SafetensorsCheckpoint.files(among: paths)
        return safetensors.isEmpty ? TorchWeights.files(among: paths) : safetensors
    }

    /// Whether there are weights among a model's files.
    static func hasWeights(_ paths: [RelativePath]) -> Bool {
        weights(among: paths).contains { $0.hasSuffix(".safetensors") || $0.hasSuffix(".bin") }
    }

    /// Reads a model's files.
    /// - Parameters:
    ///   - directoryName: what the model's directory is taken to be called.
    ///   - name: the model, with which messages begin.
    ///   - needsWeights: whether it is an error that there are none.
    /// - Throws: ``Diagnostics`` where a file is missing or broken.
    static func read(
        _ inputs: [ConversionInput], directoryName: String, name: String, needsWeights: Bool = true
    ) throws -> ModelInputs {
        try ModelInputs(inputs, directoryName: directoryName, name: name, needsWeights: needsWeights)
    }

    private init(
        _ inputs: [ConversionInput], directoryName: String, name: String, needsWeights: Bool
    ) throws {
        var files = ModelDocuments()
        for input in inputs
        where ModelDocuments.isWanted(input.path) || ProjectorModel.documents.contains(input.path) {
            do {
                files[input.path] = try input.bytes(limit: Self.sizeLimit)
            } catch let error as FileError {
                throw Diagnostics(
                    Diagnostic(
                        code: .fileUnreadable, "\(name): \(error)", fix: error.remedy(),
                        verdict: .undecided))
            }
        }
        let saved: any Checkpoint
        if let stored = try SafetensorsCheckpoint.open(inputs, for: name) {
            saved = stored
        } else if let torch = try TorchWeights(inputs, for: name) {
            saved = torch
        } else if needsWeights {
            throw Diagnostics(
                Diagnostic(
                    code: .weightsMissing, "\(name): there are no weights to convert",
                    fix: "download the model's safetensors files"))
        } else {
            saved = StoredCheckpoint([], in: [])
        }
        // A card that cannot be read states nothing; whether it is broken is for knapsack check to say.
        let card = files["README.md"].flatMap { try? ModelCard.frontMatter(of: $0) }
        var contents: [Int: [UInt8]] = [:]
        for index in HuggingFaceModel.needed(saved.tensors) {
            let tensor = saved.tensors[index]
            var bytes = [UInt8](repeating: 0, count: tensor.elementCount * tensor.unitSize)
            var room = bytes.mutableSpan
            try saved.read(0..<tensor.elementCount, of: index, into: &room)
            contents[index] = bytes
        }
        var model: HuggingFaceModel
        do throws(ConversionError) {
            model = try HuggingFaceModel(
                directoryName: directoryName, files: files, card: card, tensors: saved.tensors,
                contents: contents, isVocabularyOnly: !needsWeights)
        } catch {
            throw Diagnostics(error.diagnostic(for: name))
        }
        if model.dequantization == nil { model.repeatsEmbeddings = try Self.repeatsEmbeddings(saved) }
        self.model = model
        checkpoint = model.dequantization.map { DequantizedCheckpoint($0, of: saved, name: name) } ?? saved
    }
}

extension ModelInputs {
    /// Whether Mamba's output has the same elements as its embeddings: they are compared until one differs.
    fileprivate static func repeatsEmbeddings(_ checkpoint: any Checkpoint) throws -> Bool {
        func place(_ names: [String]) -> Int? {
            checkpoint.tensors.firstIndex { tensor in names.contains { tensor.name.hasSameBytes(as: $0) } }
        }
        guard let first = place(["backbone.embeddings.weight", "backbone.embedding.weight"]),
            let second = place(["lm_head.weight"])
        else { return false }
        let (tensor, other) = (checkpoint.tensors[first], checkpoint.tensors[second])
        guard tensor.shape == other.shape, tensor.dtype == other.dtype, tensor.unitLength == 1 else {
            return false
        }
        let (count, step) = (tensor.elementCount, 1 << 18)
        var start = 0
        while start < count {
            let range = start..<min(start + step, count)
            var (bytes, others) = (
                [UInt8](repeating: 0, count: range.count * tensor.unitSize),
                [UInt8](repeating: 0, count: range.count * tensor.unitSize)
            )
            var room = bytes.mutableSpan
            try checkpoint.read(range, of: first, into: &room)
            var otherRoom = others.mutableSpan
            try checkpoint.read(range, of: second, into: &otherRoom)
            if bytes != others { return false }
            start = range.upperBound
        }
        return true
    }
}

extension ConversionError {
    /// The error as a finding.
    /// - Parameter name: the model or entry, with which it begins.
    package func diagnostic(for name: String) -> Diagnostic {
        Diagnostic(code: FindingCode(code), "\(name): \(message)", notes: notes, fix: fix)
    }
}
