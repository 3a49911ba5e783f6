"""Caches as the real transformers fills them: file by file, without README.md and without a listing of the revision.

What it cached is complete: `init` writes it, `lock` takes it, and the same line loads it offline from the bundle.
"""

import os
import subprocess
import sys

import genuine
import pytest
import transformers
from cli import Knapsack
from tokenizers import Tokenizer, models, pre_tokenizers

SMALL = dict(vocab_size=320, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=64)
MODELS = {
    "causal": ("LlamaForCausalLM", dict(SMALL, num_key_value_heads=1), {}),
    "sharded": ("LlamaForCausalLM", dict(SMALL, num_key_value_heads=1), {"max_shard_size": "8KB"}),
    "classes": ("RobertaForSequenceClassification", dict(SMALL, num_labels=3), {}),
    "encoder": ("BertModel", SMALL, {}),
}
PIPELINE = "from transformers import pipeline; print(len(pipeline('{task}', '{name}')('the')))"
AUTO = "from transformers import AutoModel, AutoTokenizer; print(len(AutoTokenizer.from_pretrained('{name}')) > 0, AutoModel.from_pretrained('{name}').config.hidden_size)"
LINES = {
    "causal": PIPELINE.format(task="text-generation", name="clients/causal"),
    "sharded": AUTO.format(name="clients/sharded"),
    "classes": PIPELINE.format(task="text-classification", name="clients/classes"),
    "encoder": AUTO.format(name="clients/encoder"),
}


def publish(hub, folder, name):
    """A repository as people make it: with a card and with the same weights for other programs."""
    kind, values, saving = MODELS[name]
    cls = getattr(transformers, kind)
    cls(cls.config_class(**values)).save_pretrained(folder, **saving)
    words = Tokenizer(models.WordLevel({"[UNK]": 0, "[PAD]": 1, "the": 2, "sack": 3}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    transformers.PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]", pad_token="[PAD]").save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    (folder / "onnx").mkdir()
    (folder / "onnx" / "model.onnx").write_bytes(b"x" * 100)
    (folder / "pytorch_model.bin").write_bytes(b"x" * 100)
    hub.add(f"clients/{name}", folder)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_what_a_client_cached_is_packed_and_loads_offline(knapsack: Knapsack, hub, tmp_path, name):
    publish(hub, tmp_path / "origin", name)
    cache = tmp_path / "hub"
    online = {**hub.client_environment(), "HF_HUB_CACHE": str(cache), "CUDA_VISIBLE_DEVICES": ""}
    expected = genuine.run_python(LINES[name], online, tmp_path / "home").strip().splitlines()[-1]
    assert not list(cache.rglob("README.md")) and not list(cache.rglob("model.onnx"))
    runner = knapsack.with_caches(cache)
    runner("init", tmp_path / "m.toml").expect(0)
    written = [line for line in (tmp_path / "m.toml").read_text().splitlines() if f"hf:clients/{name}" in line]
    assert written and not written[0].startswith("#")
    runner("lock", tmp_path / "m.toml").expect(0)
    runner("check", tmp_path / "m.toml").expect(0)
    runner("pack", tmp_path / "m.toml", "-o", tmp_path / "b").expect(0)
    start = f"import sys; sys.path.insert(0, {str(tmp_path / 'b')!r}); import knapsack; knapsack.activate()\n"
    offline = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "away"), "KNAPSACK_SCRATCH": str(tmp_path / "scratch"), "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", start + LINES[name]], env=offline, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == expected


@pytest.mark.slow
@pytest.mark.parametrize("line", ["AutoTokenizer", "AutoConfig"])
def test_a_cache_without_weights_is_left_out_with_the_reason(knapsack: Knapsack, hub, tmp_path, line):
    publish(hub, tmp_path / "origin", "encoder")
    cache = tmp_path / "hub"
    online = {**hub.client_environment(), "HF_HUB_CACHE": str(cache)}
    genuine.run_python(f"from transformers import {line}; {line}.from_pretrained('clients/encoder')", online, tmp_path / "home")
    runner = knapsack.with_caches(cache)
    runner("init", tmp_path / "m.toml").expect(0)
    text = (tmp_path / "m.toml").read_text()
    assert '# source = "hf:clients/encoder@main"' in text and "weights" in text
    (tmp_path / "n.toml").write_text('schema = 1\n[bundle]\nname = "clients"\n[[model]]\nname = "it"\nsource = "hf:clients/encoder@main"\n')
    assert "weights" in runner("lock", tmp_path / "n.toml").expect(1).text
