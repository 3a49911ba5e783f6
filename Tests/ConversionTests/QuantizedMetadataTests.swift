import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

@Suite struct QuantizedMetadataTests {
    private func pairs(
        _ file: GGUFBytes, overrides: [String] = [], imatrix: (matrix: Imatrix, file: String)? = nil
    ) throws -> [String] {
        let source = file.header
        let overrides = try overrides.map { text throws(QuantizationError) in try MetadataOverride(text) }
        let metadata = try metadata(source, overrides: overrides, imatrix: imatrix)
        let values = try values(metadata.items, source: source)
        #expect(values.map(\.key) == metadata.items.map(\.key))
        return values.map { "\($0.key) \($0.value)" }
    }

    @Test func versionAndTypeGoToTheEndAndSplitsAreForgotten() throws {
        var file = GGUFBytes()
        file.item("general.file_type", 1)
        file.item("general.name", "x")
        file.item("split.no", .uint16, number(0, 2))
        file.item("general.quantization_version", 1)
        file.item("split.count", .uint16, number(2, 2))
        file.item("a.b", .float64, number(Double(0.5).bitPattern, 8))
        file.item("split.tensors.count", .int32, number(2, 4))
        #expect(
            try pairs(file) == [
                #"general.name string("x")"#, "a.b float64(0.5)", "general.quantization_version uint32(2)",
                "general.file_type uint32(15)",
            ])
        #expect(try metadata(file.header).alignment == 32)
    }

    @Test func overridesAreAppendedAndTheLastOfOneNameCounts() throws {
        var file = GGUFBytes()
        file.item("a", 1)
        file.item("b", 2)
        #expect(
            try pairs(
                file,
                overrides: ["a=str:new", "c=bool:true", "a=int:7", "general.file_type=int:3", "d=float:0.1"])
                == [
                    "b uint32(2)", "general.quantization_version uint32(2)", "c bool(true)", "a uint32(7)",
                    "general.file_type uint32(3)", "d float32(0.1)",
                ])
    }

    @Test func theImportanceMatrixLeavesATrace() throws {
        let bytes = legacyImatrix([("a", 1, [1]), ("b", 1, [1])], chunks: 9, dataset: "wiki")
        #expect(
            try pairs(GGUFBytes(), imatrix: (imatrix(bytes), "m.dat")).dropFirst(2) == [
                #"quantize.imatrix.file string("m.dat")"#, #"quantize.imatrix.dataset string("wiki")"#,
                "quantize.imatrix.entries_count uint32(2)", "quantize.imatrix.chunks_count uint32(9)",
            ])
        let plain = try imatrix(legacyImatrix([("a", 1, [1])]))
        let name = String(repeating: "é", count: 70)
        let items = try metadata(GGUFBytes().header, imatrix: (plain, name)).items
        #expect(items.map(\.key).suffix(2) == ["quantize.imatrix.file", "quantize.imatrix.entries_count"])
        // Cut after 127 bytes, in the middle of a letter.
        let cut = text("quantize.imatrix.file") + number(8, 4) + number(127, 8) + Array(name.utf8.prefix(127))
        #expect(items[2].content == .bytes(cut))
        let none = try plain.filtered(excluding: ["a"])
        #expect(try metadata(GGUFBytes().header, imatrix: (none, name)).items.count == 2)
    }

    @Test func textsEndAtAByteOfZero() throws {
        var file = GGUFBytes()
        file.item("a", "x\0y")
        file.item("b", "z")
        file.array("c", .string, [text("k"), text("l\0m")])
        file.item("d\0e", 5)
        file.item("f", .bool, [2])
        file.array("g", .bool, [[1], [3]])
        file.item("h", 1)
        file.item("h\0", 2)
        let source = file.header
        let items = try metadata(source).items
        let read = try values(items, source: source)
        #expect(
            read.map(\.key) == [
                "a", "b", "c", "d", "f", "g", "h", "general.quantization_version", "general.file_type",
            ])
        #expect(read[0].value == .string("x"))
        #expect(read[3].value == .uint32(5))
        #expect(read[4].value == .bool(true))
        #expect(read[6].value == .uint32(2))
        let array = text("c") + number(9, 4) + number(8, 4) + number(2, 8) + text("k") + text("l")
        #expect(items[2].content == .bytes(array))
        #expect(items[5].content == .bytes(text("g") + number(9, 4) + number(7, 4) + number(2, 8) + [1, 1]))
        if case .bytes = items[1].content { Issue.record("a text without 0 is copied") }
    }

    @Test func anEmptyNameIsRefused() {
        var file = GGUFBytes()
        file.item("\0", 5)
        #expect(throws: FormatError.self) { try metadata(file.header) }
    }

    @Test func alignmentIsTheSourcesOrAnOverridesPowerOfTwo() throws {
        var file = GGUFBytes()
        file.item("general.alignment", 128)
        #expect(try metadata(file.header).alignment == 128)
        let key = "general.alignment"
        #expect(try metadata(file.header, overrides: [.init(key: key, value: .int(64))]).alignment == 64)
        for value in [MetadataOverride.Value.int(48), .int(0), .string("64")] {
            #expect(throws: QuantizationError.self) {
                try metadata(file.header, overrides: [.init(key: key, value: value)])
            }
        }
    }

    @Test func filesOfASplitSayWhichTheyAre() throws {
        let items = QuantizedMetadata.split(number: 1, of: 3, tensorCount: 40)
        #expect(
            try values(items).map { "\($0.key) \($0.value)" } == [
                "split.no uint16(1)", "split.count uint16(3)", "split.tensors.count int32(40)",
            ])
    }

    @Test func aCopyKeepsTheTypeOrGuessesIt() throws {
        let copy = try QuantizationType(named: "COPY")
        var file = GGUFBytes()
        let tensors = [GGMLType.f32, .q4K, .q4K, .f32, .q6K].enumerated().map {
            TensorDescription(name: "t\($0)", dimensions: [256], type: $1)
        }
        func fileType(_ overrides: [MetadataOverride] = []) throws -> UInt32 {
            QuantizedMetadata.fileType(
                of: copy, header: try parse(file.header), tensors: tensors, overrides: overrides)
        }
        #expect(try fileType() == 1_024 + 15)
        #expect(try fileType([.init(key: "general.file_type", value: .int(7))]) == 7)
        file.item("general.file_type", 2)
        #expect(try fileType() == 2)
        let plain = QuantizedMetadata.fileType(
            of: try QuantizationType(named: "Q6_K"), header: try parse(file.header), tensors: [])
        #expect(plain == 18)
    }

    @Test(arguments: [
        "a", "a=5", "a=int:", "a=int:x", "a=int:4294967296", "a=float:x", "a=bool:1", "a=list:1",
        "=int:1",
        "a=str:" + String(repeating: "x", count: 128), String(repeating: "k", count: 128) + "=int:1",
    ]) func refusesWrongOverrides(text: String) {
        #expect(throws: QuantizationError.self) { try MetadataOverride(text) }
    }

    @Test(
        arguments: [
            ("a=int:5", .int(5)), ("a=float:1e-5", .float(1e-5)), ("a=bool:false", .bool(false)),
            ("a=str:", .string("")),
            ("a=str:b=c:d", .string("b=c:d")),
        ] as [(String, MetadataOverride.Value)])
    func readsOverrides(text: String, value: MetadataOverride.Value) throws {
        #expect(try MetadataOverride(text) == MetadataOverride(key: "a", value: value))
    }

    @Test func refusesAnotherFilesBytes() throws {
        var file = GGUFBytes()
        file.item("a", "text")
        let header = try parse(file.header)
        let start = Array(file.header.prefix(30))
        #expect(throws: FormatError.self) {
            try QuantizedMetadata(header: header, bytes: start.span, fileType: 0)
        }
    }
}
