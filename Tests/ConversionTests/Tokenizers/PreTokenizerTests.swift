import Testing

@testable import Formats
@testable import Tokenizers

@Suite struct PreTokenizerTests {
    @Test func hasTheProbeOfTheReference() throws {
        // Of the text that the reference's hashes were made with.
        #expect(
            try sha256(Array(PreTokenizer.probe.utf8))
                == "a36179c1e2b1cfcfbfad1dc779addad2ffc778201e4cf0d538bddeafa2c526da")
    }

    @Test func knowsEveryNameOfTheReference() {
        #expect(PreTokenizer.names.count == 84)
        #expect(PreTokenizer.names.contains("llama-bpe"))
    }

    @Test func showsAnUnknownHashAndTheRemedy() {
        let error = #expect(throws: ConversionError.self) {
            try PreTokenizer.identify(ids: [1, 2, 3], sha256: sha256)
        }
        #expect(error?.code.rawValue == "pre-tokenizer-unknown")
        #expect(
            error?.notes.first?.hasSuffix("a36b1f2c3f84522dd1005145646617d7054c0851e97c72a039c0bdfac9fa07f3")
                == true)
        #expect(error?.fix?.contains("--pre NAME") == true)
    }
}
