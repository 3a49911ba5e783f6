import TestSupport
import Testing

@testable import Formats
@testable import Tensors

func ggufHeader(_ bytes: [UInt8]) throws -> GGUFHeader {
    guard case .complete(let header) = try GGUFHeader.parse(bytes.span, fileSize: bytes.count) else {
        throw FormatError("the whole file is not enough", at: bytes.count)
    }
    return header
}

struct GGUFHeaderTests {
    @Test func readsEveryTypeOfValue() throws {
        var file = GGUFBuilder()
        file.item("u8", .uint8, [255])
        file.item("i8", .int8, [0x80])
        file.item("u16", .uint16, [0xFF, 0xFF])
        file.item("i16", .int16, [0xFE, 0xFF])
        file.item("u32", .uint32, number(0xFFFF_FFFF, 4))
        file.item("i32", .int32, number(0x8000_0000, 4))
        file.item("f32", .float32, number(0xC020_0000, 4))
        file.item("yes", .bool, [1])
        file.item("no", .bool, [0])
        file.item("text", .string, GGUFBuilder.text("a\u{0}é"))
        file.item("u64", .uint64, number(.max, 8))
        file.item("i64", .int64, number(1 << 63, 8))
        file.item("f64", .float64, number(0x3FF8_0000_0000_0000, 8))
        let header = try ggufHeader(file.bytes)
        let expected: [GGUFValue] = [
            .uint8(255), .int8(-128), .uint16(65535), .int16(-2), .uint32(.max), .int32(.min), .float32(-2.5),
            .bool(true), .bool(false), .string("a\u{0}é"), .uint64(.max), .int64(.min), .float64(1.5),
        ]
        #expect(header.items.map(\.value) == expected)
        #expect(header["text"]?.text == "a\u{0}é")
        #expect(header["u64"]?.integer == nil)
        #expect(header["i8"]?.integer == -128)
        #expect(header["other"] == nil)
        #expect(Set(expected.map(\.type)).union([.array]) == Set(GGUFValueType.allCases))
    }

    @Test func readsArraysOnlyWhenAsked() throws {
        var file = GGUFBuilder()
        let inner = GGUFBuilder.array(.uint16, 2, [1, 0, 2, 0])
        file.item("numbers", .array, GGUFBuilder.array(.int32, 3, [1, 2, 3].flatMap { number($0, 4) }))
        file.item("tokens", .array, GGUFBuilder.array(.string, 3, ["a", "", "é"].flatMap(GGUFBuilder.text)))
        file.item("nested", .array, GGUFBuilder.array(.array, 2, inner + inner))
        file.item("none", .array, GGUFBuilder.array(.float64, 0, []))
        let bytes = file.bytes
        let header = try ggufHeader(bytes)
        func elements(_ key: String, limit: Int = .max) throws -> [GGUFValue] {
            guard case .array(let array) = header[key] else { return [] }
            return try array.elements(in: bytes.span, limit: limit)
        }
        #expect(try elements("numbers") == [.int32(1), .int32(2), .int32(3)])
        #expect(try elements("tokens") == [.string("a"), .string(""), .string("é")])
        #expect(try elements("tokens", limit: 1) == [.string("a")])
        #expect(try elements("tokens", limit: -1).isEmpty)
        #expect(try elements("none").isEmpty)
        let nested = try elements("nested")
        #expect(nested.count == 2)
        for case .array(let array) in nested {
            #expect(try array.elements(in: bytes.span) == [.uint16(1), .uint16(2)])
        }
    }

    @Test func keepsTheBytesOfTokensThatAreNotText() throws {
        var file = GGUFBuilder()
        let tokens = number(2, 8) + [0xE2, 0x96] + GGUFBuilder.text("b")
        file.item("tokens", .array, GGUFBuilder.array(.string, 2, tokens))
        let bytes = file.bytes
        let header = try ggufHeader(bytes)
        guard case .array(let array) = header["tokens"] else { throw FormatError("no array", at: 0) }
        var found: [[UInt8]] = []
        try array.forEachString(in: bytes.span) { found.append(Array(bytes[$0])) }
        #expect(found == [[0xE2, 0x96], [0x62]])
        #expect(Array(bytes[header.items[0].bytes]) == file.items[0])
    }

    @Test func asksForTheBytesThatAnArrayNeeds() throws {
        let bytes = fixture("tiny.gguf")
        let header = try ggufHeader(bytes)
        guard case .array(let array) = header["tokenizer.ggml.tokens"] else {
            throw FormatError("no array", at: 0)
        }
        #expect(throws: FormatError.self) { try array.elements(in: bytes.span.extracting(first: 100)) }
        #expect(throws: FormatError.self) { try array.elements(in: Span()) }
    }

    @Test func placesTensors() throws {
        var file = GGUFBuilder()
        file.version = 2
        file.tensor("a", [3])
        file.tensor("scalar", [], .i8)
        file.tensor("q", [256, 2, 3], .q6K)
        file.tensor("empty", [32, 0], .q40)
        let header = try ggufHeader(file.bytes)
        #expect(header.version == 2)
        #expect(header.alignment == 32)
        #expect(header.tensors.map(\.name) == ["a", "scalar", "q", "empty"])
        #expect(header.tensors.map(\.bytes) == [0..<12, 32..<33, 64..<1324, 1344..<1344])
        #expect(header.tensors.map(\.elementCount) == [3, 1, 1536, 0])
        #expect(header.dataStart.isMultiple(of: 32))
        #expect(header.dataStart - header.descriptions.upperBound < 32)
    }

    @Test func takesTheAlignmentFromTheMetadata() throws {
        var file = GGUFBuilder()
        file.alignment = 4096
        file.item("general.alignment", .uint32, number(4096, 4))
        file.tensor("a", [1])
        file.tensor("b", [1])
        let header = try ggufHeader(file.bytes)
        #expect(header.alignment == 4096)
        #expect(header.dataStart == 4096)
        #expect(header.tensors.map(\.bytes.lowerBound) == [0, 4096])
    }

    @Test func allowsGapsAnyOrderAndBytesBehind() throws {
        var file = GGUFBuilder()
        file.tensor("second", [1], offset: 64)
        file.tensor("first", [1], offset: 0)
        let header = try ggufHeader(file.bytes + zeros(100))
        #expect(header.tensors.map(\.bytes) == [64..<68, 0..<4])
    }

    @Test func allowsNoPaddingAtTheEnd() throws {
        var file = GGUFBuilder()
        file.tensor("a", [3])
        let bytes = file.bytes
        #expect(try ggufHeader(bytes.dropLast(20)).tensors.count == 1)
        var vocabularyOnly = GGUFBuilder()
        vocabularyOnly.dataSize = 0
        #expect(try ggufHeader(vocabularyOnly.bytes).dataStart == 32)
    }

    @Test func saysHowMuchIsMissing() throws {
        let bytes = fixture("tiny.gguf")
        let whole = try GGUFHeader.parse(bytes.span, fileSize: bytes.count)
        guard case .complete(let header) = whole else { throw FormatError("no header", at: 0) }
        for count in 0..<header.descriptions.upperBound {
            let prefix = bytes.span.extracting(first: count)
            guard case .needsMore(let least) = try GGUFHeader.parse(prefix, fileSize: bytes.count) else {
                Issue.record("complete after \(count) bytes")
                return
            }
            #expect(least > count && least <= header.descriptions.upperBound)
        }
        let enough = Array(bytes[..<header.descriptions.upperBound])
        #expect(try GGUFHeader.parse(enough.span, fileSize: bytes.count) == whole)
    }

    @Test func ignoresBytesPastTheFile() throws {
        let bytes = fixture("tiny.gguf")
        #expect(throws: FormatError.self) { try GGUFHeader.parse(bytes.span, fileSize: 100) }
        #expect(throws: FormatError.self) { try GGUFHeader.parse(bytes.span, fileSize: 0) }
    }

    @Test func knowsTheNamesAndSizesOfTypes() {
        for type in GGMLType.allCases {
            #expect(GGMLType(name: type.name.lowercased()) == type)
            #expect(type.byteCount(dimensions: [type.blockLength * 2, 3]) == type.blockSize * 6)
        }
        #expect(Set(GGMLType.allCases.map(\.name)).count == GGMLType.allCases.count)
        #expect(GGMLType.q4K.byteCount(dimensions: [128]) == nil)
        #expect(GGMLType.f32.byteCount(dimensions: [-1]) == nil)
        #expect(GGMLType.f32.byteCount(dimensions: [.max, 2]) == nil)
        #expect(GGMLType.f32.byteCount(dimensions: [.max]) == nil)
        #expect(GGMLType.f64.byteCount(dimensions: []) == 8)
        #expect(GGMLType.removedNumbers.allSatisfy { GGMLType(rawValue: $0) == nil })
    }
}
