"""Corners of configurations and cards, each as convert_hf_to_gguf.py has it or refused with the reason.

What is expected here was seen in the reference's files (llama.cpp, November 2026, with transformers 4.57.6).
"""

import json

import gguf
import numpy as np
import pytest
from safetensors.numpy import save_file

WIDTH = 16


def shapes(norms=("input_layernorm", "post_attention_layernorm"), extra=()):
    start = "model.layers.0."
    found = {"model.embed_tokens.weight": (40, WIDTH), "model.norm.weight": (WIDTH,)}
    found |= {f"{start}{name}.weight": (WIDTH,) for name in (*norms, *extra)}
    found |= {f"{start}self_attn.{part}_proj.weight": (WIDTH, WIDTH) for part in "qkvo"}
    return found | {
        f"{start}mlp.gate_proj.weight": (24, WIDTH), f"{start}mlp.up_proj.weight": (24, WIDTH),
        f"{start}mlp.down_proj.weight": (WIDTH, 24),
    }  # fmt: skip


LLAMA = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": WIDTH, "intermediate_size": 24,
    "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2, "vocab_size": 40,
    "rms_norm_eps": 1e-5, "max_position_embeddings": 64, "rope_theta": 10000.0,
}  # fmt: skip
GEMMA = LLAMA | {"architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text", "head_dim": 8, "sliding_window": 32}
GEMMA_NORMS = ("pre_feedforward_layernorm", "post_feedforward_layernorm")


class Model:
    def __init__(self, knapsack, folder):
        self.knapsack, self.folder = knapsack, folder / "model"
        self.folder.mkdir()

    def write(self, config=LLAMA, tensors=None, card=None, tokenizer=None, settings=None):
        tensors = {name: np.zeros(shape, dtype=np.float32) for name, shape in (tensors or shapes()).items()}
        save_file(tensors, self.folder / "model.safetensors", metadata={"format": "pt"})
        (self.folder / "config.json").write_text(json.dumps(config))
        vocabulary = {"a": 0, "b": 1, "ab": 2} | {chr(0x100 + place): place for place in range(3, 40)}
        own = {"version": "1.0", "model": {"type": "BPE", "vocab": vocabulary, "merges": ["a b"]}, "added_tokens": []}
        (self.folder / "tokenizer.json").write_text(json.dumps(tokenizer or own))
        said = {"tokenizer_class": "PreTrainedTokenizerFast"} | (settings or {})
        (self.folder / "tokenizer_config.json").write_text(json.dumps(said))
        if card is not None:
            (self.folder / "README.md").write_text(f"---\n{card}\n---\n")

    def run(self, pre="gpt-2"):
        return self.knapsack("convert", self.folder, self.folder.parent / "out.gguf", "--outtype", "f32", "--pre", pre)

    def fields(self):
        done = self.run()
        done.expect(0)
        reader = gguf.GGUFReader(self.folder.parent / "out.gguf")
        return {name: field.contents() for name, field in reader.fields.items()}, done.stderr


@pytest.fixture
def model(knapsack, tmp_path):
    return Model(knapsack, tmp_path)


@pytest.mark.parametrize(
    ("card", "key", "value"),
    [
        ("version: v3", "general.version", "v3"),
        ("version: '2'", "general.version", "2"),
        ("version: 2024-01-02", "general.version", None),
        ("version: true", "general.version", None),
        ("version: [1, 2]", "general.version", None),
        ("author: 2020-01-01 10:00:00", "general.author", None),
        ("author: '2020-01-01'", "general.author", "2020-01-01"),
        ("license: true", "general.license", None),
        ("tags: 2020-01-01", "general.tags", None),
        ("tags: ['2020-01-01']", "general.tags", ["2020-01-01"]),
        ("datasets: 2024-01-01", "general.dataset.count", 0),
        ("base_model: 2024-01-01", "general.base_model.count", 0),
        ("base_model: a/b-1B", "general.base_model.count", 1),
    ],
)
def test_cards(model, card, key, value):
    model.write(card=card)
    fields, said = model.fields()
    assert fields.get(key) == value
    assert ("warning" in said) == (value in (None, 0))


@pytest.mark.parametrize(
    "key", ["hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "rms_norm_eps", "rope_theta"]
)
@pytest.mark.parametrize("value", [True, False])
def test_a_truth_value_is_no_number(model, key, value):
    model.write(LLAMA | {key: value})
    done = model.run()
    done.expect(1)
    assert key in done.stderr


@pytest.mark.parametrize(("value", "id"), [(True, 1), (False, 0), (5, 5), ("5", None)])
def test_a_truth_value_is_a_tokens_number(model, value, id):
    model.write(LLAMA | {"pad_token_id": value})
    assert model.fields()[0].get("tokenizer.ggml.padding_token_id") == id


@pytest.mark.parametrize(
    ("value", "written"),
    [("true", True), ("false", True), ("", False), (True, True), (False, False), (1, True), (0, False), (None, None)],
)
def test_add_prefix_space_is_pythons_truth(model, value, written):
    model.write(settings={"add_prefix_space": value})
    assert model.fields()[0].get("tokenizer.ggml.add_space_prefix") == written


@pytest.mark.parametrize(("value", "has"), [(True, False), (1, False), (1.0, False), (False, True), (6, True), (None, True)])
def test_a_sliding_window_pattern_of_true_is_one(model, value, has):
    norms = [name for name in ("input_layernorm", "post_attention_layernorm", *GEMMA_NORMS)]
    tensors = shapes(norms) | {f"model.layers.0.self_attn.{half}_norm.weight": (8,) for half in "qk"}
    model.write(GEMMA | {"sliding_window_pattern": value}, tensors)
    assert ("gemma3.attention.sliding_window" in model.fields()[0]) == has


@pytest.mark.smoke
def test_a_space_within_a_token_of_a_merge_is_written_as_its_character(model):
    vocabulary = {"a": 0, " b": 1, "a b": 2} | {chr(0x200 + place): place for place in range(3, 40)}
    merges = [["a", " b"]]
    model.write(tokenizer={"version": "1.0", "added_tokens": [],
                           "model": {"type": "BPE", "vocab": vocabulary, "merges": merges}})  # fmt: skip
    assert model.fields()[0]["tokenizer.ggml.merges"] == ["a \u0120b"]


@pytest.mark.smoke
def test_kormos_norms_are_those_of_qwen2(model):
    config = LLAMA | {"architectures": ["KORMoForCausalLM"], "model_type": "kormo"}
    model.write(config, shapes(("pre_attention_layernorm", "pre_mlp_layernorm")))
    model.run().expect(0)
    names = {tensor.name for tensor in gguf.GGUFReader(model.folder.parent / "out.gguf").tensors}
    assert {"blk.0.attn_norm.weight", "blk.0.ffn_norm.weight"} <= names


def test_nomic_bert_of_transformers_5_is_refused_with_the_reason(model):
    model.write({"architectures": ["NomicBertModel"], "model_type": "nomic_bert", "hidden_size": 64, "hidden_act": "silu",
                 "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 2048})  # fmt: skip
    done = model.run()
    done.expect(1)
    assert "transformers 5" in done.stderr


@pytest.mark.parametrize("name", ["foo", "llama-bep", "", "GPT-2"])
def test_a_pre_tokenizer_that_llama_cpp_does_not_know_is_refused(model, name):
    model.write()
    done = model.run(name)
    done.expect(1, 2)
    meant = {"llama-bep": 'did you mean "llama-bpe"?', "GPT-2": 'did you mean "gpt-2"?'}
    assert meant.get(name, "knapsack help gguf lists the names") in done.stderr
    assert not (model.folder.parent / "out.gguf").exists()


def test_a_manifest_knows_the_names_too(knapsack, tmp_path):
    path = tmp_path / "m.toml"
    path.write_text(
        'schema = 1\n[bundle]\nname = "some-models"\ntitle = "Some models"\nlicense = "other"\n'
        '[[model]]\nname = "a"\nsource = "path:a"\n[[model]]\nname = "b"\nfrom = "a"\ngguf = "f16"\n'
        'pre-tokenizer = "llama-bep"\n'
    )
    done = knapsack("lock", path)
    done.expect(2)
    assert "llama-bpe" in done.stderr and "pre-tokenizer" in done.stderr


@pytest.mark.parametrize(
    ("text", "temperature", "said"),
    [
        ("[", None, "generation_config.json is broken"),
        ('{"temperature": 0.5, "temperature"', None, "generation_config.json is broken"),
        ('{"temperature": true}', 1, '"temperature" in generation_config.json is true, which is no number and counts as 1'),
        ('{"repetition_penalty": false}', None, '"repetition_penalty" in generation_config.json is false'),
        ('{"temperature": 0.5}', 0.5, None),
    ],
)
def test_a_configuration_for_sampling_that_is_wrong_is_told(model, text, temperature, said):
    model.write()
    (model.folder / "generation_config.json").write_text(text)
    fields, warnings = model.fields()
    assert fields.get("general.sampling.temp") == temperature
    assert said in warnings if said else "generation_config" not in warnings


@pytest.mark.parametrize("output", ["new/", "new/.", "new/..", "./new/"])
def test_an_output_that_names_a_directory_that_is_not_there_is_refused(model, output):
    model.write()
    parent = model.folder.parent
    done = model.knapsack("convert", model.folder, f"{parent}/{output}", "--outtype", "f32", "--pre", "gpt-2").expect(2)
    assert f"there is no directory {parent}/{output}" in done.stderr
    model.run().expect(0)
    done = model.knapsack("quantize", parent / "out.gguf", f"{parent}/{output}", "COPY").expect(2)
    assert f"there is no directory {parent}/{output}" in done.stderr
    assert sorted(path.name for path in parent.iterdir()) == ["model", "out.gguf"]


def test_an_output_with_a_slash_at_its_end_is_the_directory_that_is_there(model):
    model.write()
    (model.folder.parent / "new").mkdir()
    command = ["convert", model.folder, f"{model.folder.parent}/new/", "--outtype", "f32", "--pre", "gpt-2"]
    model.knapsack(*command).expect(0)
    assert [path.suffix for path in (model.folder.parent / "new").iterdir()] == [".gguf"]


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--outtype", "f16"], ["--mmproj"], ["--dtype", "f16"]])
def test_weights_that_are_links_out_of_the_directory_are_named(model, words):
    model.write()
    outside = model.folder.parent / "kept" / "model.safetensors"
    outside.parent.mkdir()
    (model.folder / "model.safetensors").rename(outside)
    (model.folder / "model.safetensors").symlink_to(outside)
    output = model.folder.parent / ("out" if "--dtype" in words else "out.gguf")
    said = model.knapsack("convert", model.folder, output, *words).expect(1).stderr
    assert "model.safetensors is a link that leads out of" in said
    assert str(outside) in said
    assert "no weights" not in said


@pytest.mark.slow
@pytest.mark.parametrize("rows", [20, 80])
def test_other_rows_than_there_are_tokens_are_refused(model, rows):
    # llama.cpp takes as many rows as there are tokens, and what config.json states here is neither.
    model.write(tensors=shapes() | {"model.embed_tokens.weight": (rows, WIDTH)})
    said = model.run().expect(1).stderr
    assert f'tensor "token_embd.weight" has the shape [{rows}, 16], and the tokenizer has 40 tokens' in said


@pytest.mark.slow
def test_as_many_rows_as_the_configuration_states_are_taken(model):
    model.write(config=LLAMA | {"vocab_size": 80}, tensors=shapes() | {"model.embed_tokens.weight": (80, WIDTH)})
    assert len(model.fields()[0]["tokenizer.ggml.tokens"]) == 80


@pytest.mark.parametrize("value", [5, {}, "ab", [1, "2"], [1.5]])
def test_sections_of_positions_that_are_no_list_of_whole_numbers_are_refused(model, value):
    kind = {"architectures": ["Qwen2VLForConditionalGeneration"], "model_type": "none"}
    model.write(config=LLAMA | kind | {"rope_scaling": {"type": "mrope", "mrope_section": value}})
    assert "mrope_section" in model.run().expect(1).stderr
