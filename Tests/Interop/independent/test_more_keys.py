"""Keys by which other libraries run code or import any name, and arguments of from_pretrained that a file carries.

Read in: sentence-transformers 6.2 (Transformer.load gives `model_args` and `model_kwargs` of sentence_bert_config.json to
from_pretrained), transformers 5.23, diffusers 0.42 (modular pipelines), PEFT 0.21 (tp_layer imports `megatron_core`).
"""

import pytest
from batches import together
from instances import CARD, LLAMA, errors, model, safetensors

REMOTE = {"remote-code", "remote-code-elsewhere", "remote-code-file", "program", "program-unreadable"}
KERNEL = "someone/fast-attention"


def transformer(**keys):
    files = {"modules.json": [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]}
    return model(**files, **{"sentence_bert_config.json": {"max_seq_length": 8, **keys}})


def adapter(**keys):
    return {"README.md": CARD, "adapter_config.json": {"peft_type": "LORA", "base_model_name_or_path": "org/x", **keys}, "adapter_model.safetensors": safetensors()}


def pipeline(**files):
    return {"README.md": CARD, "model_index.json": {"_class_name": "DiffusionPipeline", "unet": ["diffusers", "UNet2DModel"]}, "unet/config.json": {"_class_name": "UNet2DModel"}, "unet/diffusion_pytorch_model.safetensors": safetensors(), **files}


def modular(**components):
    return pipeline(**{"modular_model_index.json": {"_class_name": "ModularPipeline", "_blocks_class_name": "SequentialPipelineBlocks", **components}})


def spec(library, name, repository=None):
    return [None, None, {"type_hint": [library, name], "pretrained_model_name_or_path": repository, "subfolder": "", "variant": None, "revision": None}]


FOUND = {
    "attention-in-model-args": transformer(model_args={"attn_implementation": KERNEL}),
    "attention-in-model-kwargs": transformer(model_kwargs={"attn_implementation": KERNEL, "allow_all_kernels": True}),
    "trust-in-model-args": transformer(model_args={"trust_remote_code": True}),
    "trust-in-tokenizer-args": transformer(tokenizer_args={"trust_remote_code": True}),
    "trust-in-config-kwargs": transformer(config_kwargs={"trust_remote_code": True}),
    "attention-of-a-part-in-model-kwargs": transformer(model_kwargs={"attn_implementation": {"text_config": KERNEL}}),
    "map-in-config-args": transformer(config_args={"auto_map": {"AutoModel": "org/x--m.M"}}),
    "kernel-configuration": model(**{"config.json": {**LLAMA, "kernel_config": {"RMSNorm": "someone/layers:RMSNorm"}}}),
    "map-in-a-part-of-a-processor": model(**{"processor_config.json": {"image_processor": {"auto_map": {"AutoImageProcessor": "org/x--p.P"}}}}),
    "map-of-a-component": pipeline(**{"unet/config.json": {"_class_name": "UNet2DModel", "auto_map": {"AutoModel": "org/x--unet.U"}}}),
    "modular-blocks": pipeline(**{"modular_config.json": {"auto_map": {"ModularPipelineBlocks": "block.B"}}, "block.py": "x"}),
    "pipeline-of-a-list": pipeline(**{"model_index.json": {"_class_name": ["pipeline_mine", "P"], "unet": ["diffusers", "UNet2DModel"]}, "pipeline_mine.py": "x"}),
    "component-of-a-module-in-its-folder": pipeline(**{"model_index.json": {"_class_name": "DiffusionPipeline", "unet": ["mine", "U"]}, "unet/mine.py": "x"}),
    "component-of-any-library": pipeline(**{"model_index.json": {"_class_name": "DiffusionPipeline", "unet": ["os", "U"]}}),
    "generate-of-a-repository": model(**{"generation_config.json": {"custom_generate": "org/generate"}}),
    "generate-of-its-own": model(**{"custom_generate/generate.py": "def generate(model, **k): pass", "custom_generate/requirements.txt": "x"}),
    "library-of-an-adapter": adapter(auto_mapping={"base_model_class": "M", "parent_library": "my_module"}),
    "library-like-an-allowed-one": adapter(auto_mapping={"base_model_class": "M", "parent_library": "transformers_modules_evil"}),
    "cross-encoder-of-6": model(**{"config_sentence_transformers.json": {"model_type": "CrossEncoder", "activation_fn": "os.system"}}),
    "router-type": model(**{"modules.json": [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.base.modules.router.Router"}], "router_config.json": {"types": {"a": "os.system"}, "structure": {"q": ["a"]}, "parameters": {}}}),
    "word-tokenizer": model(**{"modules.json": [{"idx": 0, "name": "0", "path": "0_W", "type": "sentence_transformers.models.WordEmbeddings"}], "0_W/wordembedding_config.json": {"tokenizer_class": "os.system"}, "0_W/model.safetensors": safetensors()}),
    "compiled-pickle-of-setfit": model(**{"model_head.pkl": b"\x80\x04N."}),
}  # fmt: skip


@pytest.fixture(scope="module")
def found(knapsack, tmp_path_factory):
    return together(knapsack, tmp_path_factory.mktemp("keys"), FOUND, allow=["named-file-missing", "config-missing", "weights-missing", "tokenizer-missing", "processor-missing"])


@pytest.mark.parametrize("case", FOUND)
def test_a_key_that_imports_or_runs_code_is_found(found, case):
    assert errors(found[case]) & (REMOTE | {"pickle-denied"}), found[case]


HARMLESS = {
    "arguments-of-its-own": transformer(model_args={"attn_implementation": "sdpa", "torch_dtype": "auto", "trust_remote_code": False}, tokenizer_args={"padding_side": "left"}),
    "library-of-transformers": adapter(auto_mapping={"base_model_class": "LlamaModel", "parent_library": "transformers.models.llama.modeling_llama"}),
    "modular-component": modular(unet=spec("diffusers", "UNet2DModel")),
    "generation": model(**{"generation_config.json": {"cache_implementation": "static", "compile_config": {"backend": "inductor"}, "custom_generate": None}}),
    "keys-of-another-meaning": model(**{"train.yaml": "target: accuracy\nclass_path: data/classes\nmodel: {name: llama, params: {a: 1}}\n"}),
    "dataset-of-files": model(**{"dataset_infos.json": {"default": {"builder_name": "parquet"}}}),
    "adapter": adapter(megatron_config=None, megatron_core="megatron.core"),
}  # fmt: skip


@pytest.fixture(scope="module")
def harmless(knapsack, tmp_path_factory):
    return together(knapsack, tmp_path_factory.mktemp("harmless"), HARMLESS)


@pytest.mark.parametrize("case", HARMLESS)
def test_a_key_that_runs_nothing_is_not_refused(harmless, case):
    assert not errors(harmless[case]) & REMOTE, harmless[case]
