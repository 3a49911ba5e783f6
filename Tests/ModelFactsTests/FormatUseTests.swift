import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts

/// Which of several formats a bundle needs, and how the others are left out.
@Suite struct FormatUseTests {
    private typealias File = (path: RelativePath, size: Int, format: ModelFormat)

    private static func patterns(_ files: [File], _ others: [RelativePath] = []) -> [String] {
        FormatUse.exclusions(FormatUse.all(files, isPipeline: false), all: files.map(\.path) + others)
    }

    @Test func safetensorsAreNeededAndNotTheSameAsPickles() {
        let files: [File] = [
            ("model.safetensors", 100, .safetensors), ("pytorch_model.bin", 100, .pytorch),
            ("onnx/model.onnx", 100, .onnx), ("training_args.bin", 1, .pickle),
        ]
        let uses = FormatUse.all(files, isPipeline: false)
        #expect(uses.map(\.format) == [.safetensors, .onnx, .pytorch, .pickle])
        #expect(uses.map(\.isNeeded) == [true, false, false, false])
        #expect(Self.patterns(files, ["config.json", "onnx/config.json"]) == ["*.bin", "onnx/*"])
    }

    @Test func aSecondCopyOfTheWeightsIsNotNeeded() {
        let files: [File] = [
            ("model-00001-of-00002.safetensors", 60, .safetensors),
            ("model-00002-of-00002.safetensors", 60, .safetensors),
            ("original/model.safetensors", 120, .safetensors), ("model.fp16.safetensors", 60, .safetensors),
        ]
        let uses = FormatUse.all(files, isPipeline: false)
        #expect(uses.map(\.files.count) == [2, 2] && uses.map(\.isNeeded) == [true, false])
        #expect(Self.patterns(files) == ["model.fp16.safetensors", "original/*"])
    }

    @Test func thePatternsTakeNothingThatIsNeeded() {
        let files: [File] = [
            ("a[1].safetensors", 100, .safetensors), ("sub/model.safetensors", 10, .safetensors),
            ("x.bin", 5, .pytorch),
        ]
        for pattern in Self.patterns(files, ["vocab.bin"]) {
            #expect(
                !Glob(pattern).matches("a[1].safetensors") && !Glob(pattern).matches("vocab.bin"),
                "\(pattern)")
        }
    }

    @Test func aFolderWithWeightsThatAreNeededIsNotLeftOut() {
        let files: [File] = [
            ("unet/a.safetensors", 100, .safetensors), ("unet/a.bin", 100, .pytorch),
            ("vae/b.bin", 5, .pytorch),
            ("unet/a.v2.bin", 5, .pytorch),
        ]
        #expect(Self.patterns(files, ["unet/config.json", "vae/config.json"]) == ["*.bin", "vae/*"])
        #expect(
            Self.patterns(files, ["vocab.bin"]) == ["unet/a.bin", "unet/a.v2.bin", "vae/*"])
    }

    @Test func ofPicklesAloneThePicklesAreNeeded() {
        let uses = FormatUse.all([("pytorch_model.bin", 100, .pytorch)], isPipeline: false)
        #expect(uses.map(\.isNeeded) == [true] && FormatUse.exclusions(uses, all: []) == [])
        #expect(FormatUse.all([], isPipeline: false).isEmpty)
    }

    @Test func aFileOfWhichNothingIsKnownIsNotReadFromTheDisk() throws {
        let served = ServedFile(size: 10, parts: [.init(start: 0, bytes: [1, 2, 3])])
        #expect(served.bytes(0..<2) == [1, 2] && served.bytes(2..<3) == [3] && served.bytes(2..<4) == nil)
        #expect(served.bytes(10..<20) == [] && served.bytes(9..<10) == nil)
        let reader = ModelFileReader(served: ["config.json": served])
        let file = ModelFile(path: "config.json", location: "/etc/passwd", size: 10)
        #expect(throws: (any Error).self) { _ = try reader.document(file, limit: 100) }
        #expect(try reader.bytes(0..<3, of: file) == [1, 2, 3])
    }
}
