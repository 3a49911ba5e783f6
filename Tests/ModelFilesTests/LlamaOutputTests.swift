import Formats
import Testing

@testable import ModelFiles

@Suite struct LlamaOutputTests {
    @Test func readsVersions() {
        let text = "warning: x\nversion: 0.5.0-dev (build 1, commit 0c1e570)\nbuilt with GNU\n"
        #expect(LlamaOutput.version(Array(text.utf8)) == "0.5.0-dev (build 1, commit 0c1e570)")
        #expect(LlamaOutput.version(Array("built with GNU\n".utf8)) == nil)
        #expect(LlamaOutput.version(Array("version: \u{1B}[31m1\n".utf8)) == nil)
    }

    @Test func showsReasonsAsPlainText() {
        let text = "0.00 I loading\nerror: \u{1B}[31mno such file\r\nmore\n"
        #expect(LlamaOutput.reasons(Array(text.utf8)) == ["error: ?[31mno such file"])
    }

    @Test func knowsTheSizeOfLogits() {
        // A run of llama-perplexity (0c1e570) on 20 chunks of 64 tokens of 300.
        #expect(LogitsFile.size(LogitsExtent(context: 64, chunks: 20, vocabulary: 300)) == 382_100)
        #expect(LogitsFile.size(LogitsExtent(context: 1 << 40, chunks: 1 << 40, vocabulary: 1 << 30)) == nil)
    }

    @Test(arguments: [
        #"{"original": [1, 2]}"#,
        #"{"original": [0.5, 0]}"#,
    ])
    func figuresHaveToBeWhole(_ part: String) throws {
        let good =
            #"{"original":[9.5,0.1],"other":[10,0.1],"divergence":[0.01,0],"median":0,"percentile99":0.1,"#
            + #""greatest":1,"agreement":[0.9,0.01],"chunks":3,"vocabulary":300}"#
        let request = LogitsRequest(text: "t", context: 64, chunks: 3)
        func figures(_ text: String) throws -> LogitsFigures? {
            TransformersRun.figures(try JSON.parse(Array(text.utf8).span), request)
        }
        #expect(try figures(good)?.divergence.value == 0.01)
        #expect(try figures(part) == nil)
        for (word, other) in [
            ("[9.5,0.1]", "[0.5,0.1]"), ("[9.5,0.1]", "[9.5]"), ("[0.9,", "[1.9,"), (":3,", ":4,"),
            ("[0.01,0]", "[-1,0]"), (":300", ":0"), ("\"greatest\":1", "\"greatest\":\"1\""),
        ] { #expect(try figures(good.replacing(word, with: other)) == nil) }
    }
}
