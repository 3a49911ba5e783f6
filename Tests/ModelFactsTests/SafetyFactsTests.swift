import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Storage
@testable import Tensors

/// What is found in the files of a model that runs where it is loaded.
@Suite struct SafetyFactsTests {
    private func facts(_ files: [String: String]) async throws -> SafetyFacts {
        try await facts(files.mapValues { Array($0.utf8) })
    }

    private func facts(_ files: [String: [UInt8]]) async throws -> SafetyFacts {
        try await withTemporaryDirectory { directory in
            var found: [ModelFile] = []
            for (path, bytes) in files {
                let location = directory + "/" + path
                try writeFile(location, bytes)
                found.append(
                    ModelFile(path: RelativePath(checked: path), location: location, size: bytes.count))
            }
            return SafetyFacts.read(found)
        }
    }

    private func code(_ files: [String: String]) async throws -> [String] {
        try await facts(files).code.map { "\($0.file) \($0.key) \($0.value ?? "-")" }
    }

    @Test func findsCodeWhereverConfigurationsAskForIt() async throws {
        #expect(
            try await code([
                "config.json":
                    #"{"auto_map": {"AutoModel": "m.A", "AutoConfig": "o/r--c.B"}, "text_config": {"auto_map": {"AutoModel": "m.T"}}}"#,
                "tokenizer_config.json": #"{"auto_map": {"AutoTokenizer": ["t.Slow", null]}}"#,
                "sub/preprocessor_config.json": #"{"auto_map": {"AutoProcessor": "p.P"}}"#,
                "1_Pooling/config.json": #"{"trust_remote_code": false}"#,
                "sentence_bert_config.json": #"{"model_args": {"trust_remote_code": true}}"#,
                "modules.json":
                    #"[{"type": "sentence_transformers.models.Pooling"}, {"type": "custom_st.Transformer"}]"#,
                "generation_config.json": "{}", "vocab.json": #"{"auto_map": 1}"#, "other_config.json": "{,",
            ]) == [
                "config.json auto_map m.A", "config.json auto_map m.T", "config.json auto_map o/r--c.B",
                "modules.json type custom_st.Transformer", "other_config.json unreadable -",
                "sentence_bert_config.json trust_remote_code -", "sub/preprocessor_config.json auto_map p.P",
                "tokenizer_config.json auto_map t.Slow",
            ])
    }

    @Test func findsWhatOtherProgramsImport() async throws {
        let lora = #""peft_type": "LORA", "megatron_core": "my.core""#
        #expect(
            try await code([
                "adapter_config.json": "{\(lora), \"megatron_config\": {\"a\": 1}}",
                "plain/adapter_config.json": "{\(lora), \"megatron_config\": null}",
                "own/adapter_config.json":
                    #"{"megatron_core": "megatron.core", "megatron_config": {"a": 1}}"#,
                "config.yaml":
                    "pipeline: {name: mine.Pipeline}\npreprocessors: {audio: {name: mine.Reader}}\n",
                "own/config.yaml": "pipeline: {name: pyannote.audio.pipelines.SpeakerDiarization}\n",
                "train.yaml":
                    "model: {_component_: os.system}\nloss: {_component_: torchtune.modules.loss.L}\n",
                "lightning.yaml":
                    "model: {class_path: mine.Model}\ndata: {class_path: data/classes}\nother: {class_path: torch.optim.Adam}\n",
                "MLmodel": "flavors: {python_function: {loader_module: my_module}}\n",
                "own/MLmodel": "flavors: {python_function: {loader_module: mlflow.transformers}}\n",
                "config.json": #"{"custom_imports": {"imports": ["mine"], "allow_failed_imports": false}}"#,
                "modular_model_index.json":
                    #"{"unet": [null, null, {"type_hint": ["evil", "Model"]}], "vae": [null, null, {"type_hint": ["diffusers", "VAE"]}]}"#,
            ]) == [
                "MLmodel loader_module my_module", "adapter_config.json megatron_core my.core",
                "config.json custom_imports mine", "config.yaml pipeline mine.Pipeline",
                "config.yaml preprocessors mine.Reader", "lightning.yaml class_path mine.Model",
                "modular_model_index.json _class_name evil.Model", "train.yaml _component_ os.system",
            ])
    }

    @Test func findsCodeOfPipelines() async throws {
        #expect(
            try await code([
                "model_index.json":
                    #"{"_class_name": ["pipeline", "Mine"], "unet": ["diffusers", "UNet"], "vae": ["my_vae", "VAE"], "safety_checker": [null, null]}"#,
                "config.json": #"{"custom_pipelines": {"x": {"impl": "pair.Pipeline"}}}"#,
            ]) == [
                "config.json custom_pipelines pair.Pipeline", "model_index.json _class_name my_vae.VAE",
                "model_index.json _class_name pipeline.Mine",
            ])
        #expect(LoadedCode(file: "a", key: "auto_map", value: "o/r--c.B").repository == "o/r")
        #expect(LoadedCode(file: "a", key: "auto_map", value: "../x--c.B").repository == nil)
    }

    @Test func findsTemplatesWhereverTheyAre() async throws {
        let bad = "{{ a.__class__ }}"
        let found = try await facts([
            "chat_template.jinja": bad, "additional_chat_templates/tool.jinja": "\n\(bad)",
            "chat_template.json": #"{"chat_template": "\#(bad)"}"#,
            "tokenizer_config.json":
                #"{"chat_template": [{"name": "default", "template": "fine"}, {"name": "rag", "template": "\#(bad)"}]}"#,
            "processor_config.json": #"{"chat_template": {"x": "\#(bad)"}}"#, "notes.txt": bad,
        ]).templates
        #expect(
            found.map { "\($0.file) \($0.template ?? "-") \($0.line)" } == [
                "additional_chat_templates/tool.jinja - 2", "chat_template.jinja - 1",
                "chat_template.json - 1",
                "processor_config.json x 1", "tokenizer_config.json rag 1",
            ])
    }

    @Test func readsTemplatesOfGGUF() async throws {
        var writer = GGUFHeaderWriter()
        writer.add("general.architecture", .string("llama"))
        writer.add("tokenizer.chat_template", .string("{{ messages }}"))
        writer.add("tokenizer.chat_template.tool_use", .string("{{ self.x }}"))
        let bytes = try writer.finish(tensors: []).header
        let found = try await facts(["m.gguf": bytes, "b.gguf": Array("GGUFxxxxxxxxxxxxxxxxxxxx".utf8)])
            .templates
        #expect(found.map(\.template) == [nil, "tokenizer.chat_template.tool_use"])
        #expect(found.map(\.file) == ["b.gguf", "m.gguf"])
        #expect(found.first?.message == "could not be read")
    }

    @Test func recordsWhatItFindsAndReadsItAgain() async throws {
        let found = try await facts(["config.json": #"{"auto_map": {"A": "m.A"}}"#, "a.jinja": "{{ f() }}"])
        let fields = JSON.object(found.lockFields)
        #expect((fields["remote_code"]?.array ?? []).compactMap { LoadedCode($0) } == found.code)
        #expect((fields["templates"]?.array ?? []).compactMap { TemplateFinding($0) } == found.templates)
        let none = try await facts(["config.json": "{}", "a.jinja": "{{ a }}"])
        #expect(none.lockFields.isEmpty)
    }

    @Test func readsKagglesLicences() throws {
        func license(_ text: String) throws -> String? {
            KaggleLicense.license(in: try JSON.parse(Array(text.utf8)))
        }
        #expect(try license(#"{"licenses": [{"name": "CC0-1.0"}]}"#) == "CC0-1.0")
        #expect(try license(#"{"info": {"licenses": [{"name": "a"}, {"name": "b"}]}}"#) == "a, b")
        #expect(try license(#"{"licenseName": "Apache 2.0"}"#) == "Apache 2.0")
        #expect(try license(#"{"licenses": []}"#) == nil)
    }

    @Test func findsKernelsOfTheHubInNestedConfigurationsToo() async throws {
        #expect(
            try await code([
                "config.json":
                    #"{"_attn_implementation": "some/kernel@v1:flash", "text_config": {"attn_implementation": {"": "sdpa", "v": "paged|o/k"}}}"#,
                "a/config.json":
                    #"{"_attn_implementation_internal": "flash_attention_2", "attn_implementation": null}"#,
            ]) == [
                "config.json _attn_implementation some/kernel@v1:flash",
                "config.json attn_implementation paged|o/k",
            ])
        let kernel = LoadedCode(file: "a", key: "_attn_implementation", value: "some/kernel@v1:flash")
        #expect(kernel.repository == "some/kernel" && kernel.runsUnasked)
        #expect(LoadedCode(file: "a", key: "attn_implementation", value: "paged|o/k").repository == "o/k")
    }

    @Test func findsNamesThatSentenceTransformersImports() async throws {
        #expect(
            try await code([
                "2_Dense/config.json": #"{"activation_function": "torch.nn.modules.activation.Tanh"}"#,
                "3_Dense/config.json": #"{"activation_function": "os.abort"}"#,
                "4_Dense/config.json": #"{"activation_function": "torch.nn.modules.os.abort"}"#,
                "config.json":
                    #"{"activation_function": "gelu_new", "sentence_transformers": {"activation_fn": "a.b"}}"#,
                "modules.json":
                    #"[{"type": "sentence_transformers.models.Dense"}, {"type": "sentence_transformers.util.os.abort"}]"#,
                "router_config.json":
                    #"{"types": {"a": "sentence_transformers.models.Router.Router", "b": "evil.M"}}"#,
            ]) == [
                "3_Dense/config.json activation_function os.abort",
                "4_Dense/config.json activation_function torch.nn.modules.os.abort",
                "config.json activation_fn a.b",
                "modules.json type sentence_transformers.util.os.abort", "router_config.json types evil.M",
            ])
    }

    @Test func findsTargetsInYAMLAsItIsRead() async throws {
        #expect(
            try await code([
                "conf/model.yaml": "m:\n  \"\\x5ftarget_\": os.system\n  a: [{_target_: b.C}]\n",
                "ldm.yml": "model: {target: ldm.A, params: {}}\ntarget: 1\n",
                "tagged.yaml": "a: !!python/object/apply:os.system [ls]\n", "plain.yaml": "a: 1\nb: [c, d]\n",
                "broken.yaml": "a: [1,\n", "any.json": #"{"x": {"\u005ftarget_": "j.K"}}"#,
                "lines.json": "{}\n{}",
            ]) == [
                "any.json _target_ j.K", "broken.yaml unreadable -", "conf/model.yaml _target_ b.C",
                "conf/model.yaml _target_ os.system", "ldm.yml target ldm.A",
                "tagged.yaml _target_ tag:yaml.org,2002:python/object/apply:os.system",
            ])
    }

    @Test func findsWhatPresetsNameThatKerasDoesNotHave() async throws {
        #expect(
            try await code([
                "config.json":
                    #"{"module": "keras_hub.src.models.bert.bert_backbone", "class_name": "BertBackbone", "config": {}}"#,
                "task.json": #"{"module": "evil", "class_name": "BertBackbone", "config": {}}"#,
                "custom_generate/generate.py": "def generate(): pass",
            ]) == [
                "custom_generate/generate.py custom_generate -",
                "task.json class_name it names the class BertBackbone of evil, which Keras does not have",
            ])
    }
}
