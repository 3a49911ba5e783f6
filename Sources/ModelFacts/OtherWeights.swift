import Caches
import Formats

/// Weights in formats that are carried as they are, and that ``ModelFormat`` does not tell apart.
///
/// An allow-list: what is none of them is no model, as a wheelhouse is none.
enum OtherWeights {
    /// Suffixes of formats that hold weights and nothing else.
    private static let suffixes: Set<ExactName> = [
        // TensorRT, ExecuTorch, torch.export, ONNX Runtime, LiteRT and MediaPipe.
        "engine", "plan", "trt", "pte", "pt2", "ort", "litertlm", "task",
        // NeMo, TorchServe, skops, XGBoost, CatBoost, LightGBM, scikit-learn's companions.
        "nemo", "mar", "skops", "ubj", "xgb", "cbm", "lgb", "lgbm",
        // fastText, gensim, Paddle, MXNet, NCNN, MNN, RKNN, Darknet, Caffe, Rust, Candle.
        "ftz", "vec", "kv", "pdparams", "pdiparams", "pdmodel", "params", "mnn", "rknn", "weights",
        "caffemodel", "ot", "npz", "npy", "hdf5", "llamafile",
    ]

    /// Whether a file is weights, by its name and, where many kinds of files have such a name, its first 512 bytes.
    static func matches(_ file: ModelFile, _ contents: ModelFileReader) -> Bool {
        let path = ModelPath(file.path)
        guard !path.isTrainingState else { return false }
        let names: Set<ExactName> = ["bin", "model", "json", "txt"]
        guard suffixes.contains(path.suffix) || names.contains(path.suffix),
            let head = try? contents.bytes(0..<512, of: file), !head.isEmpty,
            !LFSPointer.matches(head.span)
        else { return false }
        switch path.suffix {
        // Of CTranslate2, fastText, word2vec and others: bytes that are no text.
        case "bin": return !isText(head)
        // LightGBM writes text that begins so, XGBoost JSON; SentencePiece's `.model` is a tokenizer.
        case "txt": return head.starts(with: "tree\n".utf8)
        case "model":
            return head.starts(with: "tree\n".utf8) || head.starts(with: "binf".utf8) || isLearner(head)
        case "json": return isLearner(head)
        default: return true
        }
    }

    private static func isText(_ head: [UInt8]) -> Bool {
        head.allSatisfy { $0 >= 0x20 || (0x09...0x0D).contains($0) }
    }

    /// Whether JSON, or UBJSON, begins as XGBoost writes a booster.
    private static func isLearner(_ head: [UInt8]) -> Bool {
        let text = String(decoding: head, as: UTF8.self).filter { !$0.isWhitespace }
        return text.hasPrefix("{\"learner\":") || head.starts(with: [0x7B, 0x4C]) && text.contains("learner")
    }
}
