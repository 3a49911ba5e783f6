import TestSupport
import Testing

@testable import Formats
@testable import Tensors

/// A field with content.
private func field(_ number: Int, _ content: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(content.count) + content
}

private func varint(_ value: Int) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F | 0x80)] + varint(value >> 7)
}

private func tensor(_ location: String, isExternal: Bool = true, data: [UInt8] = []) -> [UInt8] {
    let entry = field(1, Array("location".utf8)) + field(2, Array(location.utf8))
    let offset = field(1, Array("offset".utf8)) + field(2, Array("0".utf8))
    return field(9, data) + field(13, offset) + field(13, entry) + varint(14 << 3) + [isExternal ? 1 : 0]
}

private func locations(_ bytes: [UInt8]) throws -> [String] {
    try ONNXExternalData(size: bytes.count, bytes: { Array(bytes[$0]) }).locations
}

struct ONNXExternalDataTests {
    @Test func findsDataOfInitializers() throws {
        let graph = field(5, tensor("b")) + field(5, tensor("a")) + field(5, tensor("b"))
        #expect(try locations(varint(8) + [13] + field(7, graph)) == ["a", "b"])
    }

    @Test func takesOnlyDataThatIsElsewhere() throws {
        #expect(try locations(field(7, field(5, tensor("a", isExternal: false)))).isEmpty)
        #expect(try locations(field(7, field(5, field(9, [1, 2, 3])))).isEmpty)
        #expect(try locations([]).isEmpty)
    }

    @Test func looksIntoAttributesGraphsFunctionsAndTraining() throws {
        let attribute = field(5, field(5, tensor("attribute")))
        #expect(try locations(field(7, field(1, attribute))) == ["attribute"])
        let inner = field(5, field(6, field(5, tensor("inner"))))
        #expect(try locations(field(7, field(1, inner))) == ["inner"])
        let list = field(5, field(11, field(15, field(1, tensor("sparse")))))
        #expect(try locations(field(25, field(7, list))) == ["sparse"])
        #expect(try locations(field(20, field(2, field(5, tensor("training"))))) == ["training"])
        #expect(try locations(field(25, field(11, field(10, tensor("default"))))) == ["default"])
    }

    @Test func stepsOverTheDataOfTensors() throws {
        let counter = Counter()
        let bytes = field(7, field(5, tensor("a", data: [UInt8](repeating: 7, count: 1 << 20))))
        let data = try ONNXExternalData(
            size: bytes.count,
            bytes: { range in
                counter.add(range.count)
                return Array(bytes[range])
            })
        #expect(data.locations == ["a"])
        #expect(counter.total < 100_000)
    }

    @Test(
        arguments: [
            [0x3A, 0x05, 0x00], [0x3A], [0x00], [0x3F], [0x38, 0xFF],
            [0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
        ] as [[UInt8]])
    func refusesWhatIsNoModel(_ bytes: [UInt8]) {
        #expect(throws: (any Error).self) { try locations(bytes) }
    }

    @Test func refusesGraphsThatAreNestedTooDeeply() {
        var graph = field(5, tensor("deep"))
        for _ in 0..<40 { graph = field(1, field(5, field(6, graph))) }
        #expect(throws: (any Error).self) { try locations(field(7, graph)) }
    }

    @Test func endsOnAnyBytes() throws {
        let model = field(7, field(1, field(5, field(5, tensor("attribute")))) + field(5, tensor("a")))
        for position in model.indices {
            for value: UInt8 in [0, 0x7F, 0xFF] {
                var bytes = model
                bytes[position] = value
                _ = try? locations(bytes)
                _ = try? locations(Array(model[..<position]))
            }
        }
    }
}
