import Caches
package import Formats

/// The formats in which models are stored; the raw value is what locks and lists call it.
package enum ModelFormat: String, Sendable, CaseIterable {
    /// `.safetensors`
    case safetensors
    /// PyTorch's zip or pickle: `.bin`, `.pt`, `.pth`, `.ckpt`
    case pytorch
    /// llama.cpp's format, by its magic number.
    case gguf
    /// The formats before GGUF, which whisper.cpp still uses.
    case ggml
    /// `.onnx`
    case onnx
    /// A saved model, a frozen graph, a checkpoint, or `tf_model.h5`.
    case tensorflow
    /// `.tflite`
    case tflite
    /// `.keras`, and `.h5` of no other name.
    case keras
    /// A pickle that names scikit-learn.
    case scikitLearn = "scikit-learn"
    /// Any other pickle.
    case pickle
    /// Flax's msgpack.
    case flax
    /// Orbax and OCDBT checkpoints.
    case jax
    /// `.xml` and `.bin` side by side.
    case openvino
    /// `.mlmodel`, `.mlpackage`, `.mlmodelc`
    case coreml
    /// Safetensors or `.npz` that MLX wrote.
    case mlx

    /// The framework that opens the format without conversion, as `--framework` names it; `nil` where the
    /// format does not tell.
    package var framework: String? {
        switch self {
        case .safetensors, .pytorch: "pytorch"
        case .gguf, .ggml: "gguf"
        case .tensorflow: "tensorflow"
        case .flax, .jax: "jax"
        case .pickle: nil
        case .onnx, .tflite, .keras, .scikitLearn, .openvino, .coreml, .mlx: rawValue
        }
    }

    /// The most bytes from the start of a file that ``detect(path:head:hasXML:)`` looks at.
    static let headLength = 4096

    /// Whether the name is that of weights, so that the content is worth a look.
    package static func isWeightLike(_ path: RelativePath) -> Bool {
        let name = ModelPath(path)
        return ["safetensors", "bin", "pt", "pth", "ckpt", "gguf", "ggml", "onnx", "pb", "tflite", "keras"]
            .contains(name.suffix)
            || ["h5", "hdf5", "msgpack", "pkl", "pickle", "joblib", "npz", "mlmodel"].contains(name.suffix)
    }

    /// The format of one file from its name and the start of its content; `nil` if it is not one of the
    /// known ones, as of a Git LFS pointer.
    /// - Parameters:
    ///   - path: the path in the snapshot.
    ///   - head: the first bytes of the file; empty for a file that is not ``isWeightLike(_:)``.
    ///   - hasXML: whether a file of the same name with the suffix `.xml` is beside it.
    static func detect(path: RelativePath, head: [UInt8], hasXML: Bool) -> ModelFormat? {
        let name = ModelPath(path)
        if let format = byPlace(name) { return format }
        guard !head.isEmpty, !LFSPointer.matches(head.span) else { return nil }
        if head.starts(with: "GGUF".utf8) { return .gguf }
        switch name.suffix {
        case "safetensors": return looksLikeSafetensors(head) ? .safetensors : nil
        case "onnx": return .onnx
        case "pb": return .tensorflow
        case "tflite": return head.dropFirst(4).starts(with: "TFL3".utf8) ? .tflite : nil
        case "keras": return isZip(head) ? .keras : nil
        case "h5", "hdf5":
            guard head.starts(with: [0x89] + Array("HDF\r\n".utf8)) else { return nil }
            return name.file.hasPrefix("tf_model") ? .tensorflow : .keras
        case "msgpack": return isMap(head) ? .flax : nil
        case "npz": return isZip(head) && name.file.hasPrefix("weights") ? .mlx : nil
        case "mlmodel": return .coreml
        case "bin" where hasXML && !isZip(head) && pickle(head) == nil: return .openvino
        case "bin", "pt", "pth", "ckpt", "ggml", "pkl", "pickle", "joblib": return serialized(name, head)
        default: return nil
        }
    }

    /// What the path alone shows: formats that are directories, or several files with telling names.
    private static func byPlace(_ name: ModelPath) -> ModelFormat? {
        if name.directories.contains(where: { $0.hasSuffix(".mlpackage") || $0.hasSuffix(".mlmodelc") }) {
            return .coreml
        }
        if name.file == "manifest.ocdbt" || name.directories.contains(where: { $0.hasPrefix("ocdbt.") }) {
            return .jax
        }
        if name.file.hasSuffix(".ckpt.index") || name.file.hasPrefix("variables.data-")
            || name.file.text.contains(".ckpt.data-") || name.file.text.contains(".ckpt-")
        {
            return .tensorflow
        }
        return nil
    }

    private static func serialized(_ name: ModelPath, _ head: [UInt8]) -> ModelFormat? {
        // The magic numbers of GGML, GGMF, GGJT and GGLA as a little-endian machine writes them.
        if ["lmgg", "fmgg", "tjgg", "algg"].contains(where: { head.starts(with: $0.utf8) }) { return .ggml }
        let found: ModelFormat?
        if isZip(head) {
            // torch.save stores ARCHIVE/data.pkl first.
            found = contains(head, "/data.pkl") || contains(head, "/version") ? .pytorch : nil
        } else {
            found = pickle(head)
        }
        guard let found else {
            // joblib may compress, and pickles before protocol 2 are text: nothing in them can be recognized.
            return ["joblib", "pkl", "pickle"].contains(name.suffix) ? .pickle : nil
        }
        return found == .pytorch && name.isTrainingState ? .pickle : found
    }

    private static func pickle(_ head: [UInt8]) -> ModelFormat? {
        guard head.count >= 2, head[0] == 0x80, (2...5).contains(head[1]) else { return nil }
        // PROTO 2, then the long 0x1950A86A20F9469CFC6C: torch.save before version 1.6.
        let legacy: [UInt8] = [
            0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
        ]
        if head.starts(with: legacy) || contains(head, "torch._utils") { return .pytorch }
        return contains(head, "sklearn") ? .scikitLearn : .pickle
    }

    private static func looksLikeSafetensors(_ head: [UInt8]) -> Bool {
        head.dropFirst(8).first { $0 != 0x20 && !(0x09...0x0D).contains($0) } == UInt8(ascii: "{")
    }

    private static func isZip(_ head: [UInt8]) -> Bool { head.starts(with: [0x50, 0x4B, 0x03, 0x04]) }

    private static func isMap(_ head: [UInt8]) -> Bool {
        guard let first = head.first else { return false }
        return (0x80...0x8F).contains(first) || first == 0xDE || first == 0xDF
    }

    private static func contains(_ head: [UInt8], _ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard let first = wanted.first, head.count >= wanted.count else { return false }
        return (0...(head.count - wanted.count)).contains { start in
            head[start] == first && head[start..<start + wanted.count].elementsEqual(wanted)
        }
    }
}
