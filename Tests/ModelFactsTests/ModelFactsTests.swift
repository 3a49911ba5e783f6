import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Storage
@testable import Tensors

/// The bytes of a safetensors file with these tensors, each with as many zeros as it needs.
func safetensors(_ tensors: [(String, DType, [Int])], format: String? = "pt") -> [UInt8] {
    var members: [JSON.Member] = []
    if let format { members.append(JSON.Member("__metadata__", ["format": .string(format)])) }
    var end = 0
    for (name, dtype, shape) in tensors {
        let size = shape.reduce(1, *) * dtype.bitsPerElement / 8
        members.append(
            JSON.Member(
                name,
                [
                    "dtype": .string(dtype.rawValue), "shape": .array(shape.map(JSON.integer)),
                    "data_offsets": [.integer(end), .integer(end + size)],
                ]))
        end += size
    }
    let header = Array(JSON.object(members).compactText.utf8)
    let prefix = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    return prefix + header + [UInt8](repeating: 0, count: end)
}

/// Calls `body` with a directory of these files.
func withTemporaryModel<Result>(
    _ files: [(String, [UInt8])], _ body: ([ModelFile]) throws -> Result
) async throws -> Result {
    try await withTemporaryDirectory { directory in
        var list: [ModelFile] = []
        for (path, bytes) in files {
            try writeFile("\(directory)/\(path)", bytes)
            list.append(
                ModelFile(
                    path: RelativePath(checked: path), location: "\(directory)/\(path)", size: bytes.count))
        }
        return try body(list)
    }
}

/// The facts of a directory with these files.
func facts(_ files: [(String, [UInt8])], entry: String? = "m") async throws -> ModelFacts {
    try await withTemporaryModel(files) { ModelFacts.read($0, entry: entry) }
}

func text(_ text: String) -> [UInt8] { Array(text.utf8) }

private let weights = safetensors([("w", .f32, [2, 3])])
private let bert = text(
    #"{"model_type":"bert","architectures":["BertModel"],"vocab_size":30522,"torch_dtype":"float32"}"#)

struct ModelFactsTests {
    @Test func tellsWhatASentenceTransformerIs() async throws {
        let facts = try await facts([
            ("config.json", bert),
            (
                "model.safetensors",
                safetensors([("embeddings.position_ids", .i64, [1, 512]), ("w", .f32, [384, 100])])
            ),
            ("pytorch_model.bin", [0x50, 0x4B, 3, 4] + text("archive/data.pkl")),
            ("onnx/model.onnx", [8, 7, 18]),
            (
                "README.md",
                text(
                    "---\nlicense: apache-2.0\nlibrary_name: sentence-transformers\npipeline_tag: sentence-similarity\nbase_model: org/base\n---\n"
                )
            ),
            (
                "modules.json",
                text(
                    #"[{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},{"idx":1,"path":"1_Pooling","type":"sentence_transformers.models.Pooling"}]"#
                )
            ),
            ("vocab.txt", text("[PAD]\n")),
        ])
        #expect(facts.problems.isEmpty)
        #expect(facts.license == "apache-2.0")
        #expect(facts.config?.dtype == "float32")
        #expect(facts.config?.architectures == ["BertModel"])
        #expect(facts.formats == [.onnx, .pytorch, .safetensors])
        #expect(facts.frameworks == ["onnx", "pytorch", "sentence-transformers"])
        let expected = #"""
            {"architectures":["BertModel"],"base_models":["org/base"],"dtypes":["F32"],"formats":["onnx","pytorch","safetensors"],"library":"sentence-transformers","model_type":"bert","needs":["config","tokenizer"],"parameters":38400,"pipeline_tag":"sentence-similarity","requires":[{"file":"modules.json","kind":"module","one_of":["config.json","adapter_config.json"]},{"file":"modules.json","kind":"module","one_of":["model*.safetensors","pytorch_model*.bin","adapter_model*.safetensors","adapter_model*.bin","*.onnx","*.xml"]},{"file":"modules.json","kind":"module","names":["1_Pooling/config.json"]}],"weight_bytes":{"F32":153600,"I64":4096}}
            """#
        #expect(JSON.object(facts.lockFields()).compactText == expected)
    }

    @Test(arguments: [
        "pytorch", "PyTorch", "pyTorch", "ONNX", "safetensors", "sentence_transformers",
        "Sentence-Transformers",
    ])
    func findsFrameworksInEverySpelling(_ name: String) async throws {
        let facts = try await facts([
            ("model.safetensors", weights), ("model.onnx", [8]),
            ("README.md", text("---\nlibrary_name: sentence-transformers\n---\n")),
        ])
        #expect(facts.matches(framework: name))
        #expect(!facts.matches(framework: "tensorFlow2"))
        #expect(!facts.matches(framework: ""))
    }

    @Test func readsShardsAndTheirIndex() async throws {
        let names = ["m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors"]
        let index =
            #"{"metadata":{"total_size":12},"weight_map":{"a":"\#(names[0])","b":"\#(names[1])","c":"\#(names[0])"}}"#
        let facts = try await facts([
            ("sub/model.safetensors.index.json", text(index)),
            ("sub/" + names[0], safetensors([("a", .bf16, [4]), ("c", .bf16, [4])])),
            ("sub/" + names[1], safetensors([("b", .f32, [1])])),
            ("other.index.json", text("not an index of shards")),
        ])
        #expect(facts.problems.isEmpty)
        #expect(
            facts.shards(ofIndex: "sub/model.safetensors.index.json")
                == names.map { RelativePath(checked: "sub/" + $0) })
        #expect(facts.shards(ofIndex: "other.index.json") == nil)
        #expect(facts.parameters == 9)
        #expect(facts.dtypes == ["BF16", "F32"])
    }

    @Test func hasNothingToSayOfOtherFiles() async throws {
        let facts = try await facts([("data/train.parquet", [1, 2]), ("README.md", text("# No card"))])
        var nothing = ModelFacts(
            card: nil, config: nil, formats: [], dtypes: [], parameters: nil, needs: [], shards: [],
            problems: [])
        nothing.lacks = ["weights"]
        #expect(facts == nothing)
        #expect(facts.lockFieldsWithoutNeeds().isEmpty)
    }

    // MARK: Needs

    @Test(
        arguments: [
            // A missing configuration of a model that states what it is, or has an index only transformers writes.
            (["model.safetensors"], "---\nlibrary_name: transformers\n---\n", "", ["config"]),
            (["pytorch_model.bin"], "---\nlibrary_name: transformers\n---\n", "", ["config"]),
            // A name that only from_pretrained gives, and one that others give.
            (["model.safetensors"], "", "", ["config"]),
            (["flux1-dev.safetensors"], "", "", []),
            // Text and what is none.
            (["model.safetensors"], "", #"{"vocab_size":9}"#, ["config", "tokenizer"]),
            (["model.safetensors"], "", #"{"text_config":{"vocab_size":9}}"#, ["config", "tokenizer"]),
            (["model.safetensors"], "", #"{"model_type":"vit"}"#, ["config"]),
            (["model.safetensors"], "", #"{"model_type":"wav2vec2","vocab_size":32}"#, ["config"]),
            (["model.safetensors"], "", #"{"model_type":"beit","vocab_size":8192}"#, ["config"]),
            (["model.safetensors"], "", #"{"model_type":"decision_transformer","vocab_size":1}"#, ["config"]),
            (
                ["model.safetensors"], "", #"{"model_type":"t5","vocab_size":4096,"chronos_config":{}}"#,
                ["config"]
            ),
            (
                ["model.safetensors"], "---\npipeline_tag: image-classification\n---\n", #"{"vocab_size":9}"#,
                ["config"]
            ),
            (
                ["model.safetensors"], "---\npipeline_tag: tabular-regression\n---\n", #"{"vocab_size":9}"#,
                ["config"]
            ),
            (
                ["model.safetensors"], "", #"{"model_type":"whisper","vocab_size":51865}"#,
                ["config", "tokenizer"]
            ),
            (
                ["model.safetensors"], "", #"{"time_step_limit":[0.0,Infinity],"vocab_size":9}"#,
                ["config", "tokenizer"]
            ),
            // Weights that load without either.
            (
                ["adapter_model.safetensors", "adapter_config.json"], "---\nlibrary_name: peft\n---\n", "",
                ["adapter-config"]
            ),
            (
                ["adapter_model.safetensors"], "---\nlibrary_name: transformers\n---\n", "",
                ["adapter-config"]
            ),
            (["model.gguf"], "---\nlibrary_name: transformers\n---\n", #"{"vocab_size":9}"#, []),
            (["onnx/model.onnx"], "---\nlibrary_name: transformers\n---\n", #"{"vocab_size":9}"#, []),
            (["model.onnx"], "", #"{"vocab_size":9}"#, []),
            (
                ["consolidated.safetensors", "params.json", "tekken.json"],
                "---\nlibrary_name: transformers\n---\n", "", ["params"]
            ),
            (["yolo.pt"], "---\nlibrary_name: ultralytics\n---\n", "", []),
            (["optimizer.bin", "training_args.bin"], "---\nlibrary_name: transformers\n---\n", "", []),
            (["tokenizer.json"], "---\nlibrary_name: transformers\n---\n", #"{"vocab_size":9}"#, []),
            ([], "---\nlibrary_name: transformers\n---\n", #"{"vocab_size":9}"#, []),
        ] as [([String], String, String, [String])])
    func tellsWhatAModelNeeds(_ names: [String], _ card: String, _ config: String, _ needs: [String])
        async throws
    {
        var files = names.map { name -> (String, [UInt8]) in
            (name, name.hasSuffix("safetensors") ? weights : text(name.hasSuffix("json") ? "{}" : "x"))
        }
        if !card.isEmpty { files.append(("README.md", text(card))) }
        if !config.isEmpty { files.append(("config.json", text(config))) }
        let facts = try await facts(files)
        #expect(facts.needs == needs)
        #expect(facts.problems.isEmpty)
    }

    @Test(arguments: [
        (#"{"tokenizer_class":"ByT5Tokenizer"}"#, false), (#"{"tokenizer_class":"CanineTokenizer"}"#, false),
        (#"{"auto_map":{"AutoTokenizer":["tokenization_x.X",null]}}"#, false),
        (#"{"tokenizer_class":"BertTokenizer"}"#, true),
        ("{}", true),
    ])
    func needsNoFilesForATokenizerOfBytesOrOfOwnCode(_ tokenizer: String, isNeeded: Bool) async throws {
        let facts = try await facts([
            ("model.safetensors", weights), ("config.json", bert), ("tokenizer_config.json", text(tokenizer)),
        ])
        #expect(facts.needs.contains("tokenizer") == isNeeded)
    }

    @Test func needsWhatEachPartOfAPipelineNeeds() async throws {
        let index = #"""
            {"_class_name":"StableDiffusionPipeline","_diffusers_version":"0.21.0","_name_or_path":["../x","y"],
             "scheduler":["diffusers","PNDMScheduler"],"feature_extractor":["transformers","CLIPImageProcessor"],
             "safety_checker":[null,null],"text_encoder":["transformers","CLIPTextModel"],"tokenizer":["transformers","CLIPTokenizer"],
             "tokenizer_2":["transformers","T5TokenizerFast"],"unet":["diffusers","UNet2DConditionModel"],"vae":["diffusers","AutoencoderKL"],
             "a/../b":["diffusers","X"],"":["diffusers","X"],"..":["diffusers","X"]}
            """#
        let facts = try await facts([
            ("model_index.json", text(index)),
            ("unet/diffusion_pytorch_model.safetensors", safetensors([("a", .f16, [5])])),
            ("unet/diffusion_pytorch_model.fp16.safetensors", safetensors([("a", .f16, [5])])),
            ("unet/config.json", text(#"{"_class_name":"UNet2DConditionModel"}"#)),
            ("text_encoder/model.safetensors", safetensors([("a", .f16, [7])])),
            ("text_encoder/config.json", text(#"{"model_type":"clip_text_model","vocab_size":49408}"#)),
            ("vae/diffusion_pytorch_model.bin", text("x")),
        ])
        #expect(
            facts.needs == [
                "config:text_encoder", "tokenizer:tokenizer", "tokenizer:tokenizer_2", "config:unet",
                "config:vae",
            ])
        #expect(facts.parameters == 12)
        #expect(facts.config?.modelType == "clip_text_model")
    }

    @Test func needsWhatTheTransformerBelowTheTopNeeds() async throws {
        let modules =
            #"[{"path":"0_Transformer","type":"sentence_transformers.models.Transformer"},{"path":"2_Dense","type":"sentence_transformers.models.Dense"}]"#
        let facts = try await facts([
            ("modules.json", text(modules)), ("0_Transformer/config.json", bert),
            ("0_Transformer/model.safetensors", weights),
            ("2_Dense/model.safetensors", weights),
            ("README.md", text("---\nlibrary_name: sentence-transformers\n---\n")),
        ])
        #expect(facts.needs == ["config:0_Transformer", "tokenizer:0_Transformer"])
        #expect(facts.config?.modelType == "bert")
        #expect(facts.parameters == 12)
    }

    @Test func needsTheTokenizerOfAStaticEmbedding() async throws {
        let modules =
            #"[{"path":"","type":"sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding"}]"#
        let facts = try await facts([
            ("modules.json", text(modules)), ("model.safetensors", weights),
            ("README.md", text("---\nlibrary_name: sentence-transformers\n---\n")),
        ])
        #expect(facts.needs == ["tokenizer"])
    }

    // MARK: Configuration

    @Test func readsQuantizationAndRemoteCode() async throws {
        let config = #"""
            {"dtype":"bfloat16","quantization_config":{"quant_method":"gptq","bits":4},
             "auto_map":{"AutoModel":"b.X","AutoConfig":"org/other--a.Y","AutoTokenizer":["b.X",null]}}
            """#
        let facts = try await facts([
            ("config.json", text(config)),
            (
                "model.safetensors",
                safetensors([
                    ("l.qweight", .i32, [8, 2]), ("l.qzeros", .i32, [4]), ("l.scales", .f16, [4]),
                    ("e.weight", .f16, [10]),
                ])
            ),
        ])
        #expect(facts.config?.quantization?.method == "gptq")
        #expect(facts.config?.remoteCode == ["b.X", "org/other--a.Y"])
        #expect(facts.config?.dtype == "bfloat16")
        #expect(facts.parameters == 8 * 2 * 8 + 10)
        #expect(facts.dtypes == ["I32", "F16"])
    }

    @Test func countsTheModelOnce() async throws {
        let one = safetensors([("w", .f32, [3])])
        let twice = try await facts([
            ("model.safetensors", one), ("consolidated.safetensors", safetensors([("w", .f32, [50])])),
            ("original/model.safetensors", one), ("model.fp16.safetensors", safetensors([("w", .f16, [3])])),
        ])
        #expect(twice.parameters == 3)
        #expect(twice.dtypes == ["F32"])
        let single = try await facts([("mlx.safetensors", safetensors([("w", .bf16, [3])], format: "mlx"))])
        #expect(single.formats == [.mlx, .safetensors])
        #expect(single.frameworks == ["mlx"])
    }
}
