import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Tensors

private let weights = safetensors([("w", .f32, [2, 3])])
private let llama = text(#"{"model_type":"llama","architectures":["LlamaForCausalLM"],"vocab_size":32}"#)

/// What is missing of a model with these files.
private func findings(_ files: [(String, [UInt8])]) async throws -> [Diagnostic] {
    let facts = try await facts(files)
    #expect(facts.problems.isEmpty)
    return Completeness.findings(
        entry: "m", needs: facts.needs, paths: Set(files.compactMap { RelativePath($0.0) }),
        shards: facts.shards,
        requirements: facts.requirements, lacks: facts.lacks)
}

/// The same in words that are easy to compare.
private func missing(_ files: [(String, [UInt8])]) async throws -> [String] {
    try await findings(files).map { "\($0.severity.rawValue) \($0.code.rawValue)" }
}

struct RequirementTests {
    // MARK: sentence-transformers

    private static let modules = text(
        #"""
        [{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},
         {"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
         {"idx":2,"name":"2","path":"2_Dense","type":"sentence_transformers.models.Dense"},
         {"idx":3,"name":"3","path":"3_Normalize","type":"sentence_transformers.models.Normalize"}]
        """#)
    private static let encoder: [(String, [UInt8])] = [
        ("modules.json", modules), ("config.json", llama), ("model.safetensors", weights),
        ("tokenizer.json", text("{}")), ("1_Pooling/config.json", text("{}")),
        ("2_Dense/config.json", text("{}")), ("2_Dense/model.safetensors", weights),
    ]

    @Test func isContentWithAllModules() async throws {
        #expect(try await missing(Self.encoder).isEmpty)
    }

    @Test(arguments: [
        ("1_Pooling/config.json", "m: 1_Pooling/config.json, which modules.json names, is missing"),
        ("2_Dense/config.json", "m: 2_Dense/config.json, which modules.json names, is missing"),
        (
            "2_Dense/model.safetensors",
            "m: none of what modules.json names is there: 2_Dense/model*.safetensors"
        ),
    ])
    func findsWhatAModuleIsLoadedFrom(_ path: String, _ message: String) async throws {
        let found = try await findings(Self.encoder.filter { $0.0 != path })
        #expect(found.map(\.message) == [message])
        #expect(found.map(\.severity) == [.error])
        #expect(found.first?.fix?.contains(path.prefix(7)) == true)
    }

    @Test func findsAModuleOfARouterThatHasNoClass() async throws {
        let modules = text(
            #"[{"path":"","name":"0","type":"sentence_transformers.base.modules.router.Router"}]"#)
        let router = text(
            #"""
            {"types":{"a":"sentence_transformers.models.StaticEmbedding"},
             "structure":{"query":["a"],"document":["b"]}}
            """#)
        let found = try await findings([
            ("modules.json", modules), ("router_config.json", router), ("a/model.safetensors", weights),
            ("a/tokenizer.json", text("{}")), ("b/model.safetensors", weights),
        ])
        #expect(found.map(\.message) == ["m: b, which router_config.json names, is missing"])
    }

    @Test func findsTheVocabularyOfAPreset() async throws {
        let module = "keras_hub.src.models.gemma.gemma_tokenizer"
        let tokenizer = text(
            #"{"module":"\#(module)","class_name":"GemmaTokenizer","config":{"proto":null}}"#)
        let preset: [(String, [UInt8])] = [
            ("tokenizer.json", tokenizer), ("model.safetensors", weights), ("config.json", llama),
        ]
        let vocabulary = "assets/tokenizer/vocabulary"
        #expect(try await missing(preset).contains("error named-file-missing"))
        #expect(try await missing(preset + [("\(vocabulary).spm", [1])]).isEmpty)
        #expect(
            try await missing(preset + [("\(vocabulary).json", text("{}"))]).contains(
                "error named-file-missing"))
        let old = text(
            #"{"module":"\#(module)","class_name":"GemmaTokenizer","assets":["\#(vocabulary).spm"]}"#)
        let found = try await findings([("tokenizer.json", old)] + preset.dropFirst())
        #expect(
            found.contains { $0.message == "m: \(vocabulary).spm, which tokenizer.json names, is missing" })
    }

    @Test func findsModulesOfARouter() async throws {
        let modules = text(
            #"[{"path":"","name":"0","type":"sentence_transformers.base.modules.router.Router"}]"#)
        let router = text(
            #"""
            {"types":{"query_0_StaticEmbedding":"sentence_transformers.models.StaticEmbedding",
                      "document_0_Transformer":"sentence_transformers.models.Transformer"},
             "structure":{"query":["query_0_StaticEmbedding"],"document":["document_0_Transformer"]}}
            """#)
        let query = "query_0_StaticEmbedding"
        let document = "document_0_Transformer"
        let all: [(String, [UInt8])] = [
            ("modules.json", modules), ("router_config.json", router),
            ("\(query)/tokenizer.json", text("{}")),
            ("\(query)/model.safetensors", weights), ("\(document)/config.json", llama),
            ("\(document)/model.safetensors", weights),
        ]
        #expect(try await missing(all).isEmpty)
        for path in all.map(\.0).dropFirst() {
            let found = try await missing(all.filter { $0.0 != path })
            #expect(found == ["error named-file-missing"], "\(path)")
        }
    }

    @Test func findsTheCodeOfAModuleOfItsOwn() async throws {
        let modules = text(#"[{"path":"0_Own","name":"0","type":"own_module.Encoder"}]"#)
        let files: [(String, [UInt8])] = [("modules.json", modules), ("0_Own/model.safetensors", weights)]
        let found = try await findings(files)
        #expect(found.map(\.message) == ["m: own_module.py, which modules.json names, is missing"])
        #expect(try await missing(files + [("own_module.py", text("x = 1\n"))]).isEmpty)
        // What another repository or a package brings is not looked for here.
        for type in ["org/other--own_module.Encoder", "package.part.Encoder"] {
            let modules = text(#"[{"path":"","name":"0","type":"\#(type)"}]"#)
            #expect(try await missing([("modules.json", modules), ("w.safetensors", weights)]).isEmpty)
        }
    }

    @Test(arguments: ["../other", "/etc", "a/../b", "a//b"])
    func takesNoPathOutOfTheModel(_ path: String) async throws {
        let modules = text(#"[{"path":"\#(path)","type":"sentence_transformers.models.Pooling"}]"#)
        let found = try await missing([("modules.json", modules), ("x.safetensors", weights)])
        #expect(found == ["error named-file-missing"])
    }

    // MARK: diffusers

    @Test func findsComponentsOfAPipeline() async throws {
        let index = text(
            #"""
            {"_class_name":"StableDiffusionPipeline","_diffusers_version":"0.42.1","safety_checker":[null,null],
             "requires_safety_checker":false,"scheduler":["diffusers","PNDMScheduler"],
             "feature_extractor":["transformers","CLIPImageProcessor"],"text_encoder":["transformers","CLIPTextModel"],
             "tokenizer":["transformers","CLIPTokenizer"],"unet":["diffusers","UNet2DConditionModel"],
             "vae":["diffusers","AutoencoderKL"]}
            """#)
        let all: [(String, [UInt8])] = [
            ("model_index.json", index), ("scheduler/scheduler_config.json", text("{}")),
            ("feature_extractor/preprocessor_config.json", text("{}")),
            ("text_encoder/config.json", text(#"{"model_type":"clip_text_model"}"#)),
            ("text_encoder/model.safetensors", weights), ("tokenizer/vocab.json", text("{}")),
            ("tokenizer/merges.txt", text("#")), ("unet/config.json", text("{}")),
            ("unet/diffusion_pytorch_model.fp16.safetensors", weights), ("vae/config.json", text("{}")),
            ("vae/diffusion_pytorch_model.safetensors", weights),
        ]
        #expect(try await missing(all).isEmpty)
        for path in all.map(\.0).dropFirst() {
            let found = try await findings(all.filter { $0.0 != path })
            #expect(found.count == 1, "\(path)")
            #expect(found.first?.severity == .error, "\(path)")
        }
        let without = try await findings(all.filter { !$0.0.hasPrefix("vae/") })
        #expect(
            without.map(\.message).first == "m: vae/config.json, which model_index.json names, is missing")
    }

    @Test func findsTheCodeOfAPipeline() async throws {
        let index = text(#"{"_class_name":["own_pipeline","Pipeline"],"unet":["own_unet","Net"]}"#)
        let files: [(String, [UInt8])] = [
            ("model_index.json", index), ("unet/config.json", text("{}")), ("unet/x.safetensors", weights),
        ]
        let found = try await findings(files).map(\.message)
        #expect(
            found == [
                "m: own_pipeline.py, which model_index.json names, is missing",
                "m: unet/own_unet.py, which model_index.json names, is missing",
            ])
        let code = [("own_pipeline.py", text("")), ("unet/own_unet.py", text(""))]
        #expect(try await missing(files + code).isEmpty)
    }

    // MARK: Code

    @Test func findsCodeThatConfigurationsName() async throws {
        let config = text(
            #"""
            {"model_type":"nobodys_model","vocab_size":0,
             "auto_map":{"AutoConfig":"configuration_own.C","AutoModel":"modeling_own.M","AutoTokenizer":["org/x--t.T",null]}}
            """#)
        let files: [(String, [UInt8])] = [("config.json", config), ("model.safetensors", weights)]
        #expect(
            try await findings(files).map(\.message) == [
                "m: configuration_own.py, which config.json names, is missing",
                "m: modeling_own.py, which config.json names, is missing",
            ])
        let code: [(String, [UInt8])] = [
            ("configuration_own.py", text("")),
            ("modeling_own.py", text("import torch\n\tfrom .layers_own import Layer\nimport .other_own\n")),
        ]
        #expect(
            try await findings(files + code).map(\.message) == [
                "m: 2 files that modeling_own.py imports are missing"
            ])
        let rest = [("layers_own.py", text("from .deep.er import x")), ("other_own.py", text(""))]
        #expect(
            try await findings(files + code + rest).map(\.message) == [
                "m: deep.er.py, which layers_own.py imports, is missing"
            ])
    }

    @Test func warnsOfCodeThatTransformersDoesWithout() async throws {
        let config = text(
            #"{"model_type":"llama","vocab_size":0,"auto_map":{"AutoModelForCausalLM":"modeling_own.M"}}"#)
        let found = try await missing([("config.json", config), ("model.safetensors", weights)])
        #expect(found == ["warning named-file-missing"])
    }

    @Test(arguments: [
        ("from .a import b", ["a"]), ("import .a", ["a"]), ("  from  .a   import (b,\n", ["a"]),
        ("from . import a", []), ("from a import b", []), ("import .a as b", []),
        ("x = 'from .a import b'", []),
        ("from .a import b\r\nfrom .c import d", ["a", "c"]), ("from ..a import b", [".a"]), ("", []),
    ])
    func readsImportsAsTransformersDoes(_ code: String, _ names: [String]) {
        #expect(CodeRequirements.relativeImports(text(code)) == names)
    }

    // MARK: Pictures and sounds

    @Test(arguments: [
        ("vit", ["error processor-missing"]), ("clip", ["error processor-missing"]),
        ("whisper", ["error processor-missing"]), ("wav2vec2", ["error processor-missing"]),
        ("qwen2_5_vl", ["error processor-missing"]), ("gemma3", ["warning processor-missing"]),
        ("bert", []), ("timm_wrapper", []),
    ])
    func findsWhatPreparesPictures(_ type: String, _ expected: [String]) async throws {
        let config = text(#"{"model_type":"\#(type)"}"#)
        let files = [("config.json", config), ("model.safetensors", weights)]
        #expect(try await missing(files) == expected)
        for name in ["preprocessor_config.json", "processor_config.json"] {
            #expect(try await missing(files + [(name, text("{}"))]).isEmpty)
        }
    }

    // MARK: Adapters

    @Test func findsTheOtherHalfOfAnAdapter() async throws {
        let config = text(#"{"base_model_name_or_path":"org/base","peft_type":"LORA"}"#)
        #expect(
            try await missing([("adapter_config.json", config)]) == [
                "error weights-missing", "error named-file-missing",
            ])
        #expect(try await missing([("adapter_model.safetensors", weights)]) == ["error config-missing"])
        #expect(
            try await missing([("adapter_config.json", config), ("adapter_model.safetensors", weights)])
                .isEmpty)
    }

    // MARK: Other formats

    @Test func findsTheWeightsOfOpenVINO() async throws {
        let xml = text("<?xml version=\"1.0\"?>\n<net name=\"m\" version=\"11\">")
        let found = try await findings([("openvino_model.xml", xml), ("other.onnx", [8])])
        #expect(found.map(\.message) == ["m: openvino_model.bin, which openvino_model.xml names, is missing"])
        #expect(
            try await missing([("openvino_model.xml", xml), ("openvino_model.bin", [0, 1, 2])]).isEmpty)
        #expect(try await missing([("page.xml", text("<html>")), ("other.onnx", [8])]).isEmpty)
    }

    @Test func findsShardsOfKeras() async throws {
        let index = text(
            #"{"metadata":{},"weight_map":{"/a":"m_00000.weights.h5","/b":["m_00000.weights.h5","m_00001.weights.h5"]}}"#
        )
        let shard: [UInt8] = [0x89] + text("HDF\r\n") + [0x1A, 0x0A]
        let files: [(String, [UInt8])] = [("m.weights.json", index), ("m_00000.weights.h5", shard)]
        #expect(
            try await findings(files).map(\.message) == [
                "m: m_00001.weights.h5, which m.weights.json names, is missing"
            ])
        #expect(try await missing(files + [("m_00001.weights.h5", shard)]).isEmpty)
    }

    @Test func findsModelsOfTheGenerator() async throws {
        let config = text(
            #"{"model":{"type":"phi3v","decoder":{"filename":"d.onnx"},"vision":{"filename":"v.onnx"}},"search":{}}"#
        )
        #expect(
            try await findings([("genai_config.json", config), ("d.onnx", [8, 7])]).map(\.message) == [
                "m: v.onnx, which genai_config.json names, is missing"
            ])
    }

    @Test func findsDataOfVariables() async throws {
        let files: [(String, [UInt8])] = [("saved_model.pb", [8, 1]), ("variables/variables.index", [0])]
        #expect(try await missing(files) == ["error named-file-missing"])
        #expect(try await missing(files + [("variables/variables.data-00000-of-00001", [0])]).isEmpty)
    }

    // MARK: The lock

    @Test func comesBackFromALock() throws {
        let requirements = [
            FileRequirement(.module, by: "modules.json", all: ["1_Pooling/config.json"]),
            FileRequirement(.processor, by: "config.json", oneOf: ["a*", "[[]x"], isOptional: true),
        ]
        #expect(requirements.map(\.json).compactMap(FileRequirement.init) == requirements)
        #expect(FileRequirement(["file": "x", "kind": "nobody's"]) == nil)
    }

    /// U+212A (KELVIN SIGN) is K to Unicode, and another letter to every file system.
    @Test func isAnotherOneOfNamesInOtherBytes() {
        let names = ["K.py", "\u{212A}.py"].map { FileRequirement(.code, by: "config.json", all: [$0]) }
        #expect(Set(names).count == 2)
        let files = ["K.json", "\u{212A}.json"].compactMap { RelativePath($0) }
        #expect(Set(files.map { FileRequirement(.code, by: $0, all: ["a.py"]) }).count == 2)
        let found = Completeness.findings(
            entry: "m", needs: [], paths: ["config.json", "K.py"], shards: [], requirements: names)
        #expect(found.map(\.code) == [.namedFileMissing])
    }

    @Test func takesPathsForThemselvesInPatterns() {
        let path = "a[1]*?/b"
        #expect(Glob(FileRequirement.pattern(path)).matches(path))
        #expect(!Glob(FileRequirement.pattern(path)).matches("a1xx/b"))
    }
}
