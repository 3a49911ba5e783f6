import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

private func header(
    _ tensors: [(String, DType, [Int])], metadata: [SafetensorsHeader.MetadataItem] = []
) throws -> SafetensorsHeader {
    let layout = try SafetensorsLayout(
        tensors: tensors.map { .init(name: $0.0, dtype: $0.1, shape: $0.2) }, metadata: metadata)
    return try SafetensorsHeader.parse(layout.header.span, fileSize: layout.fileSize)
}

@Suite struct SafetensorsCastTests {
    @Test func floatsAreCastAndAllElseIsCopied() throws {
        let types: [DType] = [.f64, .f32, .bf16, .f16, .i64, .i32, .u8, .bool, .f8e4m3, .c64, .f8e8m0]
        let source = try header(
            types.map { ($0.rawValue, $0, [8]) }, metadata: [.init(name: "format", value: "pt")])
        let cast = try SafetensorsCast(source, to: .bf16)
        #expect(cast.tensors.map(\.name) == types.map(\.rawValue))
        #expect(cast.tensors.map(\.to) == [.bf16, .bf16, .bf16, .bf16] + types.dropFirst(4))
        #expect(cast.tensors.map { $0.source.count } == types.map(\.bitsPerElement))
        let written = try SafetensorsHeader.parse(cast.layout.header.span, fileSize: cast.layout.fileSize)
        #expect(written.metadata("format") == "pt")
        #expect(written.tensors.map(\.dtype) == cast.tensors.map(\.to))
        #expect(cast.tensorBytes == 4 * 16 + types.dropFirst(4).reduce(0) { $0 + $1.bitsPerElement })
    }

    @Test func orderStaysWhereEveryTensorIsAligned() throws {
        let source = try header([("z", .f32, [2]), ("a", .f32, [3]), ("m", .f32, [1]), ("i", .i32, [1])])
        #expect(try SafetensorsCast(source, to: .f16).tensors.map(\.name) == ["z", "a", "m", "i"])
    }

    @Test func largerElementsComeFirstWhereOneWouldNotBeAligned() throws {
        let source = try header([("z", .f32, [2]), ("a", .f32, [3]), ("i", .i32, [1]), ("j", .i64, [1])])
        let cast = try SafetensorsCast(source, to: .f16)
        #expect(cast.tensors.map(\.name) == ["j", "i", "z", "a"])
        let start = cast.layout.header.count
        #expect(
            cast.tensors.allSatisfy {
                ($0.target.lowerBound - start).isMultiple(of: $0.to.bitsPerElement / 8)
            })
        #expect(cast.tensors.map { $0.source.count } == [8, 4, 8, 12])
    }
}

@Suite struct CastTextsTests {
    private func config(_ text: String, _ type: CastType = .f16) throws -> String {
        String(decoding: try CastTexts.config(Array(text.utf8), to: type), as: UTF8.self)
    }

    @Test(arguments: [
        (#"{"torch_dtype": "bfloat16", "x": 1e-06}"#, #"{"torch_dtype": "float16", "x": 1e-06}"#),
        (#"{"dtype": "float32"}"#, #"{"dtype": "float16"}"#),
        (#"{"dtype": "torch.float32"}"#, #"{"dtype": "torch.float16"}"#),
        (
            #"{"model_type": "x", "dtype": "float32", "text_config": {"torch_dtype": "bfloat16"}}"#,
            #"{"model_type": "x", "dtype": "float16", "text_config": {"torch_dtype": "float16"}}"#
        ),
        (#"{"model_type":"x","torch_dtype":null}"#, #"{"model_type":"x","torch_dtype":"float16"}"#),
        (
            "{\n  \"model_type\": \"x\"\n}\n",
            "{\n  \"torch_dtype\": \"float16\",\n  \"model_type\": \"x\"\n}\n"
        ),
        (#"{"architectures":["A"],"dtype":"auto"}"#, #"{"architectures":["A"],"dtype":"auto"}"#),
        (#"{"_class_name": "UNet", "dtype": null}"#, #"{"_class_name": "UNet", "dtype": null}"#),
        (
            #"{"dtype": "int8", "deep": {"er": {"dtype": "half"}}}"#,
            #"{"dtype": "int8", "deep": {"er": {"dtype": "float16"}}}"#
        ),
    ]) func configurationSaysTheNewType(text: String, expected: String) throws {
        #expect(try config(text) == expected)
    }

    @Test func indexCountsTheNewBytes() throws {
        let text =
            "{\n  \"metadata\": {\n    \"total_parameters\": 5,\n    \"total_size\": 20.0\n  },\n  \"weight_map\": {\"total_size\": \"x\"}\n}\n"
        let result = try CastTexts.index(Array(text.utf8), totalSize: 10)
        #expect(
            String(decoding: result, as: UTF8.self)
                == "{\n  \"metadata\": {\n    \"total_parameters\": 5,\n    \"total_size\": 10\n  },\n  \"weight_map\": {\"total_size\": \"x\"}\n}\n"
        )
        let without = Array(#"{"metadata": {}, "weight_map": {}}"#.utf8)
        #expect(try CastTexts.index(without, totalSize: 10) == without)
    }

    @Test(arguments: [
        (#"{"quantization_config": {"quant_method": "gptq"}}"#, "gptq"),
        (#"{"quantization_config": {}}"#, "unknown"),
        (#"{"text_config": {"quantization_config": {"quant_method": "fp8"}}}"#, "fp8"),
        (#"{"compression_config": {"quant_method": "compressed-tensors"}}"#, "compressed-tensors"),
        (#"{"quantization": {"bits": 4}}"#, "mlx"), (#"{"quantization_config": null}"#, nil), ("{}", nil),
    ]) func quantizedWeightsAreRecognized(text: String, method: String?) throws {
        #expect(CastTexts.quantization(in: try JSON.parse(Array(text.utf8))) == method)
    }
}
