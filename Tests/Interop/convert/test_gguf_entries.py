"""GGUF of Hugging Face models: `knapsack convert`, and `gguf = …` entries of a manifest from lock to loader, against
what the reference makes of the same small model."""

import json
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import gguf
import jsonschema
import notebook
import pytest
import tomllib
import torch
from cli import Knapsack, contents, manifest, read_lock, sha256
from gguf_dump import dump
from project import FIXTURES
from safetensors.torch import load_file

LLAMA = FIXTURES / "conversion" / "tiny-llama"
EXPECTED = json.loads((LLAMA / "expected.json").read_text())
MODEL = "Tiny-Llama-100K"


@pytest.fixture
def model(tmp_path) -> Path:
    return Path(shutil.copytree(LLAMA / MODEL, tmp_path / MODEL))


def options(case: str) -> list[str]:
    """The options that make an expected file."""
    kind, *words = case.split("-")
    return ["--outtype", words[0]] if kind == "convert" else ["--outtype", words[1], "--via", words[0]]


@pytest.mark.parametrize("case", EXPECTED)
def test_equals_the_reference(knapsack, model, tmp_path, case):
    output = tmp_path / "out.gguf"
    knapsack("convert", model, output, *options(case)).expect(0)
    assert dump(output) == EXPECTED[case]
    assert len(gguf.GGUFReader(output).tensors) == len(EXPECTED[case]["tensors"])


@pytest.mark.smoke
def test_goes_by_way_of_the_type_that_the_checkpoint_has(knapsack, model, tmp_path):
    done = knapsack("convert", model, tmp_path / "out.gguf", "--outtype", "Q4_0", "--json").expect(0)
    assert done.json()["via"] == "bf16"
    assert dump(tmp_path / "out.gguf") == EXPECTED["quantize-bf16-Q4_0"]


@pytest.mark.smoke
def test_names_files_after_the_model_and_the_type(knapsack, model, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    knapsack("convert", model, cwd=work).expect(0)
    assert [path.name for path in work.iterdir()] == ["Tiny-Llama-100K-BF16.gguf"]
    assert dump(work / "Tiny-Llama-100K-BF16.gguf") == EXPECTED["convert-bf16"]
    knapsack("convert", model, "--outtype", "q8_0", "--outfile", "x-{ftype}.gguf", cwd=work).expect(0)
    knapsack("convert", model, work, "--vocab-only", cwd=tmp_path).expect(0)
    names = {"Tiny-Llama-100K-BF16.gguf", "Tiny-Llama-vocab.gguf", "x-q8_0.gguf"}
    assert {path.name for path in work.iterdir()} == names
    assert dump(work / "Tiny-Llama-vocab.gguf")["tensors"] == []


def test_says_what_it_would_write(knapsack, model, tmp_path):
    done = knapsack("convert", model, "--outtype", "Q4_0", "--dry-run", "--json", cwd=tmp_path).expect(0)
    report = done.json()
    assert report["parameters"] == sum(map(lambda t: t["ne"][0] * (t["ne"] + [1])[1], EXPECTED["convert-f16"]["tensors"]))
    assert [tensor["name"] for tensor in report["tensors"]] == [
        tensor["name"] for tensor in EXPECTED["quantize-bf16-Q4_0"]["tensors"]
    ]
    assert [path.name for path in tmp_path.iterdir()] == [MODEL]


def test_divides_into_files(knapsack, model, tmp_path):
    knapsack("convert", model, tmp_path / "out.gguf", "--outtype", "f16", "--split-max-size", "80K").expect(0)
    files = sorted(tmp_path.glob("out-*.gguf"))
    assert len(files) > 2
    dumps = [dump(path) for path in files]
    hashes = [(t["name"], t["sha256"]) for content in dumps for t in content["tensors"]]
    assert hashes == [(t["name"], t["sha256"]) for t in EXPECTED["convert-f16"]["tensors"]]
    for number, content in enumerate(dumps):
        keys = [item["key"] for item in content["kv"]]
        assert keys[-3:] == ["split.no", "split.count", "split.tensors.count"]
        assert len(keys) == 3 if number else keys[:-3] == [item["key"] for item in EXPECTED["convert-f16"]["kv"]]


def test_takes_what_is_said_in_place_of_the_model(knapsack, model, tmp_path):
    (tmp_path / "say.json").write_text(json.dumps({"general.author": "Somebody", "general.description": "Said"}))
    knapsack(
        "convert", model, tmp_path / "out.gguf", "--model-name", "Another 7B", "--metadata", tmp_path / "say.json"
    ).expect(0)
    found = {item["key"]: item.get("value") for item in dump(tmp_path / "out.gguf")["kv"]}
    assert found["general.name"] == "Another 7B"
    assert found["general.author"] == "Somebody"
    assert found["general.description"] == "Said"


@pytest.mark.parametrize(
    "words",
    [
        ["--outtype", "f16", "--imatrix", "x"], ["--outtype", "Q4_X_M"], ["--dtype", "f16", "--outtype", "f16", "x"],
        ["--outtype", "COPY"], ["out.gguf", "--outfile", "other.gguf"], ["--dtype", "f16"],
    ],
)  # fmt: skip
def test_refuses_options_that_do_not_fit(knapsack, model, tmp_path, words):
    done = knapsack("convert", model, *words, cwd=tmp_path)
    assert done.code not in (0, 1)
    assert [path.name for path in tmp_path.iterdir()] == [MODEL]


# Broken models


def drop_shard(model: Path) -> None:
    (model / "model-00002-of-00002.safetensors").unlink()


def cut_shard(model: Path) -> None:
    path = model / "model-00002-of-00002.safetensors"
    path.write_bytes(path.read_bytes()[:-10])


def change_shape(model: Path) -> None:
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**config, "num_attention_heads": 5}))


def forget_heads(model: Path) -> None:
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**config, "rms_norm_eps": "small"}))


def forget_architecture(model: Path) -> None:
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**config, "architectures": ["LlamaForCausalLN"]}))


def cut_tokenizer(model: Path) -> None:
    path = model / "tokenizer.model"
    path.write_bytes(path.read_bytes()[:1000])


def make_infinite(model: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    path = model / "model-00001-of-00002.safetensors"
    tensors = load_file(path)
    tensors["model.layers.1.mlp.down_proj.weight"][3, 5] = 1e9
    assert torch.isfinite(tensors["model.layers.1.mlp.down_proj.weight"]).all()
    save_file(tensors, path, metadata={"format": "pt"})


@pytest.mark.parametrize(
    "damage, words",
    [
        (drop_shard, "model-00002-of-00002.safetensors"), (cut_shard, "model-00002-of-00002.safetensors"),
        (change_shape, "heads"), (forget_heads, "rms_norm_eps"), (forget_architecture, "LlamaForCausalLM"),
        (cut_tokenizer, "tokenizer.model"), (make_infinite, "blk.1.ffn_down.weight"),
    ],
)  # fmt: skip
def test_leaves_nothing_of_a_broken_model(knapsack, model, tmp_path, damage, words):
    damage(model)
    done = knapsack("convert", model, tmp_path / "out.gguf", "--outtype", "f16")
    assert done.code in (1, 2)
    assert words in done.stderr
    assert "error: " in done.stderr and "fix: " in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [MODEL]


def test_a_full_disk_leaves_nothing(knapsack, model, tmp_path):
    done = subprocess.run(
        [knapsack.binary, "convert", model, tmp_path / "out.gguf", "--outtype", "f32"],
        env=knapsack.environment(), capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [MODEL]


# In the pipeline


ENTRY = {"name": "tiny-q4", "from": "tiny", "gguf": "Q4_0"}


def write_manifest(folder: Path, *entries: dict) -> Path:
    path = folder / "tiny.toml"
    base = {"name": "tiny", "source": f"path:{MODEL}"}
    path.write_text(manifest(name="tiny-models", model=[base, *(entries or [ENTRY])]))
    return path


@pytest.fixture
def work(knapsack, model, tmp_path) -> tuple[Knapsack, Path]:
    return knapsack.with_caches(KNAPSACK_CACHE_DIR=str(tmp_path / "cache")), tmp_path


@pytest.mark.root
def test_an_entry_is_locked_packed_and_served(work):
    knapsack, folder = work
    path = write_manifest(folder)
    knapsack("lock", path).expect(0)
    entry = read_lock(folder / "tiny.lock")["tiny-q4"]
    assert entry["asked"] == {"from": "tiny", "gguf": "Q4_0"}
    assert entry["resolved"]["via"] == "bf16"
    assert entry["resolved"]["formats"] == ["gguf"]
    assert entry["resolved"]["conversion"]["parameters"] == {
        "file": "tiny-q4-Q4_0.gguf", "gguf": "Q4_0", "model-name": MODEL,
    }  # fmt: skip
    assert [file["path"] for file in entry["files"]] == ["tiny-q4-Q4_0.gguf"]
    knapsack("check", path).expect(0)
    knapsack("pack", path, "--locked", "--output", folder / "bundle").expect(0)
    made = folder / "bundle" / "models" / "tiny-q4" / "tiny-q4-Q4_0.gguf"
    assert dump(made) == EXPECTED["quantize-bf16-Q4_0"]
    assert entry["files"][0]["sha256"] == sha256(made)
    knapsack("verify", folder / "bundle").expect(0)
    cell = """
        import os, sys
        sys.path.insert(0, "/kaggle/input/tiny-models")
        import knapsack
        entry = next(entry for entry in knapsack.models() if entry.name == "tiny-q4")
        print(entry.source, *os.listdir(knapsack.path("tiny-q4")))
    """
    code = "\n".join(line.strip() for line in cell.splitlines())
    done = notebook.run_cell(code, {"/kaggle/input/tiny-models": folder / "bundle"})
    assert done.stdout.split() == ["from", "tiny", "as", "Q4_0", "tiny-q4-Q4_0.gguf"], done.stderr


def test_the_lock_does_not_depend_on_where_the_model_lies(work, tmp_path):
    knapsack, folder = work
    write_manifest(folder)
    knapsack("lock", folder / "tiny.toml").expect(0)
    other = tmp_path / "elsewhere"
    other.mkdir()
    shutil.copytree(LLAMA / MODEL, other / MODEL)
    write_manifest(other)
    knapsack.with_caches(KNAPSACK_CACHE_DIR=str(other / "cache"))("lock", other / "tiny.toml").expect(0)
    assert (folder / "tiny.lock").read_bytes() == (other / "tiny.lock").read_bytes()


def test_a_conversion_is_kept_and_reproduced(work):
    knapsack, folder = work
    path = write_manifest(folder)
    states = [knapsack("lock", path, "--json").expect(0).json()["conversions"][0]["state"] for _ in range(2)]
    assert states == ["made", "locked"]
    shutil.rmtree(folder / "cache" / "conversions")
    done = knapsack("pack", path, "--locked", "--output", folder / "bundle", "--json").expect(0)
    assert done.json()["conversions"][0]["state"] == "made"
    # Other bytes than the lock has.
    lock = (folder / "tiny.lock").read_text()
    digest = sha256(folder / "bundle" / "models" / "tiny-q4" / "tiny-q4-Q4_0.gguf")
    assert digest in lock
    (folder / "tiny.lock").write_text(lock.replace(digest, "0" * 64))
    done = knapsack("pack", path, "--locked", "--output", folder / "other").expect(1)
    assert "conversion-differs" in done.stderr or "does not give what the lock states" in done.stderr
    assert not (folder / "other").exists()


def test_an_importance_matrix_decides(work):
    knapsack, folder = work
    shutil.copy(make_imatrix(folder / "tiny.imatrix", 1.0), folder / "kept.imatrix")
    path = write_manifest(folder, {**ENTRY, "imatrix": "tiny.imatrix", "via": "f32"})
    knapsack("lock", path).expect(0)
    entry = read_lock(folder / "tiny.lock")["tiny-q4"]
    assert entry["resolved"]["conversion"]["parameters"]["imatrix-sha256"] == sha256(folder / "tiny.imatrix")
    assert entry["resolved"]["via"] == "f32"
    knapsack("pack", path, "--locked", "--output", folder / "bundle").expect(0)
    made = dump(folder / "bundle" / "models" / "tiny-q4" / "tiny-q4-Q4_0.gguf")
    assert {"key": "quantize.imatrix.file", "type": "str", "value": "tiny.imatrix"} in made["kv"]
    # Another matrix makes another file, which --locked does not take.
    make_imatrix(folder / "tiny.imatrix", 3.0)
    shutil.rmtree(folder / "cache")
    done = knapsack("pack", path, "--locked", "--output", folder / "other").expect(1)
    assert "error: tiny-q4 would be made" in done.stderr
    (folder / "tiny.imatrix").unlink()
    knapsack("pack", path, "--locked", "--output", folder / "other").expect(2)
    shutil.copy(folder / "kept.imatrix", folder / "tiny.imatrix")
    knapsack("pack", path, "--locked", "--output", folder / "other").expect(0)


def make_imatrix(path: Path, weight: float) -> Path:
    """What llama-imatrix writes, for one tensor."""
    import numpy

    writer = gguf.GGUFWriter(path, "")
    writer.kv_data[0].clear()
    writer.add_string("general.type", "imatrix")
    writer.add_array("imatrix.datasets", ["x.txt"])
    writer.add_uint32("imatrix.chunk_count", 1)
    writer.add_uint32("imatrix.chunk_size", 512)
    sums = numpy.linspace(0.5, 0.5 + weight, 64, dtype=numpy.float32).reshape(1, 64)
    writer.add_tensor("blk.0.attn_q.weight.in_sum2", sums)
    writer.add_tensor("blk.0.attn_q.weight.counts", numpy.ones((1, 1), dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize(
    "entry, place, words",
    [
        ({"gguf": "Q4_K_X"}, "gguf", "Q4_K_M"), ({"gguf": "Q4_0", "dtype": "f16"}, "gguf", "exclude each other"),
        ({"dtype": "f16", "via": "bf16"}, "via", "`gguf`"), ({"gguf": "Q4_0", "via": "q8_0"}, "via", "f32"),
        ({"gguf": "f16", "imatrix": "x"}, "imatrix", "quantizes nothing"),
        ({"gguf": "Q4_0", "include": ["*.json"]}, "include", "with a source"),
        ({"gguf": 4}, "gguf", "string"), ({}, "from", "what to make"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_told_with_its_place(work, entry, place, words):
    knapsack, folder = work
    path = write_manifest(folder, {"name": "other", "from": "tiny", **entry})
    done = knapsack("lock", path).expect(2)
    lines = path.read_text().splitlines()
    start = lines.index('name = "other"')
    line = next(number for number, text in enumerate(lines, 1) if number > start and text.startswith(place)) if entry else 0
    if entry:
        assert f"tiny.toml:{line}:" in done.stderr
    assert words in done.stderr
    schema = knapsack("schema", "manifest").expect(0).json()
    if words == "quantizes nothing":
        return  # The schema cannot say it.
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(path.read_text()), schema)


def test_the_schema_takes_what_knapsack_takes(work):
    knapsack, folder = work
    path = write_manifest(folder, {**ENTRY, "imatrix": "a/b.gguf", "via": "bf16", "pre-tokenizer": "llama-bpe"})
    jsonschema.validate(tomllib.loads(path.read_text()), knapsack("schema", "manifest").expect(0).json())


def test_a_changed_entry_makes_the_lock_stale(work):
    knapsack, folder = work
    knapsack("lock", write_manifest(folder)).expect(0)
    for change in ({"gguf": "Q8_0"}, {"via": "f32"}, {"pre-tokenizer": "llama-bpe"}):
        path = write_manifest(folder, {**ENTRY, **change})
        done = knapsack("check", path).expect(1)
        assert "tiny-q4 asks for something other" in done.stderr


def test_ctrl_c_leaves_nothing(knapsack, tmp_path):
    big = tmp_path / "big"
    shutil.copytree(LLAMA / MODEL, big)
    config = json.loads((big / "config.json").read_text())
    (big / "config.json").write_text(json.dumps({**config, "vocab_size": 400_000}))
    import torch
    from safetensors.torch import load_file, save_file

    for path in big.glob("*.safetensors"):
        tensors = load_file(path)
        for name in list(tensors):
            if "embed" in name or "lm_head" in name:
                tensors[name] = torch.randn(400_000, 64).to(torch.bfloat16)
        save_file(tensors, path, metadata={"format": "pt"})
    (tmp_path / "out").mkdir()
    process = knapsack.start("convert", big, tmp_path / "out", "--outtype", "IQ4_NL", "--threads", "1")
    deadline = time.monotonic() + 60
    while not contents(tmp_path / "out") and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 128 + signal.SIGINT
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("contiguous", [True, False], ids=["in-rows", "in-columns"])
def test_pytorch_files_become_the_same_tensors(knapsack, model, tmp_path, shards, contiguous):
    weights = {}
    for file in model.glob("*.safetensors"):
        weights |= load_file(file)
        file.unlink()
    for index in model.glob("*.index.json"):
        index.unlink()
    if not contiguous:
        weights = {name: value.T.contiguous().T if value.dim() == 2 else value for name, value in weights.items()}
    names = sorted(weights, reverse=True)
    if shards == 1:
        torch.save(weights, model / "pytorch_model.bin")
    else:
        parts = {f"pytorch_model-0000{i + 1}-of-00002.bin": names[i::2] for i in range(2)}
        for part, own in parts.items():
            torch.save({name: weights[name] for name in own}, model / part)
        index = {"weight_map": {name: part for part, own in parts.items() for name in own}}
        (model / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    knapsack("convert", model, tmp_path / "out.gguf", "--outtype", "bf16").expect(0)
    found = {tensor["name"]: tensor["sha256"] for tensor in dump(tmp_path / "out.gguf")["tensors"]}
    assert found == {tensor["name"]: tensor["sha256"] for tensor in EXPECTED["convert-bf16"]["tensors"]}


def test_a_pickle_is_never_executed(knapsack, model, tmp_path):
    class Hostile:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "executed",))

    for file in model.glob("*.safetensors"):
        file.unlink()
    torch.save({"model.embed_tokens.weight": Hostile()}, model / "pytorch_model.bin")
    done = knapsack("convert", model, tmp_path / "out.gguf")
    done.expect(1, 2)
    assert not (tmp_path / "executed").exists() and not (tmp_path / "out.gguf").exists()


def test_a_dry_run_says_that_a_conversion_would_be_made_again(knapsack, model, tmp_path):
    path = tmp_path / "m.toml"
    source = {"name": "t", "source": f"path:{MODEL}", "license": "mit"}
    path.write_text(manifest(model=[source, {"name": "tq", "from": "t", "gguf": "Q8_0"}]))
    knapsack("lock", path).expect(0)
    config = model / "config.json"
    config.write_text(config.read_text() + "\n")
    shown = knapsack("pack", path, "--dry-run").expect(0, 1)
    assert "tq: would be converted again" in shown.stderr.splitlines()
    assert "removed" not in shown.stderr
