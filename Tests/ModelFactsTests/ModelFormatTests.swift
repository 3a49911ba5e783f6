import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Storage

struct ModelFormatTests {
    private static let zip: [UInt8] = [0x50, 0x4B, 0x03, 0x04] + [UInt8](repeating: 0, count: 26)
    private static let torchZip = zip + Array("archive/data.pkl".utf8)
    private static let legacy: [UInt8] = [
        0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]
    private static let pickle: [UInt8] = [0x80, 0x04, 0x95]
    private static let sklearn = pickle + Array("\u{8C}\u{1A}sklearn.linear_model._base".utf8)
    private static let hdf5: [UInt8] = [0x89] + Array("HDF\r\n\u{1A}\n".utf8)

    @Test(
        arguments: [
            ("model.safetensors", [2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), ModelFormat.safetensors),
            ("pytorch_model.bin", torchZip, .pytorch), ("model.pt", torchZip, .pytorch),
            ("x/y.pth", legacy, .pytorch),
            ("sd.ckpt", torchZip, .pytorch), ("a.bin", pickle + Array("ctorch._utils\n".utf8), .pytorch),
            ("model.gguf", Array("GGUF".utf8), .gguf), ("model.bin", Array("GGUF".utf8), .gguf),
            ("ggml-base.bin", Array("lmgg".utf8), .ggml), ("onnx/model.onnx", [8, 7], .onnx),
            ("saved_model.pb", [8, 1], .tensorflow), ("tf_model.h5", hdf5, .tensorflow),
            ("tf_model-00001-of-00002.h5", hdf5, .tensorflow), ("weights.h5", hdf5, .keras),
            ("m.hdf5", hdf5, .keras),
            ("m.keras", zip, .keras), ("m.tflite", [28, 0, 0, 0] + Array("TFL3".utf8), .tflite),
            ("clf.pkl", sklearn, .scikitLearn), ("clf.joblib", sklearn, .scikitLearn),
            ("clf.pickle", pickle, .pickle),
            ("clf.joblib", [0x78, 0x9C], .pickle), ("old.pkl", Array("(lp0".utf8), .pickle),
            ("flax_model.msgpack", [0x82], .flax),
            ("x.msgpack", [0xDE, 0, 16], .flax),
            ("weights.npz", zip, .mlx), ("m.mlmodel", [8], .coreml), ("training_args.bin", torchZip, .pickle),
            ("optimizer.pt", torchZip, .pickle),
        ] as [(String, [UInt8], ModelFormat)])
    func knowsFormats(_ path: String, _ head: [UInt8], _ format: ModelFormat) {
        #expect(ModelFormat.isWeightLike(RelativePath(checked: path)))
        #expect(ModelFormat.detect(path: RelativePath(checked: path), head: head, hasXML: false) == format)
    }

    @Test(arguments: [
        ("variables/variables.data-00000-of-00001", ModelFormat.tensorflow),
        ("bert_model.ckpt.index", .tensorflow),
        ("model.ckpt-1000.meta", .tensorflow), ("x.mlpackage/Data/weight.bin", .coreml),
        ("ckpt/ocdbt.process_0/d/abc", .jax), ("ckpt/manifest.ocdbt", .jax),
    ])
    func knowsFormatsByPlace(_ path: String, _ format: ModelFormat) {
        #expect(ModelFormat.detect(path: RelativePath(checked: path), head: [], hasXML: false) == format)
    }

    @Test func tellsOpenVINOByTheFileBesideIt() {
        #expect(ModelFormat.detect(path: "openvino_model.bin", head: [0, 1, 2], hasXML: true) == .openvino)
        #expect(ModelFormat.detect(path: "openvino_model.bin", head: [0, 1, 2], hasXML: false) == nil)
        #expect(ModelFormat.detect(path: "pytorch_model.bin", head: Self.torchZip, hasXML: true) == .pytorch)
    }

    @Test(arguments: [
        "m.safetensors", "m.bin", "m.gguf", "m.onnx", "m.h5", "m.pb", "m.pkl", "m.msgpack", "m.tflite",
    ])
    func takesNoPointerAndNoEmptyFileForAFormat(_ path: String) {
        let pointer = Array("version https://git-lfs.github.com/spec/v1\noid sha256:".utf8)
        #expect(ModelFormat.detect(path: RelativePath(checked: path), head: pointer, hasXML: false) == nil)
        #expect(ModelFormat.detect(path: RelativePath(checked: path), head: [], hasXML: false) == nil)
    }

    @Test(arguments: [
        "README.md", "config.json", "vocab.txt", "model.py", "bin", "tokenizer.model", "a.gguf/x",
    ])
    func looksIntoNothingElse(_ path: String) {
        #expect(!ModelFormat.isWeightLike(RelativePath(checked: path)))
    }
}

struct ModelPathTests {
    @Test func takesNumberedNamesApart() throws {
        let part = try #require(ModelPath("x/model.fp16-00002-of-00012.safetensors").part)
        #expect(part.number == 2)
        #expect(part.total == 12)
        #expect(part.set == "model.fp16-*-of-00012.safetensors")
        #expect(part.name(of: 10) == "model.fp16-00010-of-00012.safetensors")
        #expect(ModelPath("a-00001-of-00002.fp16.bin").part?.name(of: 2) == "a-00002-of-00002.fp16.bin")
    }

    @Test(arguments: [
        "model.safetensors", "train-00001-of-00002.parquet", "-00001-of-00002", "m-1-of-2.gguf",
        "m-00003-of-00002.gguf",
        "m-00000-of-00000.gguf", "m-00001-of-000002.gguf", "m-00001-of-.gguf", "m-of-00002.gguf",
        "m-0000a-of-00002.gguf",
        "m-00001-of-00002x.gguf", "m-00001-of-99999999999999999999.gguf", "m-१२३४५-of-१२३४५.gguf",
        "of-of-of-of.gguf", "",
    ])
    func takesNothingElseForANumberedName(_ name: String) {
        #expect(ModelPath(name).part == nil)
    }
}
