import TestSupport
import Testing

@testable import Formats
@testable import Tensors

/// The bytes of a safetensors file: the header's length, the header, and zeros.
private func file(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    let length = length ?? UInt64(header.utf8.count)
    let prefix = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) }
    return prefix + Array(header.utf8) + [UInt8](repeating: 0, count: data)
}

private func parse(_ bytes: [UInt8]) throws(FormatError) -> SafetensorsHeader {
    try SafetensorsHeader.parse(bytes.span, fileSize: bytes.count)
}

/// The header from only the first `count` bytes of a file.
private func parse(_ bytes: [UInt8], first count: Int) throws(FormatError) -> SafetensorsHeader {
    try SafetensorsHeader.parse(bytes.span.extracting(0..<count), fileSize: bytes.count)
}

private let one = #""dtype":"F32","shape":[1],"data_offsets":[0,4]"#

/// A file that the safetensors package 0.8.0 refuses; each was tried with it.
struct RefusedFile: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let offset: Int

    init(_ name: String, _ bytes: [UInt8], at offset: Int) {
        testDescription = name
        self.bytes = bytes
        self.offset = offset
    }

    /// A header with one tensor and four bytes, of which the fields are given.
    static func fields(_ name: String, _ fields: String, at offset: Int, data: Int = 4) -> RefusedFile {
        RefusedFile(name, file(#"{"a":{\#(fields)}}"#, data: data), at: offset)
    }
}

private let refusedFrames: [RefusedFile] = [
    .init("no bytes", [], at: 0),
    .init("seven bytes", [UInt8](repeating: 0, count: 7), at: 0),
    .init("an empty header", file(""), at: 8),
    .init("a header of nothing but spaces", file("   "), at: 11),
    .init("a length past the limit", file("{}", length: 100_000_001), at: 0),
    .init("a length of all ones", file("{}", length: .max), at: 0),
    .init("a length past the end of the file", file("{}", length: 3), at: 0),
    .init("an array", file("[]"), at: 8),
    .init("null", file("null"), at: 8),
    .init("a byte order mark", file("\u{FEFF}{}"), at: 8),
    .init("padding of zero bytes", file("{}\u{0}\u{0}"), at: 10),
    .init("something after the object", file("{}{}"), at: 10),
    .init("a comma at the end", file(#"{"a":{\#(one)},}"#, data: 4), at: 62),
]

private let refusedTensors: [RefusedFile] = [
    .init("a number in place of a tensor", file(#"{"a":7}"#), at: 13),
    .init("null in place of a tensor", file(#"{"a":null}"#), at: 13),
    .fields("no dtype", #""shape":[1],"data_offsets":[0,4]"#, at: 9),
    .fields("no shape", #""dtype":"F32","data_offsets":[0,4]"#, at: 9),
    .fields("no offsets", #""dtype":"F32","shape":[1]"#, at: 9),
    .fields("dtype twice", #"\#(one),"dtype":"F32""#, at: 61),
    .fields("shape twice", #"\#(one),"shape":[1]"#, at: 61),
    .fields("offsets twice", #"\#(one),"data_offsets":[0,4]"#, at: 61),
    .fields("dtype twice, once escaped", #"\#(one),"\u0064type":"F32""#, at: 61),
    .fields("a dtype in lowercase", #""dtype":"f32","shape":[1],"data_offsets":[0,4]"#, at: 22),
    .fields("a dtype of another format", #""dtype":"Q4_K","shape":[1],"data_offsets":[0,4]"#, at: 22),
    .fields("a number as dtype", #""dtype":13,"shape":[1],"data_offsets":[0,4]"#, at: 22),
    .fields("a shape of null", #""dtype":"F32","shape":null,"data_offsets":[0,4]"#, at: 36),
    .fields("a number as shape", #""dtype":"F32","shape":1,"data_offsets":[0,4]"#, at: 36),
    .fields("a negative dimension", #""dtype":"F32","shape":[-1],"data_offsets":[0,4]"#, at: 37),
    .fields("a dimension with a fraction", #""dtype":"F32","shape":[1.0],"data_offsets":[0,4]"#, at: 37),
    .fields("a dimension with an exponent", #""dtype":"F32","shape":[1e0],"data_offsets":[0,4]"#, at: 37),
    .fields("a dimension as text", #""dtype":"F32","shape":["1"],"data_offsets":[0,4]"#, at: 37),
    .fields(
        "a dimension past 64 bits", #""dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,4]"#,
        at: 37),
    .fields("one offset", #""dtype":"F32","shape":[1],"data_offsets":[4]"#, at: 55),
    .fields("three offsets", #""dtype":"F32","shape":[1],"data_offsets":[0,4,4]"#, at: 55),
    .fields("offsets as an object", #""dtype":"F32","shape":[1],"data_offsets":{"0":0,"1":4}"#, at: 55),
    .fields("an offset of minus zero", #""dtype":"F32","shape":[1],"data_offsets":[-0,4]"#, at: 56),
    .fields("offsets the wrong way round", #""dtype":"F32","shape":[1],"data_offsets":[4,0]"#, at: 9),
    .fields("an unknown field that is no JSON", #"\#(one),"x":NaN"#, at: 65),
    .fields("an unknown field past the range of numbers", #"\#(one),"x":1e999"#, at: 65),
    .fields("an unknown field with half a surrogate pair", #"\#(one),"x":"\ud800""#, at: 66),
    .fields(
        "fields nested 128 deep",
        one + #","x":"# + String(repeating: "[", count: 126)
            + String(repeating: "]", count: 126), at: 190),
]

private let refusedLayouts: [RefusedFile] = [
    .fields(
        "a tensor larger than its type and shape", #""dtype":"F32","shape":[1],"data_offsets":[0,8]"#, at: 9,
        data: 8),
    .fields(
        "a tensor smaller than its type and shape", #""dtype":"F32","shape":[2],"data_offsets":[0,4]"#, at: 9),
    .fields(
        "an odd number of 4-bit elements", #""dtype":"F4","shape":[3],"data_offsets":[0,1]"#, at: 9, data: 1),
    .fields(
        "6-bit elements that end inside a byte", #""dtype":"F6_E2M3","shape":[2],"data_offsets":[0,1]"#,
        at: 9, data: 1),
    .fields(
        "a shape that overflows", #""dtype":"F32","shape":[9223372036854775807,3],"data_offsets":[0,4]"#,
        at: 9),
    .fields(
        "a shape that overflows before a zero",
        #""dtype":"F32","shape":[9223372036854775807,4,0],"data_offsets":[0,0]"#, at: 9, data: 0),
    .fields(
        "bits that overflow", #""dtype":"F32","shape":[2305843009213693952],"data_offsets":[0,4]"#, at: 9),
    .fields(
        "bytes before the first tensor", #""dtype":"F32","shape":[1],"data_offsets":[4,8]"#, at: 9, data: 8),
    .init(
        "a hole between tensors",
        file(#"{"a":{\#(one)},"b":{"dtype":"U8","shape":[1],"data_offsets":[5,6]}}"#, data: 6), at: 62),
    .init(
        "an overlap", file(#"{"a":{\#(one)},"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}"#, data: 5),
        at: 62),
    .init("two tensors over the same bytes", file(#"{"a":{\#(one)},"b":{\#(one)}}"#, data: 4), at: 62),
    .init(
        "an empty tensor inside another",
        file(#"{"a":{\#(one)},"b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}"#, data: 4), at: 62),
    .init("tensors past the end of the file", file(#"{"a":{\#(one)}}"#, data: 3), at: 9),
    .init("bytes after the last tensor", file(#"{"a":{\#(one)}}"#, data: 5), at: 66),
    .init("bytes without any tensor", file("{}", data: 1), at: 10),
]

private let refusedMetadata: [RefusedFile] = [
    .init("metadata twice", file(#"{"__metadata__":{},"__metadata__":{}}"#), at: 27),
    .init("metadata that is a list", file(#"{"__metadata__":[]}"#), at: 24),
    .init("metadata that is text", file(#"{"__metadata__":"x"}"#), at: 24),
    .init("a metadata value that is a number", file(#"{"__metadata__":{"a":1}}"#), at: 29),
    .init("a metadata value that is null", file(#"{"__metadata__":{"a":null}}"#), at: 29),
]

struct SafetensorsHeaderTests {
    @Test(arguments: refusedFrames + refusedTensors + refusedLayouts + refusedMetadata)
    func refuses(_ refused: RefusedFile) {
        let error = #expect(throws: FormatError.self) { try parse(refused.bytes) }
        #expect(error?.offset == refused.offset, "\(error?.description ?? "")")
    }

    @Test(arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0x01]] as [[UInt8]])
    func refusesNamesThatAreNotText(_ name: [UInt8]) {
        var bytes = file(#"{"?":{\#(one)}}"#, data: 4)
        bytes.replaceSubrange(10..<11, with: name)
        bytes[0] += UInt8(name.count - 1)
        #expect(throws: FormatError.self) { try parse(bytes) }
    }

    @Test func readsTensorsInTheOrderOfTheirBytes() throws {
        let header = #"""
            {"__metadata__":{"format":"pt"},
            "b":{"data_offsets":[8,10],"dtype":"BF16","shape":[]},
            "a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8],"note":{"x":[1,2.5,null]}}}
            """#
        let read = try parse(file(header + "   ", data: 10))
        #expect(
            read.tensors == [
                .init(name: "a", dtype: .f32, shape: [2, 1], bytes: 0..<8),
                .init(name: "b", dtype: .bf16, shape: [], bytes: 8..<10),
            ])
        #expect(read.tensors.map(\.elementCount) == [2, 1])
        #expect(read.metadata("format") == "pt")
        #expect(read.metadata("other") == nil)
        #expect(read.dataStart == 8 + header.utf8.count + 3)
        #expect(read.duplicateNames.isEmpty)
    }

    @Test(arguments: [
        "{}", "  {}", "\n\t{}\r\n  ", #"{"__metadata__":null}"#, #"{"__metadata__":{"a":"1","a":"2"}}"#,
        #"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#,
        #"{"a":{"dtype":"F32","shape":[0,9223372036854775807,9],"data_offsets":[0,0]}}"#,
        #"{"a":{"dtype":"F32","shape":[4611686018427387904,3,0],"data_offsets":[0,0]}}"#,
    ])
    func acceptsHeadersOfFilesWithoutBytes(_ header: String) throws {
        let read = try parse(file(header))
        #expect(read.tensors.allSatisfy { $0.elementCount == 0 })
    }

    @Test(arguments: [
        #""x":1e-999"#, #""x":1,"x":2"#, #""x":123456789012345678901234567890"#, #""x":"\ud83d\ude00""#,
        #""x":"# + String(repeating: "[", count: 125) + String(repeating: "]", count: 125),
    ])
    func passesOverUnknownFields(_ field: String) throws {
        #expect(try parse(file(#"{"a":{\#(one),\#(field)}}"#, data: 4)).tensors.count == 1)
    }

    @Test func placesEmptyTensorsAtEitherEnd() throws {
        let empty = #"{"dtype":"F16","shape":[0],"data_offsets":"#
        let header = #"{"z":\#(empty)[4,4]},"a":{\#(one)},"y":\#(empty)[0,0]}}"#
        #expect(try parse(file(header, data: 4)).tensors.map(\.name) == ["y", "a", "z"])
    }

    @Test func takesTheLastOfEqualNamesAndReportsThem() throws {
        let header = #"""
            {"a":{"dtype":"F4","shape":[9],"data_offsets":[9,0]},"b":{"dtype":"U8","shape":[0],"data_offsets":[4,4]},
            "a":{\#(one)},"\u0061":{\#(one)}}
            """#
        let read = try parse(file(header, data: 4))
        #expect(read.tensors.map(\.name) == ["a", "b"])
        #expect(read.tensors.first?.dtype == .f32)
        #expect(read.duplicateNames == ["a"])
    }

    @Test func tellsNamesApartByTheirBytes() throws {
        let header = #"{"é":{\#(one)},"e\#u{301}":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}}"#
        let read = try parse(file(header, data: 4))
        #expect(read.tensors.count == 2)
        #expect(read.duplicateNames.isEmpty)
    }

    @Test(arguments: DType.allCases)
    func measuresEveryType(_ dtype: DType) throws {
        let size = dtype.bitsPerElement
        let header = #"{"a":{"dtype":"\#(dtype.rawValue)","shape":[2,4],"data_offsets":[0,\#(size)]}}"#
        #expect(try parse(file(header, data: size)).tensors.first?.dtype == dtype)
    }

    @Test func needsNoMoreThanTheHeaderOfALargeFile() throws {
        let size = 1 << 50
        let header = #"{"a":{"dtype":"U8","shape":[\#(size)],"data_offsets":[0,\#(size)]}}"#
        let bytes = file(header)
        let start = try SafetensorsHeader.dataStart(bytes.span, fileSize: bytes.count + size)
        #expect(start == bytes.count)
        let read = try SafetensorsHeader.parse(bytes.span, fileSize: bytes.count + size)
        #expect(read.tensors.first?.bytes == 0..<size)
    }

    @Test func refusesFewerBytesThanTheHeaderHas() {
        let bytes = file("{}")
        #expect(throws: FormatError.self) { try parse(bytes, first: 9) }
        #expect(throws: FormatError.self) { try parse(bytes, first: 7) }
    }

    @Test func shortensNamesInMessages() {
        let name = String(repeating: "x", count: 10_000)
        let error = #expect(throws: FormatError.self) { try parse(file(#"{"\#(name)":{}}"#)) }
        #expect((error?.message.utf8.count ?? 0) < 300)
    }
}
