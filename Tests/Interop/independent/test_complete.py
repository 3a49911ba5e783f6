"""What one file of a model names must be there, and what loading does not need may be missing.

Each instance is what a library looks for when it loads, read in its code: transformers 5.23, sentence-transformers 6.2,
diffusers 0.42, onnx 1.22, PEFT 0.21.
"""

import pytest
from gguf import GGUFWriter
from instances import CARD, LLAMA, errors, findings, model, safetensors

NAMED = "named-file-missing"
ST = "sentence_transformers.models."


def modules(*parts: tuple[str, str], base: str = ST) -> list:
    return [{"idx": at, "name": str(at), "path": path, "type": base + kind} for at, (kind, path) in enumerate(parts)]


def sentence(*parts: tuple[str, str], base: str = ST, **files) -> dict:
    return model(**{"modules.json": modules(("Transformer", ""), *parts, base=base), **files})


POOL = {"word_embedding_dimension": 4, "pooling_mode_mean_tokens": True}
DENSE = {"in_features": 4, "out_features": 4, "bias": True, "activation_function": "torch.nn.modules.activation.Tanh"}
UNET = {"_class_name": "UNet2DConditionModel"}
INDEX = {"metadata": {}, "weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
CUSTOM = {"architectures": ["MyModel"], "model_type": "mine", "auto_map": {"AutoModelForCausalLM": "modeling_mine.My"}}


def pipeline(without=(), extra=None, **components) -> dict:
    index = {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.30.0",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "safety_checker": [None, None],
        "requires_safety_checker": False,
        **components,
    }
    files = {
        "README.md": CARD,
        "model_index.json": index,
        "unet/config.json": UNET,
        "unet/diffusion_pytorch_model.safetensors": safetensors(),
        "vae/config.json": {"_class_name": "AutoencoderKL"},
        "vae/diffusion_pytorch_model.safetensors": safetensors(),
        "scheduler/scheduler_config.json": {"_class_name": "DDIMScheduler"},
        "text_encoder/config.json": {"model_type": "clip_text_model", "architectures": ["CLIPTextModel"]},
        "text_encoder/model.safetensors": safetensors(),
        "tokenizer/vocab.json": {"a": 0},
        "tokenizer/merges.txt": "#version: 0.2\n",
        "tokenizer/tokenizer_config.json": {"tokenizer_class": "CLIPTokenizer"},
        **(extra or {}),
    }
    return {name: content for name, content in files.items() if name not in without}


WHISPER = {"architectures": ["WhisperForConditionalGeneration"], "model_type": "whisper"}
VIT = {"architectures": ["ViTForImageClassification"], "model_type": "vit"}

INCOMPLETE = {
    # sentence-transformers
    "pooling-without-config": (sentence(("Pooling", "1_Pooling")), {NAMED}),
    "dense-without-weights": (sentence(("Dense", "2_Dense"), **{"2_Dense/config.json": DENSE}), {NAMED}),
    "dense-without-config": (sentence(("Dense", "2_Dense"), **{"2_Dense/model.safetensors": safetensors()}), {NAMED}),
    "dense-of-6": (
        sentence(("Dense", "2_Dense"), base="sentence_transformers.base.modules.dense.", **{"2_Dense/config.json": DENSE}),
        set(),
    ),
    "transformer-in-a-folder": (
        {"README.md": CARD, "modules.json": modules(("Transformer", "0_Transformer")), "0_Transformer/model.safetensors": safetensors()},
        set(),
    ),
    "static-without-tokenizer": (
        {"README.md": CARD, "modules.json": modules(("StaticEmbedding", "")), "model.safetensors": safetensors("embedding.weight")},
        set(),
    ),
    "word-embeddings": (
        {"README.md": CARD, "modules.json": modules(("WordEmbeddings", "0_WordEmbeddings")),
         "0_WordEmbeddings/wordembedding_config.json": {"tokenizer_class": "sentence_transformers.models.tokenizer.WhitespaceTokenizer.WhitespaceTokenizer"},
         "0_WordEmbeddings/model.safetensors": safetensors()},
        set(),
    ),
    "lstm-without-config": (sentence(("LSTM", "1_LSTM"), **{"1_LSTM/model.safetensors": safetensors()}), {NAMED}),
    "layer-norm-without-weights": (sentence(("LayerNorm", "1_LN"), **{"1_LN/config.json": {"dimension": 4}}), {NAMED}),
    "router-without-its-modules": (
        {"README.md": CARD, "modules.json": modules(("Router", "")),
         "router_config.json": {"types": {"query_0_StaticEmbedding": ST + "StaticEmbedding"}, "structure": {"query": ["query_0_StaticEmbedding"]}, "parameters": {}}},
        set(),
    ),
    # diffusers
    "no-unet-weights": (pipeline(["unet/diffusion_pytorch_model.safetensors"]), {NAMED}),
    "no-unet-config": (pipeline(["unet/config.json"]), {"config-missing"}),
    "no-scheduler": (pipeline(["scheduler/scheduler_config.json"]), {NAMED}),
    "no-tokenizer-vocabulary": (pipeline(["tokenizer/vocab.json", "tokenizer/merges.txt"]), set()),
    "no-text-encoder-weights": (pipeline(["text_encoder/model.safetensors"]), set()),
    "safety-checker": (pipeline(safety_checker=["stable_diffusion", "StableDiffusionSafetyChecker"]), {NAMED}),
    "feature-extractor": (pipeline(feature_extractor=["transformers", "CLIPImageProcessor"]), {NAMED}),
    "sharded-unet": (
        pipeline(["unet/diffusion_pytorch_model.safetensors"],
                 extra={"unet/diffusion_pytorch_model.safetensors.index.json": {"weight_map": {"a": "diffusion_pytorch_model-00001-of-00002.safetensors", "b": "diffusion_pytorch_model-00002-of-00002.safetensors"}},
                        "unet/diffusion_pytorch_model-00001-of-00002.safetensors": safetensors("a")}),
        set(),
    ),
    "code-of-a-component": (pipeline(unet=["my_unet", "MyUNet"]), {NAMED}),
    # transformers
    "auto-map": (model(**{"config.json": CUSTOM}), {NAMED}),
    "auto-map-import": (model(**{"config.json": CUSTOM, "modeling_mine.py": "from .helper_mine import x\n"}), {NAMED}),
    "auto-map-import-in-try": (
        model(**{"config.json": CUSTOM, "modeling_mine.py": "from .deep.helper import (\n  x,\n)\n", "helper.py": ""}), {NAMED}),
    "auto-map-of-tokenizer": (
        model("tokenizer.json", **{"tokenizer_config.json": {"auto_map": {"AutoTokenizer": ["tokenization_mine.T", None]}, "tokenizer_class": "T"}}), {NAMED}),
    "auto-map-of-processor": (
        model(**{"config.json": {**CUSTOM, "auto_map": {}}, "preprocessor_config.json": {"auto_map": {"AutoImageProcessor": "image_mine.P"}, "image_processor_type": "P"}}), {NAMED}),
    "shard": (
        model("model.safetensors", **{"model.safetensors.index.json": INDEX, "model-00001-of-00002.safetensors": safetensors("a")}), {"shard-missing"}),
    "shards-without-index": (
        model("model.safetensors", **{"model-00001-of-00002.safetensors": safetensors("a"), "model-00002-of-00002.safetensors": safetensors("b")}), {"index-missing"}),
    "shard-of-bin": (
        model("model.safetensors", **{"pytorch_model.bin.index.json": {"weight_map": {"a": "pytorch_model-00001-of-00001.bin"}}}), set()),
    "index-without-map": (
        model("model.safetensors", **{"model.safetensors.index.json": {"metadata": {}}, "model-00001-of-00002.safetensors": safetensors("a")}), set()),
    "no-config": (model("config.json"), {"config-missing"}),
    "no-weights": (model("model.safetensors"), {"weights-missing"}),
    "tokenizer-alone": ({"tokenizer.json": {}, "tokenizer_config.json": {}, "README.md": CARD}, {"weights-missing"}),
    "no-tokenizer": (model("tokenizer.json", "tokenizer_config.json"), {"tokenizer-missing"}),
    "tokenizer-config-alone": (model("tokenizer.json"), {"tokenizer-missing"}),
    "vocab-without-merges": (model("tokenizer.json", **{"vocab.json": {"a": 0}, "config.json": {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}}), {"tokenizer-missing"}),
    "whisper-without-features": (model(**{"config.json": WHISPER}), {"processor-missing"}),
    "vit-without-processor": (model("tokenizer.json", "tokenizer_config.json", **{"config.json": VIT}), {"processor-missing"}),
    "weights-of-a-wheelhouse": ({"a-1.0-py3-none-any.whl": b"PK\5\6" + b"\0" * 18}, {"weights-missing"}),
    "lfs-pointer": (
        model(**{"model.safetensors": "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 4\n"}), {"lfs-pointer"}),
    "empty-weights": (model(**{"model.safetensors": b""}), {"safetensors-broken"}),
    "optimizer-alone": (model("model.safetensors", **{"optimizer.pt": b"x", "scheduler.pt": b"x", "training_args.bin": b"x"}), {"weights-missing"}),
    "adapter-without-config": ({"README.md": CARD, "adapter_model.safetensors": safetensors()}, {"config-missing"}),
    "adapter-without-weights": ({"README.md": CARD, "adapter_config.json": {"peft_type": "LORA"}}, {"weights-missing"}),
}


@pytest.mark.parametrize("case", INCOMPLETE)
def test_a_model_that_lacks_what_loading_needs_is_an_error(knapsack, tmp_path, case):
    files, codes = INCOMPLETE[case]
    found = findings(knapsack, tmp_path, files)
    missing = {code for code in errors(found) if code.endswith(("-missing", "-broken", "lfs-pointer"))}
    assert missing, found
    assert codes <= missing, found


COMPLETE = {
    "plain": model(),
    "without-card-and-generation-config": model("README.md"),
    "sentence": sentence(("Pooling", "1_Pooling"), ("Normalize", "2_Normalize"), **{"1_Pooling/config.json": POOL}),
    "dense": sentence(("Dense", "2_Dense"), **{"2_Dense/config.json": DENSE, "2_Dense/model.safetensors": safetensors("linear.weight")}),
    "static": {"README.md": CARD, "modules.json": modules(("StaticEmbedding", "0_S")), "0_S/tokenizer.json": {}, "0_S/model.safetensors": safetensors("embedding.weight")},
    "pipeline": pipeline(),
    "pipeline-null": pipeline(feature_extractor=[None, None], image_encoder=None),
    "auto-map-of-a-known-type": model(**{"config.json": {**LLAMA, "auto_map": {"AutoModelForCausalLM": "org/other--modeling_x.X"}}}),
    "shards": model("model.safetensors", **{"model.safetensors.index.json": INDEX, "model-00001-of-00002.safetensors": safetensors("a"), "model-00002-of-00002.safetensors": safetensors("b")}),
    "sentencepiece": model("tokenizer.json", **{"tokenizer.model": b"\n\x07\n\x01a\x15\0\0\0\0"}),
    "vocab-and-merges": model("tokenizer.json", **{"vocab.json": {"a": 0}, "merges.txt": "", "config.json": {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}}),
    "vit": model("tokenizer.json", "tokenizer_config.json", **{"config.json": VIT, "preprocessor_config.json": {"image_processor_type": "ViTImageProcessor"}}),
    "bert-vocabulary": model("tokenizer.json", **{"vocab.txt": "[PAD]\n", "config.json": {"model_type": "bert", "architectures": ["BertModel"]}}),
    "adapter": {"README.md": CARD, "adapter_config.json": {"peft_type": "LORA", "base_model_name_or_path": "org/x"}, "adapter_model.safetensors": safetensors()},
}


@pytest.mark.parametrize("case", COMPLETE)
def test_a_model_that_can_be_loaded_has_no_error_for_files(knapsack, tmp_path, case):
    found = findings(knapsack, tmp_path, COMPLETE[case])
    policy = {"remote-code", "remote-code-elsewhere"}
    assert errors(found) <= policy | {"license-unknown"}, found


def test_an_adapter_without_its_base_is_a_warning(knapsack, tmp_path):
    assert findings(knapsack, tmp_path, COMPLETE["adapter"])["adapter-base-missing"] == "warning"


def split(folder, number, count):
    path = folder / "part.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_uint16("split.no", number)
    writer.add_uint16("split.count", count)
    writer.add_int32("split.tensors.count", 0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


@pytest.mark.parametrize("parts", [(0,), (0, 1), (1, 2), (0, 2)])
def test_a_gguf_that_counts_more_parts_is_incomplete(knapsack, tmp_path, parts):
    files = {f"m-{at + 1:05}-of-00003.gguf": split(tmp_path, at, 3) for at in parts}
    assert errors(findings(knapsack, tmp_path, files)) & {NAMED, "shard-missing"}


def test_a_projector_alone_is_no_model(knapsack, tmp_path):
    path = tmp_path / "x.gguf"
    writer = GGUFWriter(path, "clip")
    writer.add_string("general.type", "mmproj")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert "weights-missing" in findings(knapsack, tmp_path, {"mmproj-model-f16.gguf": path.read_bytes()})


@pytest.mark.parametrize(
    "entry",
    [
        {"include": ["*.safetensors"]},
        {"include": ["*.json"]},
        {"exclude": ["*.safetensors"]},
        {"exclude": ["config.json"]},
        {"exclude": ["tokenizer*"]},
        {"include": ["*.safetensors", "config.json"]},
        {"exclude": ["*.json"]},
        {"include": ["README.md"]},
    ],
)
def test_patterns_that_leave_out_what_loading_needs_are_an_error(knapsack, tmp_path, entry):
    found = findings(knapsack, tmp_path, model(), **entry)
    assert {code for code in errors(found) if code.endswith("-missing")}, found
