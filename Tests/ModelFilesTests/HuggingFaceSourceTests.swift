import TestSupport
import Testing

@testable import Conversion
@testable import Formats
@testable import Manifests
@testable import ModelFiles
@testable import Storage
@testable import Tensors

private typealias Sample = HuggingFaceSample

/// A checkpoint that is in memory.
private struct MemoryCheckpoint: Checkpoint {
    let tensors: [CheckpointTensor]
    let bytes: [[UInt8]]

    init(_ samples: [HuggingFaceSample.Tensor]) {
        tensors = samples.map { CheckpointTensor(name: $0.name, shape: $0.shape, dtype: $0.dtype) }
        bytes = samples.map(\.bytes)
    }

    func read(_ elements: Range<Int>, of index: Int, into room: inout MutableSpan<UInt8>) throws {
        let start = elements.lowerBound * tensors[index].unitSize
        for place in 0..<room.count { room[place] = bytes[index][start + place] }
    }

    func willRead(_ elements: Range<Int>, of index: Int) {}
    func checkUnchanged() throws {}
}

/// Elements of a value as they are read, and as floats.
private func read(
    _ value: TensorValue, _ elements: Range<Int>, of samples: [HuggingFaceSample.Tensor]
) throws -> (type: GGMLType, numbers: [Float]) {
    let tensor = HuggingFaceConversion.Tensor(
        description: TensorDescription(name: "t", dimensions: value.shape.reversed(), type: .f32),
        value: value)
    let reader = try TensorValueReader([tensor], of: MemoryCheckpoint(samples), name: "model")
    let type = reader.types[0]
    var bytes = [UInt8](repeating: 0, count: elements.count / type.blockLength * type.blockSize)
    var room = TensorValueReader.Room()
    var span = bytes.mutableSpan
    try reader.read(elements, of: 0, room: &room, into: &span)
    var numbers = [Float](repeating: 0, count: elements.count)
    var floats = numbers.mutableSpan
    type.format?.dequantize(bytes.span, into: &floats)
    return (type, numbers)
}

private func whole(_ sample: HuggingFaceSample.Tensor, _ index: Int = 0) -> TensorValue {
    TensorValue(TensorView(index, shape: sample.shape))
}

@Suite struct HuggingFaceSourceTests {
    @Test func sixteenBitsStayWhereNothingIsComputed() throws {
        for dtype in [DType.f16, .bf16] {
            let sample = Sample.Tensor("a", dtype, [3, 4])
            let found = try read(whole(sample), 2..<9, of: [sample])
            #expect(found.type == (dtype == .f16 ? .f16 : .bf16))
            #expect(found.numbers == (2..<9).map { Float($0) / 8 - 4 })
        }
    }

    @Test func computesWithHalvesAsTorchDoes() throws {
        // 2048 + 1 is between two halves, and becomes the even one; in 32 bits it would stay.
        let half = Sample.Tensor("a", .f16, [2], [2048, 0.5])
        let sums = try read(whole(half).adding(1), 0..<2, of: [half])
        #expect(sums.type == .f16)
        #expect(sums.numbers == [2048, 1.5])
        let wide = Sample.Tensor("a", .bf16, [2], [2048, 0.5])
        let exact = try read(whole(wide).adding(1), 0..<2, of: [wide])
        #expect(exact.type == .f32)
        #expect(exact.numbers == [2049, 1.5])
    }

    @Test func findsRowsThatAreZeroFromOneOn() throws {
        let sample = Sample.Tensor("a", .bf16, [4, 2], [0, 0, 1, 0, -0.0, 0, 0, 2])
        let found = try [0, 1, 3, 9].map { try ModelInputs.zeroRows(MemoryCheckpoint([sample]), 0, from: $0) }
        #expect(found == [[0, 2], [2], [], []])
    }

    @Test func readsStacksAcrossTheirParts() throws {
        let samples = [Sample.Tensor("a", .f32, [2, 3]), Sample.Tensor("b", .f32, [2, 3], from: 50)]
        let stack = TensorValue.stacked([whole(samples[0], 0), whole(samples[1], 1)])
        let found = try stack.map { try read($0, 4..<9, of: samples) }
        #expect(found?.numbers == [4, 5, 50, 51, 52].map { Float($0) / 8 - 4 })
    }

    @Test func widensWhatIsOfSeveralTypes() throws {
        let samples = [Sample.Tensor("a", .f16, [1, 3]), Sample.Tensor("b", .bf16, [1, 3], from: 9)]
        let both = TensorValue.concatenated([whole(samples[0], 0), whole(samples[1], 1)])
        let found = try both.map { try read($0, 0..<6, of: samples) }
        #expect(found?.type == .f32)
        #expect(found?.numbers == [0, 1, 2, 9, 10, 11].map { Float($0) / 8 - 4 })
    }

    @Test func givesNumbersThatWereComputed() throws {
        let found = try read(TensorValue(numbers: [1, 2.5, -3], shape: [3]), 1..<3, of: [])
        #expect(found.type == .f32)
        #expect(found.numbers == [2.5, -3])
    }

    @Test func refusesElementsThatAreNoNumbers() {
        let tensor = CheckpointTensor(name: "odd", shape: [4], dtype: .c64)
        let value = TensorValue(TensorView(0, shape: [4]))
        let wanted = HuggingFaceConversion.Tensor(
            description: TensorDescription(name: "t", dimensions: [4], type: .f32), value: value)
        let checkpoint = StoredCheckpoint([StoredTensor(tensor: tensor, file: 0, bytes: 0..<32)], in: [])
        #expect(throws: Diagnostics.self) {
            _ = try TensorValueReader([wanted], of: checkpoint, name: "model")
        }
    }
}
