import Testing

@testable import Manifests
@testable import PythonPackages

/// What `pip freeze` prints, and what is none of it.
@Suite struct FreezeFileTests {
    private func packages(_ text: String) -> [String] {
        FreezeFile(Array(text.utf8)).packages.map { "\($0.name) \($0.version?.description ?? "?")" }
    }

    @Test func readsWhatPipPrints() {
        let text = """
            \u{FEFF}# a comment
            numpy==2.1.3
            torch==2.6.0+cu124\r
            Old_Name===1.0
            conda-built @ file:///home/conda/feedstock_root/build_artifacts/x_1234/work

            wheeled @ file:///tmp/wheeled-1.5-py3-none-any.whl#sha256=abc
            other @ https://example.org/elsewhere-9-py3-none-any.whl
            from-git @ git+https://github.com/org/from-git@0123456789abcdef
            -e git+https://github.com/org/edited@0123456789abcdef#egg=edited
            -e git+https://github.com/org/mono@0123456789abcdef#egg=deep&subdirectory=x
            # Editable install with no version control (local-one==0.3)
            -e /home/me/local-one
            bare
            """
        #expect(
            packages(text) == [
                "numpy 2.1.3", "torch 2.6.0+cu124", "old-name 1.0", "conda-built ?", "wheeled 1.5", "other ?",
                "from-git ?", "edited ?", "deep ?", "local-one 0.3", "bare ?",
            ])
        #expect(FreezeFile(Array(text.utf8)).unread == [])
    }

    @Test func namesTheLinesThatAreNone() {
        let text =
            "numpy==1\nPackage Version\n--------- -------\nx>=1\n-e ./nameless\nname=1=py_0\nnumpy==2\n"
        let file = FreezeFile(Array(text.utf8))
        #expect(file.packages == [InstalledPackage(name: "numpy", version: PackageVersion("1"))])
        #expect(file.unread.map(\.number) == [2, 3, 4, 5, 6])
        #expect(file.unread.map(\.text).last == "name=1=py_0")
    }

    @Test func nothingIsNoError() {
        #expect(FreezeFile([]).packages.isEmpty && FreezeFile([]).unread.isEmpty)
    }
}
