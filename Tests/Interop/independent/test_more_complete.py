"""What files of a model name, further: routers, sparse encoders, pipelines, graphs in folders, parts of GGUF, processors.

Read in the code of sentence-transformers 6.2, diffusers 0.42, transformers 5.23, onnx 1.23, keras_hub 0.32, gguf 0.19 (and
llama.cpp's llama_split_path, which forms the names of parts).
"""

import pytest
from batches import together
from gguf import GGUFWriter
from instances import CARD, LLAMA, TOKENIZER, errors, model, safetensors
from test_complete import DENSE, POOL, UNET, modules, pipeline, sentence
from test_more_programs import ADD, field, graph, onnx, preset

S6 = "sentence_transformers.sentence_transformer.modules."
BASE6 = "sentence_transformers.base.modules."
SPARSE6 = "sentence_transformers.sparse_encoder.modules."


def typed(*parts):
    return [{"idx": at, "name": str(at), "path": path, "type": kind} for at, (kind, path) in enumerate(parts)]


TRANSFORMER = {"config.json": {"model_type": "bert", "architectures": ["BertModel"]}, "model.safetensors": safetensors(), "tokenizer.json": TOKENIZER, "tokenizer_config.json": {}}


def below(folder, without=(), files=TRANSFORMER):
    return {f"{folder}/{name}": content for name, content in files.items() if name not in without}


STATIC = {"model.safetensors": safetensors("embedding.weight"), "tokenizer.json": TOKENIZER}


def router(*parts, kind=BASE6 + "router.Router", config="router_config.json", path="", structure=None):
    """Two routes; the document's has what `parts` bring."""
    prefix = f"{path}/" if path else ""
    values = {
        "types": {"query_0_StaticEmbedding": S6 + "static_embedding.StaticEmbedding", "document_0_Transformer": BASE6 + "transformer.Transformer"},
        "structure": structure or {"query": ["query_0_StaticEmbedding"], "document": ["document_0_Transformer"]},
        "parameters": {"default_route": "document", "allow_empty_key": True},
    }
    files = {"README.md": CARD, "modules.json": typed((kind, path)), **below(prefix + "query_0_StaticEmbedding", files=STATIC), **below(prefix + "document_0_Transformer")}
    for part in parts:
        files = {name: content for name, content in files.items() if not name.startswith(prefix + part)}
    return {**files, **({prefix + config: values} if config else {})}


def sparse(*parts, **files):
    return {"README.md": CARD, **TRANSFORMER, "modules.json": typed((SPARSE6 + "mlm_transformer.MLMTransformer", ""), *parts), "config_sentence_transformers.json": {"model_type": "SparseEncoder"}, **files}


AUTO = {"input_dim": 4, "hidden_dim": 8, "k": 2, "k_aux": 2, "normalize": False, "dead_threshold": 30}


def external(location, dims=1):
    """TensorProto: dims 1, data_type 2, name 8, external_data 13 (key 1, value 2), data_location 14 = EXTERNAL."""
    tensor = bytes([8, dims, 16, 1]) + field(8, "w") + field(13, field(1, "location") + field(2, location)) + bytes([112, 1])
    return onnx(field(7, graph(ADD, extra=field(5, tensor))))["m.onnx"]


def part(folder, number, count, name="part.gguf", architecture="llama"):
    path = folder / name
    writer = GGUFWriter(path, architecture)
    if count:
        writer.add_uint16("split.no", number)
        writer.add_uint16("split.count", count)
        writer.add_int32("split.tensors.count", 0)
    else:
        writer.add_string("general.type", "mmproj")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


VISION = {"architectures": ["Qwen2VLForConditionalGeneration"], "model_type": "qwen2_vl"}
CODE = {"architectures": ["Mine"], "model_type": "mine", "auto_map": {"AutoConfig": "configuration_mine.C", "AutoModel": "modeling_mine.M"}}
INDEX = {"weight_map": {"a": "diffusion_pytorch_model-00001-of-00002.safetensors", "b": "diffusion_pytorch_model-00002-of-00002.safetensors"}}

INCOMPLETE = {
    "router-without-a-module": router("query_0_StaticEmbedding/"),
    "router-without-weights-of-a-module": router("document_0_Transformer/model.safetensors"),
    "router-without-tokenizer-of-a-module": router("query_0_StaticEmbedding/tokenizer.json"),
    "router-without-configuration": router(config=None),
    "router-in-a-folder-without-a-module": router("document_0_Transformer/", path="1_Router"),
    "asym-without-a-module": router("query_0_StaticEmbedding/", kind="sentence_transformers.models.Asym", config="config.json"),
    "asym-of-5-without-a-module": router("document_0_Transformer/", kind="sentence_transformers.models.Router"),
    "auto-encoder-without-weights": sparse((SPARSE6 + "sparse_auto_encoder.SparseAutoEncoder", "1_SAE"), **{"1_SAE/config.json": AUTO}),
    "auto-encoder-without-configuration": sparse((SPARSE6 + "sparse_auto_encoder.SparseAutoEncoder", "1_SAE"), **{"1_SAE/model.safetensors": safetensors()}),
    "pooling-of-6-without-configuration": sentence((S6 + "pooling.Pooling", "1_Pooling"), base=""),
    "layers-pooled-without-weights": sentence(("WeightedLayerPooling", "1_W"), **{"1_W/config.json": {"embedding_dimension": 4, "layer_start": 1, "num_hidden_layers": 2}}),
    "cnn-without-configuration": sentence(("CNN", "1_CNN"), **{"1_CNN/model.safetensors": safetensors()}),
    "cnn-without-weights": sentence(("CNN", "1_CNN"), **{"1_CNN/cnn_config.json": {"in_word_embedding_dimension": 4}}),
    "bag-of-words-without-configuration": {"README.md": CARD, "modules.json": modules(("BoW", "0_BoW"), ("Dense", "1_Dense")), "1_Dense/config.json": DENSE, "1_Dense/model.safetensors": safetensors()},
    "word-weights-without-configuration": sentence(("WordWeights", "1_WW")),
    "clip-in-a-folder": {"README.md": CARD, "modules.json": modules(("CLIPModel", "0_CLIPModel"), ("Normalize", "1_N")), "x.safetensors": safetensors()},
    "module-of-its-own-without-code": sentence(("custom_st.Mine", "1_Mine"), base=""),
    "dense-in-deep-folders": sentence(("Dense", "a/b/2_Dense"), **{"a/b/2_Dense/config.json": DENSE, "2_Dense/model.safetensors": safetensors()}),
    # diffusers
    "component-without-folder": pipeline(["vae/config.json", "vae/diffusion_pytorch_model.safetensors"]),
    "component-that-was-null": pipeline(image_encoder=["transformers", "CLIPVisionModelWithProjection"]),
    "second-text-encoder": pipeline(text_encoder_2=["transformers", "T5EncoderModel"], tokenizer_2=["transformers", "T5TokenizerFast"]),
    "controlnets-of-a-list": pipeline(controlnet=["diffusers", "ControlNetModel"]),
    "pipeline-of-its-own": pipeline(_class_name=["my_pipeline", "MyPipeline"]),
    "transformer-with-an-index": pipeline(transformer=["diffusers", "FluxTransformer2DModel"], extra={"transformer/config.json": UNET, "transformer/diffusion_pytorch_model.safetensors.index.json": INDEX, "transformer/diffusion_pytorch_model-00002-of-00002.safetensors": safetensors("b")}),
    "only-the-index-of-a-variant": pipeline(["unet/diffusion_pytorch_model.safetensors"], extra={"unet/diffusion_pytorch_model.safetensors.index.fp16.json": INDEX}),
    "optimized-for-onnx": pipeline(unet=["diffusers", "OnnxRuntimeModel"], without=["unet/diffusion_pytorch_model.safetensors", "unet/config.json"]),
    "onnx-weights-of-a-component": pipeline(unet=["diffusers", "OnnxRuntimeModel"], without=["unet/diffusion_pytorch_model.safetensors"], extra={"unet/model.onnx": external("weights.pb")}),
    "processor-of-a-component": pipeline(processor=["transformers", "Qwen2VLProcessor"]),
    # ONNX
    "data-in-a-folder": {"README.md": CARD, "m.onnx": external("data/w.bin"), "w.bin": b"\0" * 4},
    "data-beside-a-graph-in-a-folder": {"README.md": CARD, "onnx/m.onnx": external("m.onnx_data"), "m.onnx_data": b"\0" * 4},
    "data-above": {"README.md": CARD, "onnx/m.onnx": external("../m.onnx_data"), "n.onnx_data": b"\0" * 4},
    "data-with-a-dot": {"README.md": CARD, "onnx/m.onnx": external("./m.onnx_data"), "m.onnx_data": b"\0" * 4},
    "data-with-another-case": {"README.md": CARD, "m.onnx": external("M.onnx_data"), "m.onnx_data": b"\0" * 4},
    "second-location-counts": {"README.md": CARD, "m.onnx": onnx(field(7, graph(ADD, extra=field(5, bytes([8, 1, 16, 1]) + field(8, "w") + field(13, field(1, "location") + field(2, "a")) + field(13, field(1, "location") + field(2, "b")) + bytes([112, 1])))))["m.onnx"], "a": b"\0" * 4},
    # transformers
    "code-of-the-configuration": model(**{"config.json": CODE, "modeling_mine.py": "x = 1\n"}),
    "code-of-a-package": model(**{"config.json": CODE, "configuration_mine.py": "", "modeling_mine.py": "from .layers.attention import A\n", "layers/__init__.py": ""}),
    "code-behind-code": model(**{"config.json": CODE, "configuration_mine.py": "", "modeling_mine.py": "from .a import x\n", "a.py": "from .b import y\n"}),
    "processor-of-films-and-pictures": model(**{"config.json": VISION}),
    "shard-of-an-index-in-a-folder": model("model.safetensors", **{"model.safetensors.index.json": {"weight_map": {"a": "shards/model-1.safetensors"}}, "model-1.safetensors": safetensors("a")}),
    "adapter-in-a-folder": {"README.md": CARD, "speaker/adapter_config.json": {"peft_type": "LORA"}, "adapter_config.json": {"peft_type": "LORA"}},
    # keras_hub
    "preset-without-weights": preset("model.weights.h5"),
    "preset-without-a-shard": {**preset("model.weights.h5"), "model.weights.json": {"metadata": {}, "weight_map": {"/a": ["model_00000.weights.h5", "model_00001.weights.h5"]}}, "model_00000.weights.h5": preset()["model.weights.h5"]},
}  # fmt: skip

COMPLETE = {
    "router": router(),
    "router-in-a-folder": router(path="1_Router"),
    "asym": router(kind="sentence_transformers.models.Asym", config="config.json"),
    "splade": sparse((SPARSE6 + "splade_pooling.SpladePooling", "1_SpladePooling"), **{"1_SpladePooling/config.json": {"pooling_strategy": "max", "activation_function": "relu", "embedding_dimension": None}}),
    "auto-encoder": sparse((SPARSE6 + "sparse_auto_encoder.SparseAutoEncoder", "1_SAE"), **{"1_SAE/config.json": AUTO, "1_SAE/model.safetensors": safetensors()}),
    "pooling-of-6": sentence((S6 + "pooling.Pooling", "1_Pooling"), (BASE6 + "normalize.Normalize", "2_Normalize"), base="", **{"1_Pooling/config.json": POOL, "modules.json": typed((BASE6 + "transformer.Transformer", ""), (S6 + "pooling.Pooling", "1_Pooling"), (BASE6 + "normalize.Normalize", "2_Normalize"))}),
    "components-that-are-null": pipeline(safety_checker=[None, None], image_encoder=[None, None], text_encoder_2=None, force_zeros_for_empty_prompt=True),
    "variant-beside-the-other": pipeline(extra={"unet/diffusion_pytorch_model.fp16.safetensors": safetensors()}),
    "data-in-a-folder": {"README.md": CARD, "m.onnx": external("data/w.bin"), "data/w.bin": b"\0" * 4},
    "data-beside-a-graph-in-a-folder": {"README.md": CARD, "onnx/m.onnx": external("m.onnx_data"), "onnx/m.onnx_data": b"\0" * 4},
    "data-with-a-dot": {"README.md": CARD, "onnx/m.onnx": external("./m.onnx_data"), "onnx/m.onnx_data": b"\0" * 4},
    "preset": preset(),
    "code-that-may-be-missing": model(**{"config.json": CODE, "configuration_mine.py": "", "modeling_mine.py": "import torch\nfrom transformers import X\n"}),
    "templates-in-files": model(**{"chat_template.jinja": "{{ messages }}", "additional_chat_templates/tool.jinja": "x"}),
    "pictures-by-the-processor-of-5": model(**{"config.json": VISION, "processor_config.json": {"processor_class": "Qwen2VLProcessor", "image_processor": {"image_processor_type": "Qwen2VLImageProcessor"}, "video_processor": {"video_processor_type": "Qwen2VLVideoProcessor"}}}),
    "pictures-by-files-of-4": model(**{"config.json": VISION, "preprocessor_config.json": {"image_processor_type": "Qwen2VLImageProcessor"}, "video_preprocessor_config.json": {"video_processor_type": "Qwen2VLVideoProcessor"}, "chat_template.json": {"chat_template": "x"}}),
    "bag-of-words": {"README.md": CARD, "modules.json": modules(("BoW", "0_BoW"), ("Dense", "1_Dense")), "0_BoW/config.json": {"vocab": ["a"], "word_weights": {}, "unknown_word_weight": 1, "cumulative_term_frequency": True}, "1_Dense/config.json": DENSE, "1_Dense/model.safetensors": safetensors()},
}  # fmt: skip


@pytest.fixture(scope="module")
def lacking(knapsack, tmp_path_factory):
    return together(knapsack, tmp_path_factory.mktemp("lacking"), INCOMPLETE)


@pytest.mark.parametrize("case", INCOMPLETE)
def test_what_a_file_of_a_model_names_and_is_not_there_is_an_error(lacking, case):
    missing = {code for code in errors(lacking[case]) if code.endswith(("-missing", "-broken"))}
    assert missing, lacking[case]


@pytest.fixture(scope="module")
def whole(knapsack, tmp_path_factory):
    return together(knapsack, tmp_path_factory.mktemp("whole"), COMPLETE)


@pytest.mark.parametrize("case", COMPLETE)
def test_what_can_be_loaded_lacks_nothing(whole, case):
    assert errors(whole[case]) <= {"remote-code", "remote-code-file"}, whole[case]


@pytest.fixture(scope="module")
def parts(knapsack, tmp_path_factory):
    """Models in three parts: as llama.cpp names them (`PREFIX-00001-of-00003.gguf`), and with a projector."""
    folder = tmp_path_factory.mktemp("parts")
    made = [part(folder, at, 3) for at in range(3)]
    projector = part(folder, 0, 0, architecture="clip")

    def named(*numbers, prefix="m", contents=made):
        return {f"{prefix}-{at + 1:05}-of-00003.gguf": contents[at] for at in numbers}

    return together(knapsack, folder / "in", {
        "whole": named(0, 1, 2),
        "whole-in-a-folder": named(0, 1, 2, prefix="Q4_K_M/m"),
        "middle": named(0, 2),
        "middle-in-a-folder": named(0, 2, prefix="Q4_K_M/m"),
        "middle-elsewhere": {**named(0, 2, prefix="a/m"), **named(1, prefix="b/m")},
        "another-prefix": {**named(0, 2), **named(1, prefix="n")},
        "renamed": {"first.gguf": made[0], "second.gguf": made[1], "third.gguf": made[2]},
        "order": {"m-00001-of-00003.gguf": made[1], "m-00002-of-00003.gguf": made[0], "m-00003-of-00003.gguf": made[2]},
        "projector-and-two-parts": {**named(0, 1), "mmproj-f16.gguf": projector},
        "projector-and-whole": {**named(0, 1, 2), "mmproj-f16.gguf": projector},
        "two-projectors": {"mmproj-a.gguf": projector, "mmproj-b.gguf": projector},
    })  # fmt: skip


@pytest.mark.parametrize("case", ["middle", "middle-in-a-folder", "middle-elsewhere", "another-prefix", "renamed", "two-projectors"])
def test_parts_that_llama_cpp_does_not_find_are_an_error(parts, case):
    assert {code for code in errors(parts[case]) if code.endswith(("-missing", "-broken"))} or "gguf-broken" in parts[case], parts[case]


@pytest.mark.parametrize("case", ["whole", "whole-in-a-folder", "projector-and-whole"])
def test_parts_that_llama_cpp_finds_are_a_model(parts, case):
    assert not errors(parts[case]), parts[case]


@pytest.mark.parametrize("origin", ["/home/me/llama", "./llama", "../llama", "C:\\models\\llama"])
def test_the_base_of_an_adapter_in_a_folder_of_another_machine_is_a_warning(knapsack, tmp_path, origin):
    files = {"README.md": CARD, "adapter_config.json": {"peft_type": "LORA", "base_model_name_or_path": origin}, "adapter_model.safetensors": safetensors()}
    found = together(knapsack, tmp_path, {"it": files})["it"]
    assert found.get("adapter-base-missing") == "warning" and not errors(found), found
