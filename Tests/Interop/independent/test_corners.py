"""Corners of `convert`: YAML that is no text where a text belongs, truth values where numbers belong, foreign keys.

Expected is what YAML 1.1 makes of the card (PyYAML, which the reference converter uses), and what transformers 5.23 makes of
config.json: a value by which every number would be another is an error, and a file that is written has the same tensors.
"""

import json
import shutil

import pytest
from gguf import GGUFReader
from project import ROOT

TINY = ROOT / "fixtures" / "conversion" / "tiny-llama" / "Tiny-Llama-100K"


def convert(knapsack, folder, config=None, tokenizer=None, card=None):
    model = folder / "Tiny-Llama-100K"
    shutil.copytree(TINY, model)
    for name, keys in (("config.json", config), ("tokenizer_config.json", tokenizer)):
        values = json.loads((model / name).read_text()) | (keys or {})
        (model / name).write_text(json.dumps(values))
    if card is not None:
        (model / "README.md").write_text(f"---\n{card}\n---\n# A model\n")
    return knapsack("convert", model, folder / "o.gguf")


def items(folder):
    fields = GGUFReader(folder / "o.gguf").fields
    return {name: field.contents() for name, field in fields.items() if field.types}


def tensors(path):
    return {tensor.name: tensor.data.tobytes() for tensor in GGUFReader(path).tensors}


@pytest.fixture(scope="module")
def plain(knapsack, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    convert(knapsack, folder).expect(0)
    return tensors(folder / "o.gguf")


TEXTS = {
    "version: 1.0": "1.0", "version: v2": "v2", "version: '2024-01-01'": "2024-01-01", "name: 5": "5", "organization: 7": "7", "author: a b": "a b",
}  # fmt: skip


@pytest.mark.parametrize("card", TEXTS)
def test_texts_and_numbers_of_a_card_are_texts(knapsack, tmp_path, card):
    convert(knapsack, tmp_path, card=card).expect(0)
    assert items(tmp_path)[f"general.{card.split(':')[0]}"] == TEXTS[card]


LEFT_OUT = [
    *(f"{key}: {value}" for key in ("version", "name", "author") for value in ("2024-05-05", "true", "{a: b}")), "license: true",
    "license: 2024-01-01", "tags: 2024-05-05", "tags: true", "tags: {a: b}", "datasets: 2024-01-01", "datasets: [true]", "base_model: [2024-01-01]",
    "base_model: true", "language: no", "pipeline_tag: 2024-01-01", "url: 2024-01-01", "license_link: 2024-01-01", "finetune: true",
]  # fmt: skip


@pytest.mark.parametrize("card", LEFT_OUT)
def test_what_is_no_text_in_a_card_is_left_out_with_a_word(knapsack, tmp_path, plain, card):
    done = convert(knapsack, tmp_path, card=card).expect(0)
    assert f'"{card.split(":")[0]}"' in done.stderr
    assert tensors(tmp_path / "o.gguf") == plain


WRONG = [
    *({key: True} for key in ("num_hidden_layers", "hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads", "head_dim",
                              "vocab_size", "max_position_embeddings", "rms_norm_eps", "rope_theta", "rope_scaling", "quantization_config")),
    *({key: "64"} for key in ("num_hidden_layers", "hidden_size", "max_position_embeddings", "rms_norm_eps", "rope_theta")),
    {"num_attention_heads": 4.0}, {"vocab_size": 300.0}, {"head_dim": 0}, {"rope_scaling": []}, {"hidden_act": "gelu"}, {"pad_token_id": -1},
    {"quantization_config": {"quant_method": "bitsandbytes"}}, {"quantization_config": {"quant_method": "awq"}}, {"architectures": []},
    {"architectures": "LlamaForCausalLM"}, {"architectures": ["NobodysModel"]}, {"partial_rotary_factor": 0.5}, {"rope_interleaved": True},
    {"rope_scaling": {"rope_type": "proportional", "factor": 2.0}}, {"rope_scaling": {"rope_type": "mrope", "mrope_section": [2, 3, 3]}},
    {"num_hidden_layers": 3}, {"num_hidden_layers": 1}, {"num_key_value_heads": None}, {"is_encoder_decoder": True}, {"pruned_heads": {"0": [1]}},
]  # fmt: skip


@pytest.mark.parametrize("keys", WRONG, ids=lambda keys: "-".join(map(str, *keys.items())))
def test_a_value_that_cannot_be_right_is_refused_by_its_name(knapsack, tmp_path, keys):
    done = convert(knapsack, tmp_path, config=keys).expect(1)
    name = next(iter(keys))
    about = {"num_hidden_layers": "blk.|layers", "quantization_config": "quantiz", "architectures": "architecture", "num_key_value_heads": "attn_k|kv_heads"}
    assert any(word in done.stderr for word in [name, *about.get(name, name).split("|")])
    assert not (tmp_path / "o.gguf").exists()


TOLD = [{"some_new_key": 1}, {"attn_logit_softcapping": 30.0}, {"logits_scaling": 2.0}, {"text_config_": {}}, {"final_logit_softcapping": 5.0}]


@pytest.mark.parametrize("keys", TOLD, ids=lambda keys: next(iter(keys)))
def test_a_key_that_nobody_knows_is_told(knapsack, tmp_path, keys):
    done = convert(knapsack, tmp_path, config=keys)
    assert next(iter(keys)) in done.stderr


SAME = [{"head_dim": None}, {"rope_scaling": None}, {"quantization_config": None}, {"use_cache": False}, {"torch_dtype": "float16"}, {"attention_bias": False}, {"pretraining_tp": 2}]


@pytest.mark.parametrize("keys", SAME, ids=lambda keys: next(iter(keys)))
def test_what_changes_no_number_changes_no_tensor(knapsack, tmp_path, plain, keys):
    convert(knapsack, tmp_path, config=keys).expect(0)
    assert tensors(tmp_path / "o.gguf") == plain


@pytest.mark.parametrize(("value", "expected"), [("false", True), ("true", True), ("", False), (0, False), (1, True), (True, True), (False, False)])
def test_add_prefix_space_has_the_truth_that_python_gives_it(knapsack, tmp_path, value, expected):
    convert(knapsack, tmp_path, tokenizer={"add_prefix_space": value}).expect(0)
    assert items(tmp_path)["tokenizer.ggml.add_space_prefix"] is expected
