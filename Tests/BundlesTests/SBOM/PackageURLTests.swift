import Testing

@testable import Bundles
@testable import Caches
@testable import Conversion
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite struct PackageURLTests {
    @Test(arguments: [
        ("microsoft/deberta-v3-base", "pkg:huggingface/microsoft/deberta-v3-base@559062ad"),
        ("distilbert-base-uncased", "pkg:huggingface/distilbert-base-uncased@559062ad"),
        ("Qwen/Qwen2.5_X", "pkg:huggingface/Qwen/Qwen2.5_X@559062ad"),
    ]) func keepsTheLettersOfHuggingFacesNamesButNotOfCommits(id: String, url: String) {
        #expect(PackageURL.huggingFace(id, commit: "559062AD") == url)
    }

    @Test(
        arguments: [
            ("quickstart_helper-1.0-py3-none-any.whl", "pkg:pypi/quickstart-helper@1.0"),
            ("torch-2.13.0+cu118-1-cp312-cp312-linux_x86_64.whl", "pkg:pypi/torch@2.13.0%2Bcu118"),
            ("sub/Zope.Interface-1!2.0-py3-none-any.whl", "pkg:pypi/zope.interface@1%212.0"),
        ] as [(RelativePath, String)])
    func namesWheelsByTheirFileNames(path: RelativePath, url: String) {
        #expect(WheelIdentity(path: path)?.packageURL == url)
    }

    @Test(
        arguments: ["a.whl", "a-1-py3-none-any.zip", "a--py3-none-any.whl", "a-1-2-3-4-5-6.whl", ".whl"]
            as [RelativePath])
    func knowsWhatIsNoWheel(path: RelativePath) {
        #expect(WheelIdentity(path: path) == nil)
    }

    @Test func takesNoPartOfAPackageForASeparator() {
        #expect(PackageURL.pypi("a/b@c?d#e", version: "1/2@3") == "pkg:pypi/a%2Fb%40c%3Fd%23e@1%2F2%403")
    }

    @Test func encodesEveryByteThatURLsDoNotHave() {
        #expect(PackageURL.encoded("a b#c%d/é~_-.:") == "a%20b%23c%25d/%C3%A9~_-.:")
    }
}
