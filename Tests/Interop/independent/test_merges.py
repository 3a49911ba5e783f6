"""Adapters against what PEFT 0.21.2 does with them: its rule for pattern keys, and every option honoured or refused.

The expected weights are W + alpha / r * B @ A (`get_delta_weight`); the pattern rule is `re.match(rf"(.*\\.)?({key})$", name)`,
first match wins (`get_pattern_key`). All cases were also run with PEFT's merge_and_unload itself; where PEFT loads an adapter
that is refused here, the result depends on chance, on the base model's own history, or on what no merged weight can state.
"""

import json
import re

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

NAMES = [f"model.layers.{at}.self_attn.{part}_proj" for at in range(11) for part in "qv"]
CONFIG = {
    "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": "org/base", "r": 2, "lora_alpha": 4,
    "target_modules": ["q_proj", "v_proj"], "bias": "none", "fan_in_fan_out": False, "inference_mode": True,
    "init_lora_weights": True, "use_rslora": False, "alpha_pattern": {}, "rank_pattern": {}, "modules_to_save": None,
}  # fmt: skip
LLAMA = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4, "intermediate_size": 4,
    "num_hidden_layers": 11, "num_attention_heads": 1, "vocab_size": 8, "tie_word_embeddings": False,
}  # fmt: skip
# Every weight of the base but its head: eleven layers, so that "1" and "10" can be mixed up.
SHAPES = {"model.embed_tokens": (8, 4), "model.norm": (4,)}
for layer in range(11):
    for part in ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"):
        SHAPES[f"model.layers.{layer}.{part}"] = (4, 4)
    for part in ("input_layernorm", "post_attention_layernorm"):
        SHAPES[f"model.layers.{layer}.{part}"] = (4,)


def numbers(*shape, seed):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def build(folder, text=None, tied=False, more=None, without=(), **keys):
    base, adapter = folder / "base", folder / "adapter"
    base.mkdir()
    adapter.mkdir()
    weights = {f"{name}.weight": numbers(*shape, seed=at) for at, (name, shape) in enumerate(SHAPES.items())}
    if not tied:
        weights["lm_head.weight"] = numbers(8, 4, seed=199)
    save_file(weights, base / "model.safetensors", metadata={"format": "pt"})
    (base / "config.json").write_text(json.dumps({**LLAMA, "tie_word_embeddings": tied}))
    config = {**CONFIG, **keys}
    halves = {}
    for at, name in enumerate(NAMES):
        if any(part in name for part in without):
            continue
        rank = pattern(config["rank_pattern"] or {}, name, config["r"])
        halves[f"base_model.model.{name}.lora_A.weight"] = numbers(rank, 4, seed=220 + at)
        halves[f"base_model.model.{name}.lora_B.weight"] = numbers(4, rank, seed=240 + at)
    save_file({**halves, **(more or {})}, adapter / "adapter_model.safetensors", metadata={"format": "pt"})
    (adapter / "adapter_config.json").write_text(text(json.dumps(config)) if text else json.dumps(config))
    return base, adapter, weights, halves, config


def pattern(patterns, name, otherwise):
    for key in patterns:
        if re.match(rf"(.*\.)?({key})$", name):
            return patterns[key]
    return otherwise


def merge(knapsack, folder, base, adapter):
    return knapsack("convert", "--dtype", "f32", base, folder / "out", "--merge", adapter)


PATTERNS = [
    {"q_proj": 16}, {"layers.0.self_attn.q_proj": 16}, {"^model.layers.0.self_attn.q_proj": 16}, {"layers.(0|1).self_attn.q_proj": 5},
    {r"layers\.[0-9]+\.self_attn\.v_proj": 7}, {"v_proj": 7, ".*": 100}, {".*": 100, "v_proj": 7}, {"proj": 9}, {".*_proj": 9},
    {"self_attn": 9}, {"^base_model.model.model.layers.0.self_attn.q_proj": 9}, {"q_proj$": 9}, {"q_proj|v_proj": 11},
    {r"layers.\d.self_attn.[qk]_proj": 6}, {r"(?:q|k)_proj": 6}, {r"layers\.0\..*": 6}, {r"[^.]+_proj": 6}, {"": 5}, {r"\w+": 5},
    {r"model\.layers\.(?!1)\d\.self_attn\.q_proj": 5}, {"q_pro{1}j": 4}, {"^q_proj": 4}, {r".*\.1\..*": 4}, {"Q_PROJ": 4},
    {r"\bq_proj": 5}, {"q_proj": 0}, {"q_proj": -8}, {"q_proj": 2.5}, {"layers.1.self_attn.q_proj": 3}, {"1.self_attn.q_proj": 3},
    {"layers.1.self_attn.q_proj": 3, r"layers\.1\d?\..*": 9, "q_proj": 27}, {r"model(\.[^.]+){3}\.v_proj": 3}, {"layers.10": 9},
    {"model.layers.1": 8}, {r"(?P<n>q)_proj": 8}, {r"layers\.1{1,2}\..*": 8}, {r"layers.1?0.self_attn.q_proj": 12}, {r"\Amodel.*0.*": 3},
    {r".*q_proj\Z": 3}, {r"[a-q]_proj": 3}, {r"[\w]*_?proj": 3}, {r"layers\.(1|10|3)\.self_attn\.(q|v)_proj": 21}, {"k_proj": 5},
]  # fmt: skip


@pytest.mark.parametrize("alpha", PATTERNS, ids=range(len(PATTERNS)))
def test_the_keys_of_alpha_pattern_are_matched_as_peft_matches_them(knapsack, tmp_path, alpha):
    check_sum(knapsack, tmp_path, alpha_pattern=alpha)


@pytest.mark.parametrize("root", [False, True])
@pytest.mark.parametrize(
    "rank", [{"q_proj": 1}, {r"layers\.1\..*": 3}, {"q_proj": 1, "layers.0.self_attn.q_proj": 3}, {r"(layers\.)?10\.self_attn\.v_proj": 4, ".*": 1}])
def test_the_keys_of_rank_pattern_too(knapsack, tmp_path, rank, root):
    check_sum(knapsack, tmp_path, rank_pattern=rank, use_rslora=root)


# What PEFT takes for the plain sum.
PLAIN = [
    *({"init_lora_weights": value} for value in (False, None, "gaussian", "eva", "mica", "orthogonal")), {"target_modules": r".*\.[qv]_proj"},
    {"target_modules": r"^.*(q_proj|v_proj)$"}, {"target_modules": ["self_attn.q_proj", "v_proj"]}, {"lora_alpha": 16.5}, {"lora_alpha": 0},
    {"lora_alpha": -4}, {"modules_to_save": []}, {"exclude_modules": []}, {"exclude_modules": ["k_proj"]}, {"layers_to_transform": list(range(11))},
    {"layers_to_transform": list(range(11)), "layers_pattern": "layers"}, {"loftq_config": {}}, {"lora_dropout": 0.9}, {"revision": "abc"},
    {"peft_version": "0.4.0"}, {"megatron_core": "x.y"}, {"qalora_group_size": 3}, {"layer_replication": None}, {"use_dora": None},
    {"alora_invocation_tokens": None}, {"trainable_token_indices": None}, {"runtime_config": {"ephemeral_gpu_offload": True}},
]  # fmt: skip


@pytest.mark.parametrize("keys", PLAIN, ids=lambda keys: "-".join(map(str, keys.items()))[:40])
def test_what_changes_nothing_is_taken(knapsack, tmp_path, keys):
    check_sum(knapsack, tmp_path, **keys)


def check_sum(knapsack, folder, **keys):
    base, adapter, weights, halves, config = build(folder, **keys)
    merge(knapsack, folder, base, adapter).expect(0)
    found = load_file(folder / "out" / "model.safetensors")
    assert set(found) == set(weights)
    for name in NAMES:
        one, two = (halves[f"base_model.model.{name}.lora_{half}.weight"] for half in "AB")
        rank = one.shape[0]
        scale = pattern(config["alpha_pattern"], name, config["lora_alpha"]) / (rank**0.5 if config["use_rslora"] else rank)
        weights[f"{name}.weight"] = weights[f"{name}.weight"] + np.float32(scale) * (two @ one)
    for name, expected in weights.items():
        np.testing.assert_allclose(found[name], expected, atol=1e-4, rtol=1e-5, err_msg=name)


REFUSED = [
    *({"init_lora_weights": name} for name in ["pissa", "pissa_niter_4", "olora", "OLoRA", "corda", "loftq", "lora_ga", "x", "true", "", 0, [], {}]),
    *({key: value} for key in ("kasa_config", "arrow_config", "velora_config", "monteclora_config", "use_bdlora") for value in ({}, {"a": 1})),
    {"alora_invocation_tokens": [1]}, {"use_dora": True}, {"use_dora": "false"}, {"use_qalora": True}, {"layer_replication": [[0, 2]]},
    {"lora_bias": True}, {"target_parameters": ["experts.gate"]}, {"target_parameters": "x"}, {"trainable_token_indices": [1]},
    {"trainable_token_indices": {"embed_tokens": [1]}}, {"megatron_config": {"a": 1}}, {"some_future_key": 1}, {"some_future_key": None},
    {"peft_type": "LOHA"}, {"peft_type": "XLORA"}, {"peft_type": "TINYLORA"}, {"peft_type": None}, {"peft_type": ["LORA"]}, {"r": 4}, {"r": 0},
    {"r": -2}, {"r": 1.5}, {"r": "2"}, {"lora_alpha": "4"}, {"lora_alpha": None}, {"lora_alpha": [4]}, {"exclude_modules": ["q_proj"]},
    {"exclude_modules": ".*v_proj"}, {"layers_to_transform": [0]}, {"layers_to_transform": 0}, {"target_modules": ["q_proj"]},
    {"target_modules": ["q_proj", "v_proj", "o_proj"]}, {"target_modules": "q_proj|v_proj"},
    {"modules_to_save": ["lm_head"]}, {"modules_to_save": ["q_proj"]}, {"use_rslora": "false"}, {"ensure_weight_tying": True},
    {"alpha_pattern": {"(": 1}}, {"alpha_pattern": {"q_proj": "16"}}, {"alpha_pattern": {"q_proj": None}},
    {"alpha_pattern": [1]}, {"alpha_pattern": {"(?i)Q_PROJ": 1}}, {"rank_pattern": {"q_proj": 4}}, {"rank_pattern": {"q_proj": "2"}},
    {"bias": "ALL"}, {"bias": "x"}, {"bias": True}, {"fan_in_fan_out": "false"}, {"lora_dropout": "x"}, {"modules_to_tie": ["x"]},
    {"corda_config": {}, "init_lora_weights": "corda"}, {"loftq_config": {"loftq_bits": 4}, "init_lora_weights": "loftq"},
]  # fmt: skip
OTHERWISE = {"r": "rank", "rank_pattern": "rank", "peft_type": "LOHA|XLORA|method", "layers_to_transform": "target_modules"}


@pytest.mark.parametrize("keys", REFUSED, ids=lambda keys: "-".join(map(str, keys.items()))[:40])
def test_an_option_that_is_not_honoured_is_refused_by_its_name(knapsack, tmp_path, keys):
    base, adapter, *_ = build(tmp_path)
    config = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps({**config, **keys}))
    done = merge(knapsack, tmp_path, base, adapter).expect(1, 2)
    assert re.search("|".join([*keys, *(OTHERWISE[key] for key in keys if key in OTHERWISE)]), done.stderr)
    assert not (tmp_path / "out").exists()


TWICE = ['"lora_alpha": 32, ', '"use_dora": true, ', '"lora_\\u0061lpha": 32, ']


@pytest.mark.parametrize("twice", TWICE)
def test_a_key_that_is_twice_is_refused(knapsack, tmp_path, twice):
    base, adapter, *_ = build(tmp_path, text=lambda text: "{" + twice + '"use_dora": false, ' + text[1:])
    merge(knapsack, tmp_path, base, adapter).expect(1)


def test_a_key_that_is_twice_in_a_pattern_is_refused(knapsack, tmp_path):
    twice = '"alpha_pattern": {"q_proj": 1, ".*q_proj": 5, "q_proj": 32}'
    base, adapter, *_ = build(tmp_path, text=lambda text: text.replace('"alpha_pattern": {}', twice))
    merge(knapsack, tmp_path, base, adapter).expect(1)


@pytest.mark.parametrize("without", [["v_proj"], ["layers.10."], ["layers.3.self_attn.q_proj"]])
def test_a_target_without_matrices_is_refused(knapsack, tmp_path, without):
    base, adapter, *_ = build(tmp_path, without=without)
    assert without[0].strip(".") in merge(knapsack, tmp_path, base, adapter).expect(1).stderr


def test_a_trained_embedding_that_was_tied_is_refused(knapsack, tmp_path):
    more = {"base_model.model.model.embed_tokens.weight": numbers(8, 4, seed=70)}
    base, adapter, *_ = build(tmp_path, tied=True, more=more, modules_to_save=["embed_tokens"])
    merge(knapsack, tmp_path, base, adapter).expect(1)


def test_a_head_that_is_stored_whole_replaces_the_base_models(knapsack, tmp_path):
    more = {"base_model.model.lm_head.weight": numbers(8, 4, seed=70)}
    base, adapter, *_ = build(tmp_path, more=more, modules_to_save=["lm_head"])
    merge(knapsack, tmp_path, base, adapter).expect(0)
    found = load_file(tmp_path / "out" / "model.safetensors")
    np.testing.assert_array_equal(found["lm_head.weight"], numbers(8, 4, seed=70))


@pytest.mark.parametrize("name", [f"{NAMES[0]}.bias", "foo.bar", f"{NAMES[0]}.lora_magnitude_vector", f"{NAMES[0].replace('q_', 'o_')}.lora_A.weight"])
def test_a_tensor_that_peft_does_not_know_is_refused(knapsack, tmp_path, name):
    base, adapter, *_ = build(tmp_path, more={f"base_model.model.{name}": numbers(4, seed=71)})
    merge(knapsack, tmp_path, base, adapter).expect(1)
