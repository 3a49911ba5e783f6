import Testing

@testable import Formats
@testable import Tokenizers

@Suite struct PreTokenizerTests {
    @Test func hashesAsTheStandardSays() {
        #expect(
            SHA256.hexadecimal(Array("abc".utf8))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            SHA256.hexadecimal([])
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        let long = [UInt8](repeating: UInt8(ascii: "a"), count: 1000)
        #expect(
            SHA256.hexadecimal(long) == "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3")
    }

    @Test func hasTheProbeOfTheReference() {
        // Of the text that the reference's hashes were made with.
        #expect(
            SHA256.hexadecimal(Array(PreTokenizer.probe.utf8))
                == "a36179c1e2b1cfcfbfad1dc779addad2ffc778201e4cf0d538bddeafa2c526da")
    }

    @Test func knowsEveryNameOfTheReference() {
        #expect(PreTokenizer.names.count == 84)
        #expect(PreTokenizer.names.contains("llama-bpe"))
    }

    @Test func showsAnUnknownHashAndTheRemedy() {
        let error = #expect(throws: ConversionError.self) { try PreTokenizer.identify(ids: [1, 2, 3]) }
        #expect(error?.code == "pre-tokenizer-unknown")
        #expect(
            error?.notes.first?.hasSuffix("a36b1f2c3f84522dd1005145646617d7054c0851e97c72a039c0bdfac9fa07f3")
                == true)
        #expect(error?.fix?.contains("--pre NAME") == true)
    }
}
