"""What loads a model decides what has to be there: caches that the real clients filled are whole or not as these load them."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import genuine
import needs
import numpy
import pytest
from cli import manifest, read_lock
from conftest import SHARDED, copy_cache, write_json
from genuine import MINILM
from hub_server import HubServer
from safetensors.numpy import save_file

CAUSAL = "tester/tiny-causal"
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "knap", "sack", "a", "b", "c"]


@pytest.fixture(scope="module")
def causal(base):
    """A Hub with a GPT-2 of one layer, its tokenizer, a card and weights in another format besides."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    files = base / "origin" / "causal"
    config = GPT2Config(n_layer=1, n_head=2, n_embd=8, vocab_size=len(VOCABULARY), n_positions=16)
    GPT2LMHeadModel(config).save_pretrained(files)
    tokenizer = Tokenizer(models.WordLevel({word: index for index, word in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]").save_pretrained(files)
    (files / "README.md").write_text("---\nlicense: mit\n---\n")
    (files / "onnx").mkdir()
    (files / "onnx" / "model.onnx").write_bytes(b"\x08\x07")
    server = HubServer()
    server.add(CAUSAL, files)
    yield server
    server.close()


def fill(hub, cache: Path, code: str) -> Path:
    """Fills a cache by Python code, and then has the client list the revision as newer ones do by themselves."""
    genuine.run_python(code, {**hub.client_environment(), "HF_HUB_CACHE": str(cache)}, cache.parent / "home")
    return cache


def with_listing(cache: Path, hub) -> Path:
    """The listing of the revision, which snapshot_download leaves, beside files that others asked for."""
    whole = genuine.snapshot_download(hub, cache.parent / "whole", CAUSAL).parent.parent
    (folder,) = cache.glob("models--*")
    shutil.copytree(whole / "trees", folder / "trees", dirs_exist_ok=True)
    return cache


def lock(knapsack, directory, cache, name=CAUSAL, **entry):
    path = directory / "complete.toml"
    path.write_text(manifest(model=[{"name": "model", "source": f"hf:{name}@main", **entry}]))
    return knapsack.with_caches(cache)("lock", path)


LOAD = "from transformers import AutoModelForCausalLM, AutoTokenizer\n"


@pytest.mark.parametrize("is_listed", [pytest.param(False, marks=pytest.mark.slow), True])
def test_the_cache_of_from_pretrained_is_whole(knapsack, causal, tmp_path, is_listed):
    code = LOAD + f"AutoTokenizer.from_pretrained({CAUSAL!r}); AutoModelForCausalLM.from_pretrained({CAUSAL!r})"
    cache = fill(causal, tmp_path / "hub", code)
    if is_listed:
        with_listing(cache, causal)
    assert not list(cache.glob("**/snapshots/*/README.md"))
    done = lock(knapsack, tmp_path, cache)
    done.expect(0)
    assert ("README.md" in done.text) == is_listed
    text = knapsack.with_caches(cache)("init", "-").expect(0).stdout
    assert f'\nsource = "hf:{CAUSAL}@main"' in text and "Left out" not in text
    # And it loads, without a network, as it is.
    offline = {"HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": "1"}
    genuine.run_python(code, offline, tmp_path / "home")


@pytest.mark.slow
def test_the_cache_of_a_tokenizer_alone_is_no_model(knapsack, causal, tmp_path):
    cache = fill(causal, tmp_path / "hub", LOAD + f"AutoTokenizer.from_pretrained({CAUSAL!r})")
    assert "it has no weights" in lock(knapsack, tmp_path, cache).expect(1).text
    done = knapsack.with_caches(cache)("lock", tmp_path / "complete.toml", "--json").expect(1)
    assert [finding["code"] for finding in done.json()["findings"]] == ["weights-missing"]
    text = knapsack.with_caches(cache)("init", "-").expect(0).stdout
    assert f'# source = "hf:{CAUSAL}@main"' in text and "it has no weights" in text
    lock(knapsack, tmp_path, cache, allow=["weights-missing"]).expect(0)


@pytest.mark.parametrize(
    "entry, codes",
    [
        ({"include": ["*.safetensors"]}, ["config-missing", "tokenizer-missing"]),
        ({"exclude": ["*.safetensors", "onnx/*"]}, ["weights-missing"]),
        ({"exclude": ["tokenizer*"]}, ["tokenizer-missing"]),
        ({"include": ["onnx/*"]}, []),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_patterns_leave_is_whole_or_not(knapsack, causal, tmp_path, entry, codes):
    genuine.snapshot_download(causal, tmp_path / "hub", CAUSAL)
    lock(knapsack, tmp_path, tmp_path / "hub", license="mit", **entry)
    done = knapsack.with_caches(tmp_path / "hub")("lock", tmp_path / "complete.toml", "--json")
    found = [finding["code"] for finding in done.json()["findings"] if finding["severity"] == "error"]
    assert found == codes


@pytest.mark.smoke
def test_a_wheelhouse_is_no_model(knapsack, tmp_path):
    house = tmp_path / "wheelhouse"
    house.mkdir()
    (house / "helper-1.0-py3-none-any.whl").write_bytes(b"PK\x05\x06" + bytes(18))
    path = tmp_path / "wheels.toml"
    path.write_text(manifest(model=[{"name": "wheels", "source": "path:wheelhouse", "license": "mit"}]))
    done = knapsack.with_caches()("lock", path).expect(1)
    assert "it has no weights" in done.text and "[[wheels]]" in done.text


@pytest.mark.parametrize(
    "name, is_error",
    [
        ("tokenizer_config.json", True),
        ("config.json", True),
        ("model.safetensors", True),
        ("tokenizer.json", True),
        ("README.md", False),
        ("generation_config.json", False),
        ("onnx/model.onnx", False),
    ],
)
def test_of_what_is_listed_and_missing_only_what_loading_needs_is_an_error(knapsack, causal, tmp_path, name, is_error):
    snapshot = genuine.snapshot_download(causal, tmp_path / "hub", CAUSAL)
    (snapshot / name).unlink()
    done = lock(knapsack, tmp_path, tmp_path / "hub", license="mit")
    assert (done.code == 1) == is_error, done.text
    assert name in done.text or name in ("generation_config.json", "onnx/model.onnx")


def test_modules_of_sentence_transformers_are_asked_for(knapsack, caches, tmp_path):
    cache = copy_cache(caches.hub, tmp_path / "hub")
    shutil.rmtree(next(cache.glob("models--*MiniLM*/trees")))
    (link,) = cache.glob("models--*MiniLM*/snapshots/*/1_Pooling/config.json")
    link.unlink()
    done = lock(knapsack, tmp_path, cache, MINILM).expect(1)
    assert "1_Pooling/config.json, which modules.json names, is missing" in done.text
    listed = knapsack.with_caches(cache)("list", "--verbose").expect(0).text
    assert "1_Pooling/config.json" in listed


def test_an_adapter_without_its_base_is_a_warning(knapsack, tmp_path):
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    write_json(adapter / "adapter_config.json", {"peft_type": "LORA", "base_model_name_or_path": "org/base"})
    save_file({"a": numpy.zeros((2, 2), numpy.float32)}, adapter / "adapter_model.safetensors")
    path = tmp_path / "adapter.toml"
    path.write_text(manifest(model=[{"name": "adapter", "source": "path:adapter", "license": "mit"}]))
    knapsack.with_caches()("lock", path).expect(0)
    done = knapsack.with_caches()("check", path).expect(0)
    assert "org/base" in done.text and "hf:org/base" in done.text


# MARK: ONNX


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def number(key: int, value: int) -> bytes:
    return varint(key << 3) + varint(value)


def varint(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def onnx_model(data: str) -> bytes:
    """y = x · w, of which w is in another file (onnx.proto)."""
    pairs = {"location": data, "offset": "0", "length": "64"}
    entries = b"".join(field(13, field(1, key.encode()) + field(2, value.encode())) for key, value in pairs.items())
    weight = number(1, 4) + number(1, 4) + number(2, 1) + field(8, b"w") + entries + number(14, 1)
    node = field(1, b"x") + field(1, b"w") + field(2, b"y") + field(4, b"MatMul")

    def value(name: str) -> bytes:
        shape = b"".join(field(1, number(1, size)) for size in (1, 4))
        return field(1, name.encode()) + field(2, field(1, number(1, 1) + field(2, shape)))

    graph = field(1, node) + field(2, b"g") + field(5, weight) + field(11, value("x")) + field(12, value("y"))
    return number(1, 9) + field(7, graph) + field(8, number(2, 17))


def write_onnx(directory: Path, seed: int, data: str = "model.onnx_data", shift: int = 0) -> None:
    directory.mkdir(parents=True)
    (directory / "model.onnx").write_bytes(onnx_model(data) + field(2, b"x" * (shift + 1)))
    weights = numpy.random.default_rng(seed).random((4, 4), numpy.float32)
    (directory / data).write_bytes(weights.tobytes())
    (directory / "README.md").write_text("---\nlicense: mit\n---\n")


SESSION = """
import json, sys
sys.path.insert(0, sys.argv[1])
import knapsack, numpy, onnxruntime
knapsack.activate()
found = {}
for name in sys.argv[2:]:
    session = onnxruntime.InferenceSession(knapsack.path(name) + "/model.onnx")
    found[name] = session.run(None, {"x": numpy.ones((1, 4), numpy.float32)})[0][0].tolist()
print(json.dumps(found))
"""


def test_data_of_an_onnx_model_is_asked_for(knapsack, tmp_path):
    write_onnx(tmp_path / "a", 1)
    (tmp_path / "a" / "model.onnx_data").unlink()
    path = tmp_path / "onnx.toml"
    path.write_text(manifest(model=[{"name": "a", "source": "path:a"}]))
    done = knapsack.with_caches()("lock", path).expect(1)
    assert "model.onnx_data, which model.onnx names, is missing" in done.text


@needs.ONNX_RUNTIME
@pytest.mark.parametrize("dedup", ["none", "file", "tensor"])
@pytest.mark.parametrize("data", ["model.onnx_data", "onnx__MatMul:7"], ids=["plain", "renamed"])
def test_models_that_share_a_graph_or_data_load_in_onnx_runtime(knapsack, tmp_path, dedup, data):
    """Two fine-tunes with one graph, one that equals the first, and one with a graph of its own for the same data."""
    for name, seed, shift in [("a", 1, 0), ("b", 2, 0), ("c", 1, 0), ("d", 2, 1)]:
        write_onnx(tmp_path / name, seed, data, shift)
    path = tmp_path / "onnx-models.toml"
    path.write_text(manifest(head=f'dedup = "{dedup}"', model=[{"name": x, "source": f"path:{x}"} for x in "abcd"]))
    bundle = tmp_path / "bundle"
    knapsack.with_caches()("pack", path, "--output", bundle).expect(0)
    knapsack("verify", bundle).expect(0)
    variables = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KNAPSACK_SCRATCH": str(tmp_path / "scratch")}
    command = [needs.ONNX_PYTHON, "-c", SESSION, bundle, *"abcd"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for name, seed in [("a", 1), ("b", 2), ("c", 1), ("d", 2)]:
        expected = numpy.random.default_rng(seed).random((4, 4), numpy.float32).sum(axis=0)
        assert numpy.allclose(found[name], expected), name
    assert len(read_lock(path.with_suffix(".lock"))) == 4
