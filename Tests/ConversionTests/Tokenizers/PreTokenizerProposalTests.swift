import Testing

@testable import Formats
@testable import Tokenizers

@Suite struct PreTokenizerProposalTests {
    private static let llama =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"#
    private static let byteLevel = #"{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}"#

    private func proposal(_ section: String) throws -> String? {
        try PreTokenizer.proposal(for: JSON.parse(Array(#"{"pre_tokenizer":\#(section)}"#.utf8)))
    }

    private func split(_ pattern: String, _ behavior: String = "Isolated") -> String {
        let split =
            #"{"type":"Split","pattern":{"Regex":"\#(pattern)"},"behavior":"\#(behavior)","invert":false}"#
        return #"{"type":"Sequence","pretokenizers":[\#(split),\#(Self.byteLevel)]}"#
    }

    @Test func aPlainByteLevelSplitsAsThatOfGPT2() throws {
        #expect(try proposal(#"{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}"#) == "gpt-2")
        #expect(try proposal(#"{"type":"ByteLevel","add_prefix_space":true,"use_regex":true}"#) == nil)
    }

    @Test func expressionsOfKnownTokenizersAreKnownAgain() throws {
        #expect(try proposal(split(Self.llama)) == "llama-bpe")
        #expect(try proposal(split(Self.llama.replacing("{1,3}", with: ""))) == "qwen2")
        #expect(try proposal(split(Self.llama, "Removed")) == nil)
        #expect(try proposal(split("a+")) == nil)
    }

    @Test func whatIsNoSectionHasNoProposal() throws {
        for section in [
            "null", "3", "[]", #"{"type":"Sequence","pretokenizers":[]}"#, #"{"type":"Metaspace"}"#,
        ] {
            #expect(try proposal(section) == nil)
        }
    }

    @Test func theFixProposesTheName() throws {
        let tokenizer = try JSON.parse(Array(#"{"pre_tokenizer":{"type":"ByteLevel"}}"#.utf8))
        let error = #expect(throws: ConversionError.self) {
            try PreTokenizer.identify(ids: [1, 2, 3], of: tokenizer, sha256: sha256)
        }
        #expect(error?.fix?.contains("--pre gpt-2") == true)
    }

    @Test func aWrongNameHasAShortMessage() {
        let error = #expect(throws: ConversionError.self) { try PreTokenizer.check("llama-bp") }
        #expect(error?.fix == "did you mean \"llama-bpe\"?")
        let other = #expect(throws: ConversionError.self) { try PreTokenizer.check("nothing-of-the-kind") }
        #expect(other?.fix == "knapsack help gguf lists the names")
    }
}
