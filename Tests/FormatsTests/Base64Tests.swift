import Formats
import Testing

@Suite struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]) func writesAndReadsTheExamplesOfTheStandard(bytes: String, text: String) {
        #expect(Base64.text(Array(bytes.utf8)) == text)
        #expect(Base64.bytes(text, .standard) == Array(bytes.utf8))
        #expect(Base64.bytes(text) == Array(bytes.utf8))
    }

    @Test func takesOtherFormsOnlyWhereTheyAreAllowed() {
        #expect(Base64.bytes("-_-_") == Base64.bytes("+/+/"))
        #expect(Base64.bytes("Zg") == [0x66])
        for text in ["-_-_", "Zg", "Zm8"] { #expect(Base64.bytes(text, .standard) == nil, "\(text)") }
    }

    @Test(arguments: [
        "Z", "Zg=", "Zg===", "Z===", "Zh==", "Zm9=", "Zm9v\n", " Zm9v", "Zm=9", "Zm9v====", "====", "=",
        "Zé==",
    ])
    func refusesWhatMeansTheSameAsAnotherTextOrNothing(text: String) {
        #expect(Base64.bytes(text) == nil)
        #expect(Base64.bytes(text, .standard) == nil)
    }

    @Test func hexadecimalDigitsAreLowercaseAndInPairs() {
        #expect(Hex.text([0, 0x9A, 0xFF] as [UInt8]) == "009aff")
        #expect(Hex.bytes("009aff") == [0, 0x9A, 0xFF])
        #expect(Hex.bytes("") == [])
        for text in ["0", "0A", "0g", "00 ", "٠٠"] { #expect(Hex.bytes(text) == nil, "\(text)") }
    }
}
