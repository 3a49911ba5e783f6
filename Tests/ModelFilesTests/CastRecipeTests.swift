import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFiles
@testable import Storage
@testable import Tensors

@Suite struct CastRecipeTests {
    private func selection(_ paths: [RelativePath]) throws -> ConversionSelection {
        try CastRecipe(type: .f16).selection(of: paths, for: "cast")
    }

    @Test func weightsAreReadOrLeftOutAndAllElseIsCarried() throws {
        let found = try selection([
            "1_Pooling/config.json", "README.md", "config.json", "model-00001-of-00002.safetensors",
            "model.gguf", "model.safetensors.index.json", "onnx/model.onnx", "onnx/model.onnx_data",
            "openvino/openvino_model.bin", "openvino/openvino_model.xml", "pytorch_model.bin",
            "pytorch_model.bin.index.json", "spiece.model", "tokenizer.json", "training_args.bin",
            "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
        ])
        #expect(
            found.inputs == [
                "1_Pooling/config.json", "config.json", "model-00001-of-00002.safetensors",
                "model.safetensors.index.json", "unet/config.json",
                "unet/diffusion_pytorch_model.safetensors",
            ])
        #expect(found.carried == ["README.md", "spiece.model", "tokenizer.json"])
        #expect(
            found.left == [
                "model.gguf", "onnx/model.onnx", "onnx/model.onnx_data", "openvino/openvino_model.bin",
                "openvino/openvino_model.xml", "pytorch_model.bin", "pytorch_model.bin.index.json",
                "training_args.bin",
            ])
    }

    @Test(
        arguments: [
            (["config.json", "pytorch_model.bin"], "cast-no-safetensors"),
            (["model.safetensors", "2_Dense/pytorch_model.bin"], "cast-other-format"),
            (["model.safetensors", "quantize_config.json"], "cast-quantized"),
            ([], "cast-no-safetensors"),
        ] as [([RelativePath], String)]) func refusesWhatCannotBeCast(paths: [RelativePath], code: String)
    {
        let error = #expect(throws: Diagnostics.self) { _ = try selection(paths) }
        #expect(error?.all.first?.code.rawValue == code)
    }
}
