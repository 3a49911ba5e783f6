import Testing

@testable import Formats
@testable import Manifests
@testable import Transfer

/// What is asked of Kaggle, and what its answers mean.
@Suite struct KaggleTests {
    private static func handle(_ kind: KaggleHandle.Kind, _ text: String) throws -> KaggleHandle {
        try KaggleHandle.parse(kind, text)
    }

    private static func json(_ text: String) throws -> JSON { try JSON.parse(Array(text.utf8)) }

    @Test(arguments: [
        ("2026-11-29T21:34:42.123Z", 1_795_988_082), ("1970-01-01T00:00:00Z", 0),
        ("2000-03-01T00:00:00", 951_868_800), ("2024-02-29T12:00:00+02:00", 1_709_200_800),
        ("1969-12-31T23:59:59.9Z", -1), ("2099-01-02T03:04:05.678901+00:00", 4_071_006_245),
    ])
    func timesAreSecondsSince1970(_ text: String, _ seconds: Int64) {
        #expect(KaggleTime.seconds(text) == seconds)
    }

    @Test(arguments: [
        "", "now", "2026-13-01T00:00:00Z", "2026-11-29", "2026-11-29T21:34:42 PST", "2026-11-29T25:00:00Z",
    ])
    func whatIsNoTimeIsNone(_ text: String) { #expect(KaggleTime.seconds(text) == nil) }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000+00:00"), (-1000, "1969-12-31T23:59:59.999999+00:00"),
        (951_868_799_123_456_789, "2000-02-29T23:59:59.123456+00:00"),
        (1_735_689_599_000_000_000, "2024-12-31T23:59:59.000000+00:00"),
        (4_071_006_245_678_901_000, "2099-01-02T03:04:05.678901+00:00"),
    ])
    func timesAreWrittenAsPythonWritesThem(_ nanoseconds: Int64, _ text: String) {
        #expect(KaggleTime.text(nanoseconds: nanoseconds) == text)
        #expect(KaggleTime.seconds(text) == nanoseconds / 1_000_000_000 - (nanoseconds < 0 ? 1 : 0))
    }

    @Test func everyDayIsReadAsItIsWritten() {
        for day in Int64(-40_000)..<80_000 {
            let text = KaggleTime.text(nanoseconds: day * 86_400_000_000_000)
            guard KaggleTime.seconds(text) == day * 86_400 else {
                Issue.record("\(text) is day \(day)")
                return
            }
        }
    }

    @Test(arguments: [
        ("transformers", "TRANSFORMERS"), ("Transformers", "TRANSFORMERS"), ("pyTorch", "PY_TORCH"),
        ("pytorch", "PY_TORCH"), ("tensorFlow2", "TENSOR_FLOW_2"), ("tfLite", "TF_LITE"),
        ("gemmaCpp", "GEMMA_CPP"),
        ("scikitLearn", "SCIKIT_LEARN"), ("someday", "SOMEDAY"),
    ])
    func frameworksAreNamedAsTheClientNamesThem(_ text: String, _ name: String) {
        #expect(KaggleFramework.name(of: text) == "MODEL_FRAMEWORK_" + name)
    }

    @Test func aCallNamesTheVersionAsItsServiceDoes() throws {
        let model = KaggleCall.file(try Self.handle(.model, "o/m/keras/v/3"), "a/b.json")
        #expect(model.method == "DownloadModelInstanceVersion")
        #expect(
            model.arguments.compactText
                == #"{"ownerSlug":"o","modelSlug":"m","framework":"MODEL_FRAMEWORK_KERAS","instanceSlug":"v","versionNumber":3,"path":"a/b.json"}"#
        )
        let data = KaggleCall.archive(try Self.handle(.dataset, "o/d/versions/7"))
        #expect(
            data.arguments.compactText == #"{"ownerSlug":"o","datasetSlug":"d","datasetVersionNumber":7}"#)
        let competition = KaggleCall.archive(try Self.handle(.competition, "titanic"))
        #expect(competition.arguments.compactText == #"{"competitionName":"titanic"}"#)
        #expect(KaggleCall.currentVersion(try Self.handle(.competition, "titanic")) == nil)
        #expect(KaggleCall.files(try Self.handle(.notebook, "o/n"), directory: "", page: "") == nil)
    }

    @Test func aTreeIsReadToItsEnd() throws {
        var reader = KaggleListingReader(try Self.handle(.dataset, "o/d/versions/1"))
        #expect(reader.next()?.arguments["path"] == nil)
        try reader.take(
            Self.json(
                #"{"files":[{"name":"a","relativeUrl":"a"}],"directories":[{"relativeUrl":"sub"}],"nextPageToken":"x"}"#
            ),
            from: "host")
        #expect(reader.next()?.arguments["pageToken"]?.string == "x")
        try reader.take(Self.json(#"{"files":[{"name":"b","totalBytes":5}]}"#), from: "host")
        #expect(reader.next()?.arguments["path"]?.string == "sub")
        try reader.take(
            Self.json(#"{"files":[{"name":"c","totalBytes":7}],"directories":[{"name":"deeper"}]}"#),
            from: "host")
        #expect(reader.next()?.arguments["path"]?.string == "sub/deeper")
        try reader.take(Self.json("{}"), from: "host")
        #expect(reader.next() == nil)
        #expect(reader.files.map(\.name) == ["a", "b", "sub/c"] && reader.files.map(\.size) == [0, 5, 7])
    }

    @Test(arguments: [
        #"{"files":[{"totalBytes":1}]}"#, #"{"files":[{"name":"a","size":-1}]}"#,
        #"{"files":[{"name":"a","size":"1"}]}"#,
        #"{"directories":[{}]}"#, #"{"directories":[{"relativeUrl":"a"},{"relativeUrl":"a"}]}"#,
    ])
    func aListThatMakesNoSenseIsRefused(_ text: String) throws {
        var reader = KaggleListingReader(try Self.handle(.dataset, "o/d/versions/1"))
        let page = try Self.json(text)
        #expect(throws: NetworkError.self) { try reader.take(page, from: "host") }
    }

    @Test func aListThatLeadsInACircleIsRefused() throws {
        var reader = KaggleListingReader(try Self.handle(.competition, "c"))
        try reader.take(Self.json(#"{"directories":[{"relativeUrl":"a"}]}"#), from: "host")
        let back = try Self.json(#"{"directories":[{"relativeUrl":"b"}]}"#)
        #expect(throws: NetworkError.self) { try reader.take(back, from: "host") }
        var pages = KaggleListingReader(try Self.handle(.competition, "c"))
        let same = try Self.json(#"{"nextPageToken":"x"}"#)
        try pages.take(same, from: "host")
        #expect(throws: NetworkError.self) { try pages.take(same, from: "host") }
    }

    @Test func aRefusalIsWhatItsStatusAndItsWordsState() {
        func kind(_ status: Int, _ words: String, _ kind: KaggleHandle.Kind, _ isKnown: Bool)
            -> KaggleRefusal.Kind
        {
            KaggleRefusal(status: status, message: words, of: kind, isKnown: isKnown).kind
        }
        #expect(kind(401, "", .model, false) == .credentialsNeeded)
        #expect(kind(401, "", .model, true) == .credentialsWrong)
        #expect(kind(403, "Permission 'models.get' was denied", .model, true) == .forbidden)
        #expect(kind(403, "Permission 'models.get' was denied", .model, false) == .credentialsNeeded)
        #expect(kind(403, "User has not consented to terms of use.", .model, true) == .consentNeeded)
        #expect(
            kind(403, "Permission 'competitions.participate' was denied", .competition, true)
                == .consentNeeded)
        #expect(kind(404, "", .dataset, true) == .notFound)
        #expect(kind(418, "", .dataset, true) == .status(418))
    }

    @Test func placesAreThoseOfTheClients() throws {
        let api = try #require(KaggleEndpoint(environment: [:]))
        let call = KaggleCall.archive(try Self.handle(.competition, "c"))
        #expect(
            "\(api.method(call))"
                == "https://api.kaggle.com/v1/competitions.CompetitionApiService/DownloadDataFiles")
        let local = try #require(KaggleEndpoint(environment: ["KAGGLE_API_ENVIRONMENT": "LOCALHOST"]))
        #expect("\(local.method(call))".hasUTF8Prefix("http://localhost/api/v1/"))
        #expect(KaggleEndpoint(environment: ["KAGGLE_API_ENVIRONMENT": "STAGING"]) == nil)
        #expect(
            api.consentPage(try Self.handle(.competition, "c"))
                == "https://www.kaggle.com/competitions/c/rules")
    }
}
