"""Keys of configurations by which a library runs code of a repository, or any importable name.

transformers 4.56 to 5.2 load `org/name` of `attn_implementation` as a kernel of the Hub without asking; sentence-transformers
up to 5.2 imports any dotted name of Dense's `activation_function`; `auto_map` may lead to another repository.
"""

import json

import pytest
from instances import LLAMA, errors, findings, model, safetensors

KERNEL = "someone/fast-attention"


def config(**keys):
    return model(**{"config.json": {**LLAMA, **keys}})


ELSEWHERE = {
    "attn-implementation": config(attn_implementation=KERNEL),
    "attn-implementation-of-a-part": config(text_config={"model_type": "llama", "_attn_implementation": KERNEL}),
    "internal": config(_attn_implementation_internal=KERNEL),
    "revision-and-function": config(_attn_implementation=KERNEL + "@v1:flash"),
    "experts": config(_experts_implementation=KERNEL),
    "dictionary": config(attn_implementation={"": "sdpa", "text_config": KERNEL}),
    "deep": config(vision_config={"model_type": "x", "text_config": {"_attn_implementation_internal": KERNEL}}),
    "paged": config(_attn_implementation="paged|" + KERNEL),
    "escaped": model(**{"config.json": json.dumps({**LLAMA, "X": KERNEL}).replace('"X"', '"_attn\\u005fimplementation"')}),
    "auto-map-of-config": config(auto_map={"AutoConfig": "org/other--configuration_x.C"}, model_type="x"),
    "auto-map-of-generation": model(**{"generation_config.json": {"custom_generate": "org/x", "auto_map": {"AutoModel": "org/other--m.X"}}}),
    "auto-map-of-tokenizer": model(**{"tokenizer_config.json": {"auto_map": {"AutoTokenizer": ["org/other--t.T", "org/other--t.F"]}}}),
    "auto-map-of-image-processor": model(**{"preprocessor_config.json": {"auto_map": {"AutoImageProcessor": "org/other--p.P"}}}),
    "auto-map-of-processor": model(**{"processor_config.json": {"auto_map": {"AutoProcessor": "org/other--p.P"}}}),
    "auto-map-of-video": model(**{"video_preprocessor_config.json": {"auto_map": {"AutoVideoProcessor": "org/other--p.P"}}}),
}


@pytest.mark.parametrize("case", ELSEWHERE)
def test_a_key_that_takes_code_from_another_repository_is_refused(knapsack, tmp_path, case):
    found = errors(findings(knapsack, tmp_path, ELSEWHERE[case]))
    assert "remote-code-elsewhere" in found or "remote-code" in found, found


@pytest.mark.parametrize("value", ["sdpa", "eager", "flash_attention_2", "flex_attention", "flash_attention_3", None])
@pytest.mark.parametrize("key", ["_attn_implementation", "attn_implementation", "_attn_implementation_internal"])
def test_an_attention_of_transformers_own_is_no_code(knapsack, tmp_path, key, value):
    assert errors(findings(knapsack, tmp_path, config(**{key: value}))) <= {"license-unknown"}


def dense(**keys):
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Dense", "type": "sentence_transformers.models.Dense"},
    ]
    values = {"in_features": 4, "out_features": 4, "bias": True, **keys}
    files = {"modules.json": modules, "1_Dense/config.json": values, "1_Dense/model.safetensors": safetensors()}
    return model(**files)


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "builtins.exec",
        "subprocess.Popen",
        "torch.load",
        "torch.hub.load",
        "torch.utils.cpp_extension.load",
        "my_module.Activation",
        "torchvision.ops.MLP",
        "torch.nn.modules.activation..Tanh",
        "torch.jit.load",
        "torch.nn.modules.activation.os.system",
    ],
)
def test_an_activation_that_is_not_one_of_torch_is_refused(knapsack, tmp_path, name):
    assert errors(findings(knapsack, tmp_path, dense(activation_function=name)))


@pytest.mark.parametrize(
    "name", ["torch.nn.modules.activation.Tanh", "torch.nn.modules.linear.Identity", "torch.nn.modules.activation.GELU"]
)
def test_an_activation_of_torch_is_no_code(knapsack, tmp_path, name):
    assert errors(findings(knapsack, tmp_path, dense(activation_function=name))) == set()


@pytest.mark.parametrize("kind", ["my_module.MyPooling", "os.system", "custom_st.Transformer", "sentence_transformers.models.Pooling.os"])
def test_a_module_of_another_package_is_refused(knapsack, tmp_path, kind):
    files = model(**{"modules.json": [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_X", "type": kind}], "1_X/config.json": {}})
    assert errors(findings(knapsack, tmp_path, files))


@pytest.mark.parametrize("values", [
    {"activation_fn": "os.system"},
    {"sentence_transformers": {"activation_fn": "builtins.exec"}},
    {"sbert_ce_default_activation_function": "subprocess.Popen"},
    {"sentence_transformers": {"activation_fn": "torch.hub.load", "version": "5.0.0"}},
])
def test_the_activation_of_a_cross_encoder_outside_torch_is_refused(knapsack, tmp_path, values):
    keys = {"architectures": ["BertForSequenceClassification"], "model_type": "bert", **values}
    found = errors(findings(knapsack, tmp_path, model(**{"config.json": {**LLAMA, **keys}})))
    assert found or "activation_fn" in values, found
