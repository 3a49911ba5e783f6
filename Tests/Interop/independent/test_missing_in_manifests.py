"""A model that lacks tensors, converted by a manifest: `gguf =` and `dtype =` refuse it, and `check` finds it in the lock.

Which tensors a Llama has is decided by transformers 5.23's LlamaForCausalLM: with `tie_word_embeddings` the head may be missing.
"""

import json

import pytest
from cli import manifest
from safetensors.torch import load_file, save_file
from test_missing import GROUPED
from transformers import LlamaConfig, LlamaForCausalLM

ALLOW = ["tokenizer-missing", "proof-missing"]


@pytest.fixture(scope="module")
def tensors(tmp_path_factory):
    folder = tmp_path_factory.mktemp("llama")
    LlamaForCausalLM(LlamaConfig(**GROUPED, tie_word_embeddings=False)).save_pretrained(folder)
    return (folder / "config.json").read_text(), load_file(folder / "model.safetensors")


def lay(folder, tensors, without=(), tied=False, shards=0, index=True, listed=()):
    """The model in a directory, less some tensors: whole, or in shards with or without an index that may list more."""
    config, values = json.loads(tensors[0]), {name: value for name, value in tensors[1].items() if name not in without}
    folder.mkdir()
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    (folder / "config.json").write_text(json.dumps({**config, "tie_word_embeddings": tied}))
    if not shards:
        save_file(values, folder / "model.safetensors", metadata={"format": "pt"})
        return
    names = sorted(values)
    held = {}
    for at in range(shards):
        file = f"model-{at + 1:05}-of-{shards:05}.safetensors"
        part = {name: values[name] for name in names[at::shards]}
        save_file(part, folder / file, metadata={"format": "pt"})
        held.update(dict.fromkeys(part, file))
    held.update(dict.fromkeys(listed, f"model-00001-of-{shards:05}.safetensors"))
    if index:
        (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": held}))


UP = "model.layers.1.mlp.up_proj.weight"
HEAD = "lm_head.weight"
LACKING = {
    "one": (dict(without=[UP]), UP),
    "norm": (dict(without=["model.norm.weight"]), "model.norm.weight"),
    "head-of-an-untied-model": (dict(without=[HEAD]), HEAD),
    "embedding": (dict(without=["model.embed_tokens.weight"]), "model.embed_tokens.weight"),
    "in-shards": (dict(without=[UP], shards=2), UP),
    "in-shards-and-listed": (dict(without=[UP], shards=2, listed=[UP]), UP),
}
WAYS = {"gguf": {"gguf": "F16"}, "gguf-quantized": {"gguf": "Q8_0"}, "dtype": {"dtype": "f16"}}


@pytest.mark.parametrize("case", LACKING)
@pytest.mark.parametrize("way", WAYS)
def test_a_manifest_that_converts_a_model_without_a_tensor_is_refused_by_its_name(knapsack, tmp_path, tensors, case, way):
    options, name = LACKING[case]
    lay(tmp_path / "it", tensors, **options)
    entries = [{"name": "it", "source": "path:it", "allow": ALLOW, "pack": False}, {"name": "made", "from": "it", "allow": ALLOW, **WAYS[way]}]
    (tmp_path / "m.toml").write_text(manifest(model=entries))
    done = knapsack("lock", tmp_path / "m.toml")
    found = knapsack("check", tmp_path / "m.toml") if done.code == 0 else done
    assert found.code == 1 and name in found.text, done.text + found.text
    if "gguf" in way:
        assert not list(tmp_path.rglob("*.gguf"))


@pytest.mark.parametrize("case", LACKING)
def test_check_finds_the_tensor_in_the_lock_alone(knapsack, tmp_path, tensors, case):
    options, name = LACKING[case]
    lay(tmp_path / "it", tensors, **options)
    (tmp_path / "m.toml").write_text(manifest(model=[{"name": "it", "source": "path:it", "allow": ALLOW}]))
    done = knapsack("lock", tmp_path / "m.toml")
    if done.code == 0:
        for path in (tmp_path / "it").iterdir():
            path.unlink()
        done = knapsack("check", tmp_path / "m.toml").expect(1)
    assert name in done.text, done.text


@pytest.mark.parametrize("options", [dict(without=[HEAD], tied=True), dict(without=[HEAD], tied=True, shards=2), dict(), dict(tied=True)])
def test_a_model_that_has_what_its_configuration_asks_for_is_not_refused(knapsack, tmp_path, tensors, options):
    lay(tmp_path / "it", tensors, **options)
    entries = [{"name": "it", "source": "path:it", "allow": ALLOW}, {"name": "cast", "from": "it", "dtype": "f16", "allow": ALLOW}]
    (tmp_path / "m.toml").write_text(manifest(model=entries))
    knapsack("lock", tmp_path / "m.toml").expect(0)
    knapsack("check", tmp_path / "m.toml").expect(0)


def test_shards_without_an_index_are_refused_before_anything_is_made(knapsack, tmp_path, tensors):
    lay(tmp_path / "it", tensors, shards=2, index=False)
    entries = [{"name": "it", "source": "path:it", "allow": ALLOW, "pack": False}, {"name": "made", "from": "it", "gguf": "F16"}]
    (tmp_path / "m.toml").write_text(manifest(model=entries))
    assert "index" in knapsack("lock", tmp_path / "m.toml").expect(1).text
    assert not list(tmp_path.rglob("*.gguf"))
