import TestSupport
import Testing

@testable import Tensors

/// Random damage to headers: an error or a result, never a trap, and a result keeps the format's promises.
@Suite(.tags(.fuzz), .series) struct SafetensorsFuzzTests {
    private static let seeds = [
        #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F4","shape":[2,2],"data_offsets":[4,6]}}"#,
        #"{"a\u00e9":{"dtype":"I64","shape":[],"data_offsets":[0,8],"x":[1,{"y":null}]}}"#,
        "{}   ",
    ]

    @Test(arguments: 0..<20 as Range<UInt64>)
    func neverTraps(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<1000 {
            let header = Array(Self.seeds[Int.random(in: 0..<3, using: &random)].utf8)
            let data = [6, 8, 0][Int.random(in: 0..<3, using: &random)]
            var bytes =
                [UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header + [UInt8](repeating: 0, count: data)
            damage(&bytes, with: &random)
            guard let read = try? SafetensorsHeader.parse(bytes.span, fileSize: bytes.count) else { continue }
            var end = 0
            for tensor in read.tensors {
                #expect(tensor.bytes.lowerBound == end)
                #expect(tensor.elementCount * tensor.dtype.bitsPerElement == tensor.bytes.count * 8)
                end = tensor.bytes.upperBound
            }
            #expect(read.dataStart + end == bytes.count)
        }
    }
}
