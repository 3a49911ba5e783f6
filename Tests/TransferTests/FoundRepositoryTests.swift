import Testing

@testable import Formats
@testable import Manifests
@testable import Transfer

/// What is read of the answers of strangers.
@Suite struct FoundRepositoryTests {
    private static func hub(_ text: String, _ kind: CatalogQuery.Kind = .model) throws -> FoundRepository? {
        FoundRepository.hub(try JSON.parse(Array(text.utf8)), kind)
    }

    @Test func whatTheHubStatesIsRead() throws {
        let found = try #require(
            try Self.hub(
                #"""
                {"id":"org/name","downloads":1200,"likes":3,"gated":"manual","private":false,"pipeline_tag":"text-generation",
                 "library_name":"transformers","lastModified":"2026-10-01T12:00:00.000Z","sha":"\#(String(repeating: "a", count: 40))",
                 "safetensors":{"parameters":{"BF16":1000,"F32":10},"total":1010},
                 "tags":["license:mit","base_model:a/b","base_model:quantized:a/b","base_model:c/d","en"]}
                """#))
        #expect(found.source == .hub(HubRepository(kind: .model, id: "org/name"), revision: "main"))
        #expect(found.downloads == 1200 && found.likes == 3 && found.access == .manual)
        #expect(found.license == "mit" && found.updated == "2026-10-01" && found.commit?.count == 40)
        #expect(found.parameters == 1010 && found.size == 2040 && found.isWeightsOnly)
        #expect(found.baseModels == ["quantized:a/b", "c/d"])
    }

    @Test func theNameOfALicenceThatIsOtherIsShown() throws {
        let text =
            #"{"id":"a/b","tags":["license:other"],"cardData":{"license":"other","license_name":"tongyi"}}"#
        #expect(try Self.hub(text)?.license == "tongyi")
        #expect(try Self.hub(#"{"id":"a/b","cardData":{"license":["mit","x"]}}"#)?.license == "mit, x")
    }

    @Test(arguments: [
        #"{"id":"../../etc"}"#, #"{"id":"a/b/c"}"#, #"{"id":"a/b\u001b[31m"}"#, #"{"id":7}"#, "{}", "[]",
        "null",
        #"{"id":"--x/y"}"#,
    ])
    func aNameThatNoRepositoryHasIsNone(_ text: String) throws { #expect(try Self.hub(text) == nil) }

    /// Numbers of any kind and size, wrong types, and texts that do something on a terminal.
    @Test func strangeValuesAreLeftOutOrMadeHarmless() throws {
        let found = try #require(
            try Self.hub(
                #"""
                {"id":"a/b","downloads":-1,"likes":1e300,"gated":7,"private":"x","sha":"main","lastModified":"tomorrow!!",
                 "tags":"x","pipeline_tag":"a\u001b]0;x\u0007b\u202ec\nd","library_name":["x"],
                 "safetensors":{"parameters":{"BF16":9223372036854775807},"total":9223372036854775807}}
                """#))
        #expect(
            found.downloads == nil && found.likes == nil && found.access == .gated || found.access == .unknown
        )
        #expect(found.commit == nil && found.updated == nil && found.library == nil)
        #expect(found.task == "a ]0;x bc d" && found.tags == ["x"])
        #expect(found.size == nil && found.parameters == Int.max)
    }

    @Test func aTextIsNoLongerThanItMayBe() {
        #expect(CleanText.line(String(repeating: "é", count: 10_000))?.count == CleanText.limit)
        #expect(CleanText.line(" \n\u{202E}\u{200B} ") == nil)
        #expect(CleanText.line("\u{1B}[2Jhello\u{9B}x") == "[2Jhello x")
    }

    @Test func eachVariationOfAKaggleModelIsAResult() throws {
        let json = try JSON.parse(
            Array(
                #"""
                {"ref":"google/gemma","title":"Gemma","voteCount":5,"updateTime":"2026-01-02T03:04:05.678Z","tags":[{"name":"nlp"}],
                 "instances":[{"slug":"2b","framework":"MODEL_FRAMEWORK_TRANSFORMERS","licenseName":"Gemma","totalUncompressedBytes":7},
                              {"slug":"../x","framework":"KERAS"},{"slug":"9b","framework":"a/b"},{"slug":"7b","framework":"pyTorch"}]}
                """#.utf8))
        let found = FoundRepository.kaggleModels(json)
        #expect(found.map(\.name) == ["google/gemma/transformers/2b", "google/gemma/pyTorch/7b"])
        #expect(
            found[0].license == "Gemma" && found[0].size == 7 && found[0].likes == 5
                && found[0].tags == ["nlp"])
        #expect(found[0].source.text == "kaggle:google/gemma/transformers/2b")
    }

    @Test func aKaggleDataSetIsRead() throws {
        let found = try #require(
            FoundRepository.kaggleDataset(
                try JSON.parse(
                    Array(
                        #"{"ref":"/a/b","totalBytes":9,"downloadCount":3,"voteCount":2,"licenseName":"CC0-1.0","isPrivate":true}"#
                            .utf8))))
        #expect(found.name == "a/b" && found.size == 9 && found.downloads == 3 && found.access == .private)
        #expect(FoundRepository.kaggleDataset(["ref": "a"]) == nil)
    }

    @Test func whatKaggleCannotBeAskedForIsLookedForInItsAnswers() throws {
        var found = FoundRepository(.kaggle(try KaggleHandle.parse(.model, "a/b/pyTorch/c")))
        found.framework = "pyTorch"
        found.license = "Apache 2.0"
        found.tags = ["Text Generation"]
        var query = CatalogQuery()
        query.framework = "pytorch"
        query.tags = ["text generation"]
        #expect(KaggleCatalog.accepts(found, query))
        query.license = "mit"
        #expect(!KaggleCatalog.accepts(found, query))
    }

    @Test func filesWithRefusedNamesAreCountedAndLeftOut() throws {
        let json = try JSON.parse(
            Array(
                #"""
                {"id":"a/b","sha":"\#(String(repeating: "b", count: 40))","securityRepoStatus":{"scansDone":true,
                 "filesWithIssues":[{"path":"a.bin","level":"unsafe"},{"path":7}]},
                 "siblings":[{"rfilename":"z","size":1},{"rfilename":"../x","size":1},{"rfilename":"a","size":-1},
                             {"rfilename":"a","size":5},{"size":1},{"rfilename":"b","size":134,"lfs":{"size":9}}]}
                """#.utf8))
        let info = try #require(RepositoryInfo.hub(json, .model, revision: "main", page: "x"))
        #expect(info.files.map(\.path.text) == ["a", "b", "z"] && info.refused == 2)
        #expect(info.files.map(\.size) == [nil, 9, 1] && info.size == 10)
        #expect(info.security?.issues.map(\.path) == ["a.bin", "?"] && info.security?.isDone == true)
    }
}
