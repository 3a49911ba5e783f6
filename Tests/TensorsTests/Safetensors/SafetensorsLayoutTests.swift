import Testing

@testable import Formats
@testable import Tensors

private func text(_ layout: SafetensorsLayout) -> String {
    String(decoding: layout.header.dropFirst(8), as: UTF8.self)
}

@Suite struct SafetensorsLayoutTests {
    private let tensors = [
        SafetensorsLayout.Tensor(name: "b", dtype: .i64, shape: [2]),
        SafetensorsLayout.Tensor(name: "a\u{1}\"\\\n\u{7F}é", dtype: .bf16, shape: [3, 1]),
        SafetensorsLayout.Tensor(name: "scalar", dtype: .f32, shape: []),
        SafetensorsLayout.Tensor(name: "none", dtype: .u8, shape: [0, 5]),
    ]

    /// What the safetensors package 0.8.0 writes for these, where it is given this order.
    @Test func headerIsThePackages() throws {
        let layout = try SafetensorsLayout(
            tensors: tensors,
            metadata: [.init(name: "format", value: "pt"), .init(name: "k", value: "\u{8}\u{C}\u{1F}")])
        let expected =
            #"{"__metadata__":{"format":"pt","k":"\b\f\u001f"},"b":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},"#
            + "\"a\\u0001\\\"\\\\\\n\u{7F}é\":{\"dtype\":\"BF16\",\"shape\":[3,1],\"data_offsets\":[16,22]},"
            + #""scalar":{"dtype":"F32","shape":[],"data_offsets":[22,26]},"#
            + #""none":{"dtype":"U8","shape":[0,5],"data_offsets":[26,26]}}"#
        let found = text(layout)
        #expect(found.trimmingSpaces == expected)
        #expect(layout.header.count.isMultiple(of: 8))
        #expect(found.utf8.count - expected.utf8.count < 8)
        #expect(layout.fileSize == layout.header.count + 26)
    }

    @Test func headerReadsBackAsWhatWasWritten() throws {
        let layout = try SafetensorsLayout(tensors: tensors, metadata: [.init(name: "format", value: "pt")])
        let header = try SafetensorsHeader.parse(layout.header.span, fileSize: layout.fileSize)
        #expect(header.tensors.map(\.name) == tensors.map(\.name))
        #expect(header.tensors.map(\.dtype) == tensors.map(\.dtype))
        #expect(header.tensors.map(\.shape) == tensors.map(\.shape))
        let start = header.dataStart
        #expect(
            header.tensors.map { $0.bytes.lowerBound + start..<$0.bytes.upperBound + start } == layout.tensors
        )
        #expect(header.metadata("format") == "pt")
    }

    @Test func headerWithoutTensorsAndMetadataIsAnEmptyObject() throws {
        let layout = try SafetensorsLayout(tensors: [], metadata: [])
        #expect(layout.header == [8, 0, 0, 0, 0, 0, 0, 0] + Array("{}      ".utf8))
        #expect(layout.fileSize == 16)
    }

    @Test func lastMetadataItemOfANameIsWritten() throws {
        let layout = try SafetensorsLayout(
            tensors: [],
            metadata: [
                .init(name: "a", value: "1"), .init(name: "b", value: "2"), .init(name: "a", value: "3"),
            ])
        #expect(text(layout).trimmingSpaces == #"{"__metadata__":{"b":"2","a":"3"}}"#)
    }

    @Test(arguments: [[Int.max], [Int.max, 2], [1 << 40, 1 << 40]]) func refusesSizesPastWhatCanBeSaid(
        shape: [Int]
    ) {
        #expect(throws: FormatError.self) {
            _ = try SafetensorsLayout(tensors: [.init(name: "t", dtype: .f32, shape: shape)], metadata: [])
        }
    }

    @Test func refusesElementsThatDoNotFillBytes() {
        #expect(throws: FormatError.self) {
            _ = try SafetensorsLayout(tensors: [.init(name: "t", dtype: .f4, shape: [3])], metadata: [])
        }
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
