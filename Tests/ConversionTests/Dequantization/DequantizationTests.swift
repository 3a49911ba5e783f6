import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

@Suite struct DequantizationTests {
    private static let folder: String = {
        let root = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
        return "\(root)/fixtures/conversion/quantized"
    }()

    /// Every committed case: a matrix of each method, and its digest in the reference's file.
    @Test(arguments: names(in: folder, suffix: ".json")) func equalsTheReference(name: String) throws {
        let json = try JSON.parse(contents("\(Self.folder)/\(name).json"))
        let model = try QuantizedModel(case: json)
        let tensors = try model.dequantization().tensors
        #expect(tensors.count == 1)
        let tensor = try #require(tensors.first)
        let expected = try #require(json["expected"]?.array)
        #expect(tensor.tensor.shape.reversed() == expected[1].array?.compactMap(\.integer))
        let type = tensor.tensor.blockType?.name ?? "F32"
        #expect(.string(type) == expected[2])
        let digest = try sha256(try model.bytes(tensor))
        #expect(.string(digest) == expected[3])
    }

    private static let fp8: JSON = ["quant_method": "fp8", "weight_block_size": [2, 3]]

    @Test func multipliesByTheScaleOfTheBlock() throws {
        // Blocks that reach past both ends: scales of 1, 2, 3 and 4.
        let scales: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40]
        let model = QuantizedModel(
            Self.fp8, [("a.weight", .i8, [3, 4]), ("a.weight_scale_inv", .f32, [2, 2])],
            bytes: ["a.weight": [UInt8](repeating: 2, count: 12), "a.weight_scale_inv": scales])
        let tensors = try model.dequantization().tensors
        #expect(tensors.map(\.tensor) == [CheckpointTensor(name: "a.weight", shape: [3, 4], dtype: .f32)])
        guard case .computed(let computed) = try #require(tensors.first).content else { return }
        #expect(try model.floats(0..<12, computed) == [2, 2, 2, 4, 2, 2, 2, 4, 6, 6, 6, 8])
        #expect(try model.floats(6..<11, computed) == [2, 4, 6, 6, 6])
    }

    @Test func putsUnpackedMatricesBehindAllOthers() throws {
        let model = QuantizedModel(
            ["quant_method": "gptq", "bits": 4],
            [
                ("a.g_idx", .i32, [8]), ("a.qweight", .i32, [1, 8]), ("a.qzeros", .i32, [1, 1]),
                ("a.scales", .f16, [1, 8]), ("b.bias", .f16, [8]), ("c.weight", .f16, [8, 8]),
            ])
        let names = try model.dequantization().tensors.map(\.tensor.name)
        #expect(names == ["b.bias", "c.weight", "a.weight"])
    }

    @Test func leavesPlainModelsAsTheyAre() throws {
        for quantization: JSON in [.null, [:], ["quant_method": .null], false] {
            let model = QuantizedModel(quantization, [("a.weight", .f16, [2, 2]), ("a.scales", .f16, [2])])
            let dequantization = try model.dequantization()
            #expect(dequantization.isEmpty && dequantization.tensors.count == 2)
        }
    }

    private func numbers(_ tensor: ConvertedTensor) -> [Float] {
        guard case .numbers(let numbers) = tensor.value.content else { return [] }
        return numbers
    }

    @Test func writesFactorsBesideWhereTheyAreNotOne() {
        let factors = [(1, 2), (3, 1), (1, 1)].map { TensorFactors(weight: $0, input: $1) }
        let stack = ConvertedTensor(
            "blk.0.ffn_up_exps.weight", TensorValue(TensorView(0, shape: [3, 2, 64])))
        let all = TensorFactors.tensors(stack, factors)
        #expect(
            all.map(\.name) == [
                "blk.0.ffn_up_exps.weight", "blk.0.ffn_up_exps.scale", "blk.0.ffn_up_exps.input_scale",
            ])
        #expect(all.dropFirst().map(numbers) == [[1, 3, 1], [2, 1, 1]])
        let plain = ConvertedTensor("blk.0.attn_q.weight", TensorValue(TensorView(0, shape: [2, 64])))
        #expect(TensorFactors.tensors(plain, [factors[2]]).count == 1)
        let some = TensorFactors.tensors(plain, [factors[0]])
        #expect(some.map(\.name) == ["blk.0.attn_q.weight", "blk.0.attn_q.input_scale"])
    }

    @Test func takesTheReciprocalsOfCompressedTensors() throws {
        let model = QuantizedModel(
            [
                "quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized",
                "config_groups": ["group_0": [:]],
            ],
            [
                ("a.input_global_scale", .f32, [1]), ("a.weight_global_scale", .f32, [1]),
                ("a.weight_packed", .u8, [2, 32]), ("a.weight_scale", .f8e4m3, [2, 4]),
            ],
            bytes: ["a.weight_global_scale": [0, 0, 0x80, 0x40], "a.input_global_scale": [0, 0, 0, 0x3F]])
        let tensors = try model.dequantization().tensors
        let wanted = CheckpointTensor(name: "a.weight", shape: [2, 64], dtype: .u8, blockType: .nvfp4)
        #expect(tensors.map(\.tensor) == [wanted])
        #expect(tensors.first?.factors == TensorFactors(weight: 0.25, input: 2))
    }

    @Test func refusesGroupsThatAreNotThere() throws {
        var indices = [UInt8](repeating: 0, count: 32)
        indices[12] = 2
        let model = QuantizedModel(
            ["quant_method": "gptq", "bits": 4],
            [
                ("a.g_idx", .i32, [8]), ("a.qweight", .i32, [1, 8]), ("a.qzeros", .i32, [2, 1]),
                ("a.scales", .f16, [2, 8]),
            ], bytes: ["a.g_idx": indices])
        let tensor = try #require(try model.dequantization().tensors.first)
        let error = #expect(throws: ConversionError.self) { _ = try model.bytes(tensor) }
        #expect(error?.code.rawValue == "quantization-value")
    }
}
