import Testing

@testable import Formats
@testable import Tensors

struct ShardIndexTests {
    private func names(_ text: String) throws(FormatError) -> [String] {
        try ShardIndex.fileNames(Array(text.utf8).span)
    }

    @Test func namesEveryFileOnceInTheOrderOfBytes() throws {
        let text = #"""
            {"metadata": {"total_size": 1e3, "x": [NaN, {}]},
             "weight_map": {"a": "m-2", "b": "m-1", "c": "m-2", "d": "Z"}, "more": [[]]}
            """#
        #expect(try names(text) == ["Z", "m-1", "m-2"])
        #expect(try names(#"{"weight_map":{}}"#) == [])
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"weight_map":null}"#, #"{"weight_map":["a"]}"#, #"{"weight_map":{"a":1}}"#,
        #"{"weight_map":{"a":"b"}} x"#, #"{"weight_map":{"a":"b"}"#,
        "version https://git-lfs.github.com/spec/v1\n",
    ])
    func refusesWhatIsNoIndex(_ text: String) {
        #expect(throws: FormatError.self) { try names(text) }
    }
}
