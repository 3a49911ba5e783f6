import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// Norms whose parts are halves and floats in every mixture, against what torch 2.13 computes.
@Suite struct FoldedNormsTests {
    private static let parts: [(name: String, numbers: [Float])] = [
        ("weight", [1.234_567_8, 0.333_333_3]), ("bias", [0.765_432_1, -2.718_281_8]),
        ("running_mean", [0.123_456_7, 1.414_213_5]), ("running_var", [0.009_876_5, 2.236_067_9]),
    ]

    /// Which of the parts are halves, in their order, and the bits of two factors and two terms.
    @Test(
        arguments: [
            ("ffff", [0x4146_A956, 0x3E64_4349, 0xBF44_7780, 0xC042_2554]),
            ("fffh", [0x4146_ABB1, 0x3E64_4C78, 0xBF44_7C28, 0xC042_2623]),
            ("ffhf", [0x4146_A956, 0x3E64_4349, 0xBF44_85AE, 0xC042_24C6]),
            ("ffhh", [0x4146_ABB1, 0x3E64_4C78, 0xBF44_8A54, 0xC042_2596]),
            ("fhff", [0x4146_A956, 0x3E64_4349, 0xBF44_6ADC, 0xC042_2D00]),
            ("fhfh", [0x4146_ABB1, 0x3E64_4C78, 0xBF44_6F84, 0xC042_2DCF]),
            ("fhhf", [0x4146_A956, 0x3E64_4349, 0xBF44_790A, 0xC042_2C72]),
            ("fhhh", [0x4146_ABB1, 0x3E64_4C78, 0xBF44_7DB0, 0xC042_2D42]),
            ("hfff", [0x4146_A165, 0x3E64_3505, 0xBF44_67D2, 0xC042_2411]),
            ("hffh", [0x4146_A000, 0x3E64_4000, 0xBF44_6510, 0xC042_2509]),
            ("hfhf", [0x4146_A165, 0x3E64_3505, 0xBF44_75FE, 0xC042_2384]),
            ("hfhh", [0x4146_A000, 0x3E64_4000, 0xBF44_8CA4, 0xC042_2454]),
            ("hhff", [0x4146_A165, 0x3E64_3505, 0xBF44_5B2E, 0xC042_2BBD]),
            ("hhfh", [0x4146_A000, 0x3E64_4000, 0xBF44_586C, 0xC042_2CB5]),
            ("hhhf", [0x4146_A165, 0x3E64_3505, 0xBF44_695A, 0xC042_2B30]),
            ("hhhh", [0x4146_A000, 0x3E64_4000, 0xBF44_8000, 0xC042_2000]),
        ] as [(String, [UInt32])]) func roundsEachStepAsTorchDoes(types: String, expected: [UInt32]) throws
    {
        let start = "encoder.layers.0.conv.batch_norm"
        var tensors: [CheckpointTensor] = []
        var contents: [Int: [UInt8]] = [:]
        for (place, (part, letter)) in zip(Self.parts, types).enumerated() {
            let isHalf = letter == "h"
            tensors.append(
                CheckpointTensor(name: "\(start).\(part.name)", shape: [2], dtype: isHalf ? .f16 : .f32))
            contents[place] = part.numbers.flatMap {
                isHalf ? number(Float16($0).bitPattern, 2) : number($0.bitPattern, 4)
            }
        }
        let config: JSON = ["architectures": ["GraniteSpeechForConditionalGeneration"]]
        let model = try HuggingFaceModel(
            directoryName: "model", files: ModelDocuments(["config.json": Array(config.compactText.utf8)]),
            card: nil, tensors: tensors, contents: contents)
        var names = ProjectorNames(["encoder.layers.*.conv.batch_norm": "a.blk.*.norm"], counts: [])
        names.ends += [".running_mean", ".running_var"]
        var norms = FoldedNorms()
        var written: [ConvertedTensor] = []
        for (place, tensor) in tensors.enumerated() {
            let value = TensorValue(TensorView(place, shape: tensor.shape))
            written += try #require(try norms.convert(tensor.name, value, names, of: model))
        }
        #expect(written.map(\.name) == ["a.blk.0.norm.weight", "a.blk.0.norm.bias"])
        let bits = written.flatMap { tensor -> [UInt32] in
            guard case .numbers(let numbers) = tensor.value.content else { return [] }
            return numbers.map(\.bitPattern)
        }
        #expect(bits == expected)
        #expect(norms.missing.isEmpty)
    }
}
