import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

@Suite struct GeneralMetadataTests {
    private func make(
        card: JSON? = nil, config: JSON? = nil, generation: JSON? = nil, overrides: JSON? = nil,
        directory: String = "dir", name: String? = nil
    ) throws(ConversionError) -> GeneralMetadata {
        try GeneralMetadata(
            card: card, config: config, generationConfig: generation, directoryName: directory,
            modelName: name, overrides: overrides, parameterCount: ParameterCount())
    }

    // MARK: Against the reference

    @Test func saysWhatTheReferenceSays() throws {
        let rows = try #require(try generalFixture("cases.json").array)
        #expect(rows.count > 100)
        for row in rows {
            var count = ParameterCount()
            count.total = try #require(row["total"]?.integer)
            count.shared = row["shared"]?.integer ?? 0
            count.expert = row["expert"]?.integer ?? 0
            count.expertCount = row["experts"]?.integer ?? 0
            let general = try generalMetadata(row, count)
            #expect(lines(general) == row["kv"]?.array?.map(\.compactText), "\(row.compactText)")
            #expect(general.fileName(type: "q8_0") == row["file"]?.string, "\(row.compactText)")
            let vocabulary = general.fileName(type: "f16", isVocabularyOnly: true)
            #expect(vocabulary == row["vocab"]?.string, "\(row.compactText)")
        }
    }

    @Test func saysWhatTheReferenceSaysOfModels() throws {
        let rows = try #require(try generalFixture("models.json").array)
        #expect(rows.count == 18)
        for row in rows {
            let tensors = try #require(row["tensors"]?.array).map { tensor in
                let parts = try #require(tensor.array)
                return TensorDescription(
                    name: try #require(parts[0].string),
                    dimensions: try #require(parts[1].array).compactMap(\.integer), type: .f16)
            }
            let general = try generalMetadata(row, ParameterCount(tensors))
            #expect(lines(general) == row["kv"]?.array?.map(\.compactText), "\(row["model"]?.string ?? "")")
            #expect(general.remarks.isEmpty)
        }
    }

    // MARK: Kinds

    @Test func saysWhatKindOfFileItIs() throws {
        var general = try make()
        var metadata = ModelMetadata(architecture: "llama")
        general.add(to: &metadata)
        #expect(metadata.items.map(\.key) == ["general.architecture", "general.type", "general.name"])
        #expect(metadata["general.type"] == .string("model"))
        general.kind = .adapter
        metadata = ModelMetadata(architecture: "llama")
        general.add(to: &metadata)
        #expect(metadata.items.map(\.key).dropFirst() == ["general.type", "adapter.type", "general.name"])
        #expect(metadata["general.type"] == .string("adapter"))
        #expect(metadata["adapter.type"] == .string("lora"))
    }

    // MARK: What has the wrong type

    @Test(arguments: ["[]", "5", "\"text\"", "true", "null", "{}", "[{\"name\": 1}]"])
    func looksAtObjectsOnly(_ text: String) throws {
        let json = try JSON.parse(Array(text.utf8).span)
        let general = try make(card: json, config: json, generation: json)
        #expect(lines(general) == [#"["general.name",["s","Dir"]]"#])
        #expect(general.remarks.count == (["null", "{}"].contains(text) ? (text == "{}" ? 0 : 1) : 2))
    }

    @Test func leavesOutWhatIsNoText() throws {
        let general = try make(
            card: [
                "name": ["x"], "author": true, "version": .number(1.5), "license": ["mit", .null, 2, ["a"]],
                "license_name": ["a": 1], "base_model": ["a/b", 7],
                "tags": ["a", 2024, false, .null, .number(0.5)],
                "language": ["en", false], "datasets": 3,
            ])
        #expect(general.name == "Dir")
        #expect(general.author == nil)
        #expect(general.version == "1.5")
        #expect(general.license == "mit,2")
        #expect(general.licenseName == nil)
        #expect(general.baseModels?.map(\.texts.count) == [3, 0])
        #expect(general.datasets == [])
        #expect(general.tags == .strings(["a", "2024", "no", "0.5"]))
        #expect(general.languages == .strings(["en", "no"]))
        #expect(general.remarks.count == 8)
    }

    @Test func leavesOutNumbersThatAreNone() throws {
        let general = try make(generation: [
            "top_k": "40", "top_p": ["x"], "temperature": .number(1e300), "mirostat": 4_294_967_296,
            "penalty_last_n": .number(64),
            "sequence": ["a"], "min_p": .number(.infinity),
        ])
        #expect(general.sampling.topK == nil)
        #expect(general.sampling.topP == nil)
        #expect(general.sampling.temperature == nil)
        #expect(general.sampling.mirostat == nil)
        #expect(general.sampling.penaltyLastN == 64)
        #expect(general.sampling.sequence == nil)
        #expect(general.sampling.minP == .infinity)
        #expect(general.remarks.count == 5)
        #expect(general.remarks.contains { $0.hasPrefix(#""temperature" in generation_config.json"#) })
    }

    @Test(arguments: [
        "[]", "5", #"{"general.name": 5}"#, #"{"general.url": ["x"]}"#, #"{"general.tags": "x"}"#,
        #"{"general.tags": ["x", 1]}"#, #"{"general.languages": {"a": 1}}"#,
        #"{"general.base_models": "a/b"}"#,
        #"{"general.base_models": ["a/b"]}"#, #"{"general.datasets": [{"name": 5}]}"#,
        #"{"general.sampling.top_k": "40"}"#, #"{"general.sampling.temp": 1e300}"#,
        #"{"general.sampling.sequence": true}"#,
    ])
    func refusesOverridesOfTheWrongType(_ text: String) throws {
        let overrides = try JSON.parse(Array(text.utf8).span)
        let error = #expect(throws: ConversionError.self) { try make(overrides: overrides) }
        #expect(error?.code.rawValue == "metadata-malformed")
        #expect(error?.fix != nil)
    }

    @Test func tellsWhichOverridesCannotBeSet() throws {
        let general = try make(overrides: ["general.license": "mit", "general.author": "A", "name": "N"])
        #expect(general.author == "A")
        #expect(general.license == nil)
        #expect(general.name == "Dir")
        #expect(general.remarks.count == 2)
        #expect(general.remarks.first?.hasPrefix("\"general.license\"") == true)
    }

    // MARK: Names of files

    @Test func leadsNoFileIntoAnotherDirectory() throws {
        let general = try make(card: [
            "basename": "../../a", "finetune": "/etc/x y", "version": "1/2\0", "size_label": "7 B/\u{1B}[2J",
        ])
        #expect(general.fileName(type: "F16") == "..-..-a-7 B--[2J--etc-x-y-1-2--F16.gguf")
        #expect(general.fileName(type: "F16", isVocabularyOnly: true) == "..-..-a--etc-x-y-1-2--vocab.gguf")
    }

    @Test(arguments: [
        ("m-{ftype}.gguf", "m-q4_k_m.gguf"), ("m-{FTYPE}.gguf", "m-Q4_K_M.gguf"),
        ("{outtype}{OUTTYPE}", "q4_k_mQ4_K_M"), ("{}-{0}", "q4_k_m-q4_k_m"), ("a{{b}}", "a{b}"),
        ("{{ftype}}", "{ftype}"), ("plain.gguf", "plain.gguf"), ("", ""), ("{{{ftype}}}", "{q4_k_m}"),
    ])
    func fillsPlaceholders(_ template: String, _ name: String) throws {
        #expect(try GeneralMetadata.fileName(filling: template, type: "Q4_K_M") == name)
    }

    @Test(arguments: [
        "{", "}", "a{ftype", "{name}", "{ftype}}", "{{}", "{{ftype}", "{1}", "{fType}", "{ftype:>9}",
    ])
    func refusesOtherPlaceholders(_ template: String) {
        let error = #expect(throws: ConversionError.self) {
            try GeneralMetadata.fileName(filling: template, type: "F16")
        }
        #expect(error?.code.rawValue == "outfile-placeholder")
    }
}
