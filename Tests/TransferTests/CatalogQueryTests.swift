import Testing

@testable import Formats
@testable import Manifests
@testable import Transfer

/// What a query becomes in the words of the Hub and of Kaggle.
@Suite struct CatalogQueryTests {
    private static let ranges: [(text: String, least: Int?, most: Int?)] = [
        ("1B..8B", 1_000_000_000, 8_000_000_000), ("..500M", nil, 500_000_000),
        ("1.5b..", 1_500_000_000, nil),
        ("0..7", 0, 7), ("1K..1.25T", 1000, 1_250_000_000_000),
    ]

    @Test(arguments: ranges)
    func aRangeOfParametersIsRead(_ text: String, _ least: Int?, _ most: Int?) throws {
        let range = try #require(ParameterRange(text))
        #expect(range.least == least && range.most == most)
    }

    @Test(arguments: [
        "", "..", "7B", "8B..1B", "1B...8B", "-1..2", "1..2..3", "1.5..2", "B..", "1e9..", "9999999999999B..",
        "1.2345K..",
        "..K", "1 B..", "１B..",
    ])
    func whatIsNoRangeIsNone(_ text: String) { #expect(ParameterRange(text) == nil) }

    @Test func bothEndsOfARangeAreInIt() throws {
        let range = try #require(ParameterRange("1B..2B"))
        #expect(range.contains(1_000_000_000) && range.contains(2_000_000_000))
        #expect(!range.contains(999_999_999) && !range.contains(2_000_000_001))
        #expect(range.hubText == "min:1000000000,max:2000000000")
    }

    /// The parameters that `HfApi.list_models` of huggingface_hub 2.4 sends for the same.
    @Test func theHubIsAskedInItsClientsWords() throws {
        var query = CatalogQuery()
        query.words = ["qwen", "7b"]
        query.author = "Qwen"
        query.task = "text-generation"
        query.library = "transformers"
        query.framework = "TensorFlow"
        query.language = "en"
        query.dataset = "org/data"
        query.license = "Apache-2.0"
        query.tags = ["a b", "dataset:x"]
        query.parameters = ParameterRange("..8B")
        query.gated = false
        query.order = .trending
        query.limit = 5
        let path = HubSearchRequest(query).path
        let beginning =
            "models?search=qwen%207b&author=Qwen&pipeline_tag=text-generation&filter=transformers&filter=tf&filter=en"
            + "&filter=dataset%3Aorg%2Fdata&filter=license%3Aapache-2.0&filter=a%20b&filter=dataset%3Ax"
            + "&num_parameters=max%3A8000000000&gated=false&sort=trendingScore&limit=5&expand=downloads&"
        #expect(path.hasPrefix(beginning), "\(path)")
    }

    @Test func dataSetsAndSpacesHaveOtherWordsForTheSame() {
        var query = CatalogQuery()
        query.kind = .dataset
        query.task = "question-answering"
        query.language = "language:de"
        query.library = "polars"
        #expect(
            HubSearchRequest(query).path.hasPrefix(
                "datasets?filter=task_categories%3Aquestion-answering&filter=library%3Apolars&filter=language%3Ade&limit=20&"
            ))
        query = CatalogQuery()
        query.kind = .space
        query.dataset = "org/data"
        #expect(HubSearchRequest(query).path.hasPrefix("spaces?datasets=org%2Fdata&limit=20&"))
    }

    @Test func nothingOfAQueryLeavesItsPlaceInTheAddress() {
        var query = CatalogQuery()
        query.words = ["a&sort=likes", "#?\r\nHost: x"]
        query.author = "../x"
        let path = HubSearchRequest(query).path
        #expect(
            path.hasPrefix("models?search=a%26sort%3Dlikes%20%23%3F%0D%0AHost%3A%20x&author=..%2Fx&limit="))
    }

    @Test func whatAServiceCannotBeAskedForIsNamed() {
        var query = CatalogQuery()
        query.parameters = ParameterRange("1B..")
        query.task = "x"
        query.license = "mit"
        #expect(HubSearchRequest.unknown(query) == [])
        #expect(KaggleSearchRequest.unknown(query) == [.task, .params])
        query.kind = .dataset
        #expect(HubSearchRequest.unknown(query) == [.params])
        query.kind = .space
        #expect(HubSearchRequest.unknown(query) == [.task, .params])
    }

    @Test func kaggleIsAskedInItsClientsWords() throws {
        var query = CatalogQuery()
        query.words = ["gemma"]
        query.author = "google"
        query.order = .votes
        #expect(
            KaggleSearchRequest(query).call(page: "x").arguments.compactText
                == #"{"search":"gemma","owner":"google","sortBy":"LIST_MODELS_ORDER_BY_VOTE_COUNT","pageSize":50,"pageToken":"x"}"#
        )
        query.kind = .dataset
        #expect(
            KaggleSearchRequest(query).call(page: nil).arguments.compactText
                == #"{"search":"gemma","group":"DATASET_SELECTION_GROUP_USER","user":"google","sortBy":"DATASET_SORT_BY_VOTES","pageSize":50}"#
        )
    }

    @Test(arguments: [
        ("MODEL_FRAMEWORK_PY_TORCH", "pyTorch"), ("PY_TORCH", "pyTorch"), ("pyTorch", "pyTorch"),
        ("MODEL_FRAMEWORK_TENSOR_FLOW_2", "tensorFlow2"), ("MODEL_FRAMEWORK_TRANSFORMERS", "transformers"),
        ("gemmaCpp", "gemmaCpp"), ("MODEL_FRAMEWORK_TENSOR_RT_LLM", "tensorRtLlm"),
    ])
    func frameworksAreSpelledAsInHandles(_ stated: String, _ handle: String) {
        #expect(KaggleFramework.handleName(stated) == handle)
        if stated.hasPrefix("MODEL") { #expect(KaggleFramework.name(of: handle) == stated) }
        #expect(KaggleFramework.isSame(handle, handle.uppercased()))
    }

    @Test(arguments: ["", "a/b", "x y", "é", "MODEL_FRAMEWORK_"])
    func whatIsNoFrameworkIsNone(_ text: String) { #expect(KaggleFramework.handleName(text) == nil) }
}
