import Formats
import Testing

@testable import Service

struct MultipartTests {
    @Test func parametersAreReadWithAndWithoutMarks() {
        func parameter(_ name: String, _ value: String) -> String? {
            MultipartReader.parameter(name, in: value)
        }
        #expect(parameter("boundary", "multipart/form-data; boundary=abc") == "abc")
        #expect(parameter("boundary", "multipart/form-data; charset=x; BOUNDARY=\"a b;c\"") == "a b;c")
        #expect(parameter("name", "form-data; name=\"a\\\"b\"; filename=\"x\"") == "a\"b")
        #expect(parameter("filename", "form-data; name=\"filename\"") == nil)
        #expect(parameter("name", "form-data; name=\"open") == "open")
        #expect(parameter("name", "form-data;;; name") == "")
        #expect(parameter("name", "form-data") == nil)
    }

    @Test func frameworksAreFoundByTheEnding() {
        #expect(ModelWords.framework(of: "a/b.SAFETENSORS") == "huggingface")
        #expect(ModelWords.framework(of: "b.pt") == "pytorch")
        #expect(ModelWords.framework(of: "b") == "other")
    }

    @Test func wordsOfTheInterfaceAreNoUsers() {
        #expect(ModelNames.problem("search") != nil && ModelNames.problem("upload") != nil)
        #expect(
            ModelNames.problem("..") != nil && ModelNames.problem("a/b") != nil
                && ModelNames.problem("") != nil)
        #expect(ModelNames.problem("Anna-1.b_c") == nil)
    }
}
