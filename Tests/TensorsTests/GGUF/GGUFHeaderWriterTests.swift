import TestSupport
import Testing

@testable import Formats
@testable import Tensors

/// A header of items that are copied from another file.
private func copied(
    _ header: GGUFHeader, from bytes: [UInt8]
) -> GGUFHeaderWriter {
    var writer = GGUFHeaderWriter(alignment: header.alignment)
    for item in header.items { writer.add(encoded: bytes.span.extracting(item.bytes)) }
    return writer
}

private func strings(_ key: String, _ bytes: [UInt8]) throws -> [[UInt8]] {
    let header = try ggufHeader(bytes)
    guard case .array(let array) = header[key] else { throw FormatError("no array", at: 0) }
    var found: [[UInt8]] = []
    try array.forEachString(in: bytes.span) { found.append(Array(bytes[$0])) }
    return found
}

@Suite struct GGUFHeaderWriterTests {
    @Test func writesEveryTypeAsThePackageDoes() throws {
        var writer = GGUFHeaderWriter()
        let values: [(String, GGUFContent)] = [
            ("general.architecture", .string("llama")), ("u8", .uint8(.max)), ("i8", .int8(.min)),
            ("u16", .uint16(.max)), ("i16", .int16(.min)), ("u32", .uint32(.max)), ("i32", .int32(.min)),
            ("u64", .uint64(.max)), ("i64", .int64(.min)), ("f32", .float32(0.1)), ("f64", .float64(0.1)),
            ("yes", .bool(true)), ("no", .bool(false)), ("text", .string("a β")),
            ("strings", .strings(["", "β", "b c"])),
            ("byte-strings", .byteStrings([[0xE2, 0x96], [0x00, 0x78]])),
            ("bytes", .uint8s(Array(0...255))), ("integers", .int32s([-1, 0, .max])),
            ("floats", .float32s([-1, 0.1, 1e30])), ("bools", .bools([true, false, true])),
            ("i8s", .int8s([.min, .max])), ("u16s", .uint16s([0, .max])), ("i16s", .int16s([.min, .max])),
            ("u32s", .uint32s([0, .max])), ("u64s", .uint64s([0, .max])), ("i64s", .int64s([.min, .max])),
            ("f64s", .float64s([0.1, -1e300])),
        ]
        for (key, value) in values { writer.add(key, value) }
        #expect(try wholeFile(writer.finish(tensors: [])) == fixture("values.gguf"))
    }

    @Test func placesTensorsAsThePackageDoes() throws {
        let file = fixture("tiny.gguf")
        let header = try ggufHeader(file)
        let layout = try copied(header, from: file).finish(
            tensors: header.tensors.map(TensorDescription.init))
        #expect(header.alignment == 64)
        #expect(layout.header == Array(file.prefix(header.descriptions.upperBound)))
        #expect(
            layout.tensors.map { $0.lowerBound - header.dataStart } == header.tensors.map(\.bytes.lowerBound))
        #expect(layout.tensors.map(\.count) == header.tensors.map(\.bytes.count))
        #expect(layout.fileSize == file.count)
    }

    @Test func padsBehindTheLastTensor() throws {
        let layout = try GGUFHeaderWriter().finish(tensors: [
            TensorDescription(name: "a", dimensions: [3], type: .f32),
            TensorDescription(name: "none", dimensions: [0], type: .f32),
            TensorDescription(name: "one", dimensions: [], type: .i8),
        ])
        let start = (layout.header.count + 31) / 32 * 32
        #expect(layout.tensors == [start..<start + 12, start + 32..<start + 32, start + 32..<start + 33])
        #expect(layout.fileSize == start + 64)
    }

    @Test func readsBackWhatItWrites() throws {
        var writer = GGUFHeaderWriter(alignment: 8)
        writer.add("general.alignment", .uint32(8))
        writer.add("text", .byteString([0xFF, 0x00]))
        writer.add("tokens", .byteStrings([[0xE2], []]))
        let tensors = [
            TensorDescription(name: "a.weight", dimensions: [256, 3, 2], type: .q4K),
            TensorDescription(name: "b", dimensions: [1, 1], type: .f16),
        ]
        let layout = try writer.finish(tensors: tensors)
        let bytes = wholeFile(layout)
        let header = try ggufHeader(bytes)
        #expect(header.version == 3)
        #expect(header.alignment == 8)
        #expect(header.tensors.map(TensorDescription.init) == tensors)
        #expect(try strings("tokens", bytes) == [[0xE2], []])
        let again = try copied(header, from: bytes).finish(tensors: tensors)
        #expect(again == layout)
    }

    @Test func copiesNestedArrays() throws {
        var file = GGUFBuilder()
        let inner = GGUFBuilder.array(.uint16, 2, [1, 0, 2, 0])
        file.item("nested", .array, GGUFBuilder.array(.array, 2, inner + inner))
        let bytes = file.bytes
        let layout = try copied(ggufHeader(bytes), from: bytes).finish(tensors: [])
        #expect(wholeFile(layout) == bytes)
    }

    @Test func aLargeAlignmentTakesNoMemory() throws {
        let layout = try GGUFHeaderWriter(alignment: 1 << 31).finish(tensors: [
            TensorDescription(name: "a", dimensions: [3], type: .f32)
        ])
        #expect(layout.header.count < 100)
        #expect(layout.tensors == [1 << 31..<1 << 31 + 12])
        #expect(layout.fileSize == 1 << 32)
    }

    @Test(arguments: [
        TensorDescription(name: "a", dimensions: [33], type: .q80),
        TensorDescription(name: "a", dimensions: [.max, 2], type: .i8),
        TensorDescription(name: "a", dimensions: [.max], type: .i8),
        TensorDescription(name: "a", dimensions: [1, 1, 1, 1, 1, 1, 1, 1, 1], type: .i8),
        TensorDescription(name: "a", dimensions: [-1], type: .i8),
    ])
    func refusesTensorsWithoutASize(tensor: TensorDescription) {
        #expect(throws: FormatError.self) {
            try GGUFHeaderWriter().finish(tensors: [
                TensorDescription(name: "first", dimensions: [8], type: .f32), tensor,
            ])
        }
    }
}

/// The file that a header belongs to, with tensors of zeros.
private func wholeFile(_ layout: GGUFLayout) -> [UInt8] {
    layout.header + zeros(layout.fileSize - layout.header.count)
}
