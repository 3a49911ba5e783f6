import TestSupport
import Testing

@testable import Formats
@testable import Tensors

/// A file made by changing a builder.
private func built(_ name: String, at offset: Int, _ change: (inout GGUFBuilder) -> Void) -> Refusal {
    var file = GGUFBuilder()
    change(&file)
    return Refusal(name, file.bytes, at: offset)
}

/// A file with one item, whose key is "k" and is at byte 24; its type is at 33 and its value at 37.
private func item(_ name: String, at offset: Int, type: UInt64, _ value: [UInt8]) -> Refusal {
    built(name, at: offset) { $0.items = [GGUFBuilder.text("k") + number(type, 4) + value] }
}

private let start: [Refusal] = [
    .init("no bytes", [], at: 0),
    .init("three bytes", Array("GGU".utf8), at: 0),
    .init("another magic number", Array("GGML".utf8) + zeros(100), at: 0),
    .init("the magic number alone", Array("GGUF".utf8), at: 4),
    built("version 0", at: 4) { $0.version = 0 },
    built("version 1", at: 4) { $0.version = 1 },
    built("version 4", at: 4) { $0.version = 4 },
    built("big-endian version 3", at: 4) { $0.version = 0x0300_0000 },
    .init("no counts", Array("GGUF".utf8) + number(3, 4), at: 8),
    built("2^63 tensors", at: 8) { $0.claimedTensors = 1 << 63 },
    built("2^64 - 1 tensors", at: 8) { $0.claimedTensors = .max },
    built("one tensor, but no bytes for it", at: 8) { file in
        file.claimedTensors = 1
        file.dataSize = 0
    },
    built("one tensor of zeros and no data", at: 24) { file in
        file.claimedTensors = 1
        file.dataSize = 30
    },
    built("2^63 items", at: 16) { $0.claimedItems = 1 << 63 },
    built("one item, but no bytes for it", at: 16) { $0.claimedItems = 1 },
]

private let metadata: [Refusal] = [
    built("a key that is longer than the file", at: 24) { file in
        file.items = [number(1 << 62, 8) + zeros(20)]
    },
    built("a key past the limit", at: 24) { file in
        file.items = [number(65_536, 8) + zeros(70_000)]
    },
    built("a key that is not UTF-8", at: 24) { file in
        file.items = [number(1, 8) + [0xFF] + number(0, 4) + [0]]
    },
    built("a key twice", at: 38) { file in
        file.item("k", .uint8, [0])
        file.item("k", .uint8, [0])
    },
    item("value type 13", at: 33, type: 13, [0]),
    item("value type 2^32 - 1", at: 33, type: 0xFFFF_FFFF, [0]),
    item("a string of 2^64 - 1 bytes", at: 37, type: 8, number(.max, 8)),
    item("a string longer than the file", at: 37, type: 8, number(1000, 8)),
    item("an array of type 13", at: 37, type: 9, number(13, 4) + zeros(8)),
    item("an array of 2^63 bytes", at: 41, type: 9, GGUFBuilder.array(.uint8, 1 << 63, [])),
    item("an array of 2^61 numbers of 8 bytes", at: 41, type: 9, GGUFBuilder.array(.uint64, 1 << 61, [])),
    item("an array of 2^60 strings", at: 41, type: 9, GGUFBuilder.array(.string, 1 << 60, zeros(100))),
    item("an array of 2^60 arrays", at: 41, type: 9, GGUFBuilder.array(.array, 1 << 60, zeros(100))),
    item(
        "a string of an array past the file", at: 57, type: 9,
        GGUFBuilder.array(.string, 2, zeros(8) + number(1 << 40, 8))),
    item(
        "arrays nested nine deep", at: 37 + 8 * 12, type: 9,
        (0..<8).flatMap { _ in GGUFBuilder.array(.array, 1, []) } + GGUFBuilder.array(.uint8, 0, [])),
    built("an alignment of 0", at: 24) { $0.item("general.alignment", .uint32, number(0, 4)) },
    built("an alignment of 24", at: 24) { $0.item("general.alignment", .uint32, number(24, 4)) },
    built("an alignment of another type", at: 24) { $0.item("general.alignment", .uint64, number(32, 8)) },
]

private let descriptions: [Refusal] = [
    built("a tensor's name longer than the file", at: 24) { file in
        file.claimedTensors = 1
        file.items = [number(1 << 40, 8) + zeros(50)]
        file.claimedItems = 0
    },
    built("a tensor's name that is not UTF-8", at: 24) { file in
        file.claimedTensors = 1
        file.items = [number(1, 8) + [0xC0] + zeros(50)]
        file.claimedItems = 0
    },
    built("a tensor twice", at: 24 + 33) { file in
        file.tensor("a", [1])
        file.tensor("a", [1])
    },
    built("nine dimensions", at: 24) { $0.tensor("a", [1, 1, 1, 1, 1, 1, 1, 1, 1]) },
    built("a dimension of 2^63", at: 24) { $0.tensor("a", [1 << 63]) },
    built("a product past 63 bits", at: 24) { $0.tensor("a", [1 << 32, 1 << 32], .i8) },
    built("a product past 63 bits before a 0", at: 24) { $0.tensor("a", [1 << 32, 1 << 32, 0], .i8) },
    built("a size past 63 bits", at: 24) { $0.tensor("a", [1 << 61]) },
    built("rows that are no whole blocks", at: 24) { $0.tensor("a", [48, 2], .q80) },
    built("a block's type for a single element", at: 24) { $0.tensor("a", [], .q4K) },
    built("the removed type 4", at: 24) { file in
        file.tensors = [.init(name: "a", dimensions: [32], type: 4, offset: 0)]
    },
    built("the unknown type 43", at: 24) { file in
        file.tensors = [.init(name: "a", dimensions: [1], type: 43, offset: 0)]
    },
    built("an offset that is not aligned", at: 24) { $0.tensor("a", [1], offset: 16) },
    built("an offset of 2^63", at: 24) { $0.tensor("a", [1], offset: 1 << 63) },
    built("an offset that overflows with the size", at: 24) { $0.tensor("a", [8], offset: .max - 31) },
    built("a tensor past the file", at: 24) { $0.tensor("a", [1], offset: 1 << 30) },
    built("a tensor that is cut short", at: 24) { file in
        file.tensor("a", [100])
        file.dataSize = 402
    },
    built("an empty tensor past the file", at: 24) { $0.tensor("a", [0], offset: 1 << 20) },
    built("two tensors at one place", at: 24 + 33) { file in
        file.tensor("a", [4], offset: 0)
        file.tensor("b", [4], offset: 0)
    },
    built("a tensor inside another", at: 24 + 33) { file in
        file.tensor("a", [64], offset: 0)
        file.tensor("b", [4], offset: 64)
    },
    built("tensors out of order that overlap", at: 24) { file in
        file.tensor("a", [64], offset: 32)
        file.tensor("b", [64], offset: 0)
    },
]

struct GGUFRefusalTests {
    @Test(arguments: start + metadata + descriptions)
    func refuses(file: Refusal) {
        let error = #expect(throws: FormatError.self) {
            try GGUFHeader.parse(file.bytes.span, fileSize: file.bytes.count)
        }
        #expect(error?.offset == file.offset, "\(error?.description ?? "")")
    }

    @Test func refusesCountsPastTheLimits() {
        var file = GGUFBuilder()
        file.claimedTensors = UInt64(GGUFHeader.maximumTensorCount) + 1
        // Only the first bytes of a file that claims to be large are there.
        #expect(throws: FormatError.self) { try GGUFHeader.parse(file.bytes.span, fileSize: 1 << 40) }
        file.claimedTensors = 0
        file.claimedItems = UInt64(GGUFHeader.maximumItemCount) + 1
        #expect(throws: FormatError.self) { try GGUFHeader.parse(file.bytes.span, fileSize: 1 << 40) }
    }

    @Test func refusesHeadersPastTheLimit() {
        var file = GGUFBuilder()
        file.item("k", .array, GGUFBuilder.array(.uint8, UInt64(GGUFHeader.maximumLength), []))
        let error = #expect(throws: FormatError.self) {
            try GGUFHeader.parse(file.bytes.span, fileSize: 1 << 40)
        }
        #expect(error?.offset == 49)
    }

    @Test func keepsNamesApartThatOnlyUnicodeCallsEqual() throws {
        var file = GGUFBuilder()
        file.tensor("\u{E9}", [1])
        file.tensor("e\u{301}", [1])
        #expect(try ggufHeader(file.bytes).tensors.count == 2)
    }
}
