"""Entries that are made from others by a cast, and `knapsack convert --dtype`, against torch and transformers."""

import json
import random
import shutil
import signal
import time
import tomllib
from pathlib import Path

import jsonschema
import notebook
import pytest
import torch
from cli import Knapsack, contents, digests, manifest, read_lock, sha256
from conftest import SHARDED
from genuine import MINILM_FILES
from safetensors import safe_open
from safetensors.torch import load_file, save_file

DTYPES = {"f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32, "f64": torch.float64}
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json")


def bits(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.contiguous().view({1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[tensor.element_size()])


def assert_same(found: torch.Tensor, expected: torch.Tensor) -> None:
    """Bit for bit, but for the payload of NaNs, on which torch's own kernels do not agree."""
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    if expected.dtype.is_floating_point and expected.element_size() > 1:
        assert torch.equal(found.isnan(), expected.isnan())
        found, expected = (tensor.where(~tensor.isnan(), 0.5) for tensor in (found, expected))
    assert torch.equal(bits(found), bits(expected))


def assert_cast(source: Path, target: Path, dtype: torch.dtype) -> None:
    """Every file of safetensors has the same tensors in the same order, cast as torch casts them."""
    files = sorted(path.relative_to(source) for path in source.rglob("*.safetensors"))
    assert files == sorted(path.relative_to(target) for path in target.rglob("*.safetensors"))
    for file in files:
        with safe_open(source / file, "pt") as before, safe_open(target / file, "pt") as after:
            assert before.metadata() == after.metadata()
            assert before.offset_keys() == after.offset_keys()
            for name in before.keys():
                tensor = before.get_tensor(name)
                casts = tensor.dtype in DTYPES.values()
                assert_same(after.get_tensor(name), tensor.to(dtype) if casts else tensor)


def special_values(dtype: torch.dtype, limit: float) -> torch.Tensor:
    """Values from all over the range that `limit` allows: ties, subnormals, infinities and NaN among them."""
    generator = torch.Generator().manual_seed(11)
    wide = torch.randn(50_000, generator=generator, dtype=torch.float64)
    wide = wide * 2.0 ** torch.randint(-30, 15, (50_000,), generator=generator)
    halves = torch.arange(0, 0x7BFF, dtype=torch.int32).to(torch.int16).view(torch.float16).to(torch.float64)
    ties = (halves[1:] + halves[:-1]) / 2
    odd = torch.tensor([0.0, -0.0, float("inf"), float("-inf"), float("nan"), 1e-40, -1e-45, 6e-8, 2.98e-8, limit, -limit])
    values = torch.cat([wide, halves, ties, ties * (1 + 2**-20), ties * (1 - 2**-20), odd.to(torch.float64)])
    return values.clamp(-limit, limit).where(values.isfinite(), values).to(dtype)


def write_model(directory: Path, tensors: dict[str, torch.Tensor], **config) -> Path:
    directory.mkdir(parents=True)
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt", "maker": "é \"\\\n"})
    (directory / "config.json").write_text(json.dumps({"model_type": "bert", "torch_dtype": "float32", **config}, indent=2))
    return directory


@pytest.fixture(scope="module")
def llama(tmp_path_factory) -> Path:
    """A random Llama in six shards, as save_pretrained writes it, with a tokenizer and with what is left out."""
    from transformers import LlamaConfig, LlamaForCausalLM

    directory = tmp_path_factory.mktemp("casts") / "llama"
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=30522, hidden_size=32, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2,
    )
    LlamaForCausalLM(config).to(torch.float32).save_pretrained(directory, max_shard_size="1MB")
    assert len(list(directory.glob("model-*.safetensors"))) > 2
    for name in TOKENIZER:
        shutil.copy(MINILM_FILES / name, directory / name)
    (directory / "README.md").write_text("---\nlicense: mit\nbase_model: some/base\n---\n\n# A card\n")
    (directory / "pytorch_model.bin").write_bytes(b"weights of before")
    (directory / "model.gguf").write_bytes(b"GGUF of before")
    return directory


@pytest.fixture
def work(knapsack, llama, tmp_path) -> tuple[Knapsack, Path]:
    """A manifest with the model and its cast, and a binary with a cache of its own."""
    path = tmp_path / "casts.toml"
    path.write_text(
        manifest(
            name="cast-models",
            model=[
                {"name": "llama", "source": f"path:{llama}", "exclude": ["*.bin", "*.gguf"]},
                {"name": "llama-f16", "from": "llama", "dtype": "f16"},
            ],
        )
    )
    return knapsack.with_caches(KNAPSACK_CACHE_DIR=str(tmp_path / "cache")), path


@pytest.mark.parametrize("source", DTYPES)
@pytest.mark.parametrize("target", ["f16", "bf16", "f32"])
def test_values_are_torchs(knapsack, tmp_path, source, target):
    limit = 60000.0 if "f16" in (source, target) else 3.3e38
    tensors = {
        "values": special_values(DTYPES[source], limit),
        "matrix": torch.randn(70, 33).to(DTYPES[source]),
        "scalar": torch.tensor(1.5, dtype=DTYPES[source]),
        "empty": torch.zeros(0, 4, dtype=DTYPES[source]),
        "integers": torch.arange(9),
        "mask": torch.tensor([True, False, True]),
        "bytes": torch.arange(5, dtype=torch.uint8),
        "short": torch.arange(5, dtype=torch.int32),
        "fp8": torch.randn(6).to(torch.float8_e4m3fn),
    }
    model = write_model(tmp_path / "model", tensors)
    knapsack("convert", "--dtype", target, model, tmp_path / "cast").expect(0)
    assert load_file(tmp_path / "cast" / "model.safetensors").keys() == tensors.keys()
    for name, tensor in load_file(tmp_path / "cast" / "model.safetensors").items():
        casts = tensors[name].dtype in DTYPES.values()
        assert_same(tensor, tensors[name].to(DTYPES[target]) if casts else tensors[name])
    config = json.loads((tmp_path / "cast" / "config.json").read_text())
    assert config == {"model_type": "bert", "torch_dtype": str(DTYPES[target]).removeprefix("torch.")}


@pytest.mark.parametrize("dtype", ["f16", "bf16", "f32"])
def test_files_are_what_the_safetensors_package_writes(knapsack, tmp_path, dtype):
    """The package sorts by type and name, and so was the source written: the cast is the same file to the byte."""
    tensors = {f"layer.{number}": torch.randn(number + 1, 3) for number in range(12)}
    model = write_model(tmp_path / "model", tensors)
    knapsack("convert", "--dtype", dtype, model, tmp_path / "cast").expect(0)
    cast = {name: tensor.to(DTYPES[dtype]) for name, tensor in tensors.items()}
    write_model(tmp_path / "expected", cast)
    found = tmp_path / "cast" / "model.safetensors"
    with safe_open(found, "pt") as file:
        assert file.metadata() == {"format": "pt", "maker": "é \"\\\n"}
    # Metadata is a hash map in the package: only its order may differ.
    ours, theirs = found.read_bytes(), (tmp_path / "expected" / "model.safetensors").read_bytes()
    length = int.from_bytes(ours[:8], "little")
    assert ours[:8] == theirs[:8]
    assert list(json.loads(ours[8 : 8 + length]).items()) == list(json.loads(theirs[8 : 8 + length]).items())
    assert ours[8 + length :] == theirs[8 + length :]


@pytest.mark.parametrize("dtype", ["f16", "bf16"])
def test_transformers_loads_a_sharded_cast_in_its_type(knapsack, llama, tmp_path, dtype):
    from transformers import AutoModelForCausalLM

    target = tmp_path / "cast"
    report = knapsack("convert", "--dtype", dtype, llama, target, "--json").expect(0).json()
    assert report["left"] == ["model.gguf", "pytorch_model.bin"]
    assert report["size"] == sum(path.stat().st_size for path in target.iterdir())
    assert_cast(llama, target, DTYPES[dtype])
    before = json.loads((llama / "model.safetensors.index.json").read_text())
    after = json.loads((target / "model.safetensors.index.json").read_text())
    assert after["metadata"].pop("total_size") * 2 == before["metadata"].pop("total_size")
    assert after == before
    # What transformers itself counts for the same model in this type.
    expected = AutoModelForCausalLM.from_pretrained(llama).to(DTYPES[dtype])
    expected.save_pretrained(tmp_path / "theirs", max_shard_size="1MB")
    theirs = json.loads((tmp_path / "theirs" / "model.safetensors.index.json").read_text())
    ours = json.loads((target / "model.safetensors.index.json").read_text())
    assert ours["metadata"] == theirs["metadata"]
    loaded = AutoModelForCausalLM.from_pretrained(target, local_files_only=True)
    assert loaded.dtype == DTYPES[dtype]
    found = loaded.state_dict()
    for name, tensor in expected.state_dict().items():
        assert_same(found[name], tensor)


@pytest.mark.smoke
def test_first_number_that_does_not_fit_is_named(knapsack, tmp_path):
    tensors = {"a": torch.zeros(3000, 700), "b": torch.zeros(4)}
    tensors["a"][2500, 17] = -70000.0
    tensors["a"][2999, 699] = 80000.0
    model = write_model(tmp_path / "model", tensors)
    done = knapsack("convert", "--dtype", "f16", model, tmp_path / "cast").expect(1)
    assert '"a" of model.safetensors has -70000.0 at [2500, 17], which f16 cannot hold' in done.stderr
    assert "cast to bf16" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]
    knapsack("convert", "--dtype", "bf16", model, tmp_path / "cast").expect(0)


@pytest.mark.parametrize(
    ("config", "method"),
    [
        ({"quantization_config": {"quant_method": "gptq", "bits": 4}}, "gptq"),
        ({"quantization_config": {"quant_method": "fp8"}}, "fp8"),
        ({"quantization": {"bits": 4, "group_size": 64}}, "mlx"),
    ],
)
def test_quantized_models_are_refused_by_the_methods_name(knapsack, tmp_path, config, method):
    model = write_model(tmp_path / "model", {"a": torch.zeros(4)}, **config)
    done = knapsack("convert", "--dtype", "f16", model, tmp_path / "cast").expect(1)
    assert f"quantized already ({method})" in done.stderr
    assert not (tmp_path / "cast").exists()


@pytest.mark.smoke
def test_models_without_safetensors_and_shards_that_are_missing_are_refused(knapsack, llama, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pytorch_model.bin").write_bytes(b"x")
    assert "no safetensors" in knapsack("convert", "--dtype", "f16", tmp_path / "bin", tmp_path / "out").expect(1).stderr
    shutil.copytree(llama, tmp_path / "part")
    next((tmp_path / "part").glob("model-00002*")).unlink()
    assert "shard" in knapsack("convert", "--dtype", "f16", tmp_path / "part", tmp_path / "out").expect(1).stderr
    assert not (tmp_path / "out").exists()


def test_convert_replaces_nothing(knapsack, tmp_path):
    model = write_model(tmp_path / "model", {"a": torch.zeros(4)})
    before = contents(model)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    assert "is not replaced" in knapsack("convert", "--dtype", "f16", model, tmp_path / "full").expect(2).stderr
    assert "is in the model" in knapsack("convert", "--dtype", "f16", model, model / "sub").expect(2).stderr
    assert "name the directory to make" in knapsack("convert", model, "--dtype", "f16").expect(2).stderr
    knapsack("convert", "--dtype", "f64", model, tmp_path / "out").expect(2)
    assert contents(model) == before
    assert (tmp_path / "full" / "mine.txt").read_text() == "mine"


def test_convert_reads_a_snapshot_whose_links_lead_into_the_cache(knapsack, caches, tmp_path):
    snapshot = next((caches.hub / f"models--{SHARDED.replace('/', '--')}" / "snapshots").iterdir())
    knapsack("convert", "--dtype", "bf16", snapshot, tmp_path / "one").expect(0)
    assert_cast(snapshot, tmp_path / "one", torch.bfloat16)
    runner = knapsack.with_caches(caches.hub)
    runner("convert", "--dtype", "bf16", f"hf:{SHARDED}", tmp_path / "two").expect(0)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.slow
@pytest.mark.root
def test_lock_says_what_was_made_of_what_and_the_bundle_serves_it(work, llama, tmp_path):
    runner, path = work
    report = runner("lock", path, "--json").expect(0).json()
    assert [(item["entry"], item["state"]) for item in report["conversions"]] == [("llama-f16", "made")]
    entries = read_lock(path.with_suffix(".lock"))
    source, cast = entries["llama"], entries["llama-f16"]
    assert cast["asked"] == {"dtype": "f16", "from": "llama"}
    assert cast["resolved"]["conversion"]["converter"] == 1
    assert cast["resolved"]["conversion"]["parameters"] == {"dtype": "f16"}
    assert cast["resolved"]["license"] == source["resolved"]["license"] == {"from": "model-card", "id": "mit"}
    assert cast["resolved"]["base_models"] == ["some/base"]
    assert (source["resolved"]["dtypes"], cast["resolved"]["dtypes"]) == (["F32"], ["F16"])
    made = {file["path"] for file in cast["files"] if file["proof"] == "conversion"}
    carried = {file["path"] for file in cast["files"]} - made
    assert made == {"config.json"} | {file["path"] for file in source["files"] if ".safetensors" in file["path"]}
    assert all(digests(cast)[name] == digests(source)[name] for name in carried)

    for subject, document in (
        ("manifest", tomllib.loads(path.read_text())),
        ("lock", json.loads(path.with_suffix(".lock").read_text())),
    ):
        schema = json.loads(runner("schema", subject).expect(0).stdout)
        jsonschema.Draft202012Validator(schema).validate(document)

    bundle = tmp_path / "bundle"
    packed = runner("pack", path, "--output", bundle, "--json").expect(0).json()
    assert [item["state"] for item in packed["conversions"]] == ["cached"]
    assert_cast(llama, bundle / "models" / "llama-f16", torch.float16)
    runner("verify", bundle).expect(0)
    runner("verify", path.with_suffix(".lock")).expect(0)
    runner("check", path).expect(0)
    assert "llama as f16" in (bundle / "README.md").read_text()
    assert runner("diff", path.with_suffix(".lock"), bundle / "knapsack.lock").expect(0)

    archive = tmp_path / "bundle.tar"
    runner("pack", path, "--output", archive).expect(0)
    runner("verify", archive).expect(0)

    runner("unpack", bundle, "--to", tmp_path / "back").expect(0)
    restored = {name: sha256(tmp_path / "back" / "llama-f16" / name) for name in digests(cast)}
    assert restored == digests(cast)
    runner("unpack", bundle, "--hf-cache", tmp_path / "hub").expect(2)

    cell = """
        import sys
        sys.path.insert(0, "/kaggle/input/cast-models")
        import knapsack
        knapsack.activate()
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        path = knapsack.path("llama-f16")
        model = AutoModelForCausalLM.from_pretrained(path)
        print(model.dtype, len(AutoTokenizer.from_pretrained(path)("a test").input_ids))
        knapsack.verify("full")
    """
    done = notebook.run_cell(
        "\n".join(line.strip() for line in cell.splitlines()), {"/kaggle/input/cast-models": bundle}, {}, hidden=()
    )
    assert done.code == 0, done.stderr
    assert done.stdout.startswith("torch.float16 4"), done.stdout


@pytest.mark.slow
def test_conversions_are_made_once_and_again_only_when_they_have_to_be(work, tmp_path):
    runner, path = work

    def states(command: str, *arguments) -> list[str]:
        report = runner(command, path, *arguments, "--json").expect(0).json()
        return [item["state"] for item in report["conversions"]]

    assert states("lock") == ["made"]
    assert states("lock") == ["locked"]
    assert states("lock", "--update", "llama-f16") == ["cached"]
    assert states("lock", "--rehash") == ["cached"]
    lock = path.with_suffix(".lock").read_bytes()
    path.with_suffix(".lock").unlink()
    assert states("lock") == ["cached"]
    assert path.with_suffix(".lock").read_bytes() == lock

    kept = runner("cache", "--json").expect(0).json()["conversions"]
    assert [(item["usable"], item["files"] > 3) for item in kept] == [(True, True)]
    # A flipped bit in what is kept is seen, and made good.
    damaged = next((tmp_path / "cache" / "conversions" / kept[0]["key"] / "files").glob("model-00002*"))
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    done = runner("lock", path, "--update", "llama-f16", "--json").expect(0).json()
    assert [item["code"] for item in done["findings"]] == ["conversion-damaged"]
    assert [item["state"] for item in done["conversions"]] == ["made"]
    assert path.with_suffix(".lock").read_bytes() == lock

    assert runner("cache", "prune", "--json").expect(0).json()["conversions"] == 0
    assert runner("cache", "prune", "--conversions", "--json").expect(0).json()["conversions"] == 1
    assert runner("cache", "--json").expect(0).json()["conversions"] == []
    absent = runner("verify", path.with_suffix(".lock")).expect(2)
    assert "was not converted on this machine" in absent.stderr
    assert states("lock") == ["locked"]
    assert states("pack", "--locked", "--output", tmp_path / "bundle") == ["made"]
    runner("verify", path.with_suffix(".lock")).expect(0)


def test_fresh_machine_gives_the_same_bytes(work, tmp_path):
    runner, path = work
    runner("pack", path, "--output", tmp_path / "one").expect(0)
    other = runner.with_caches(KNAPSACK_CACHE_DIR=str(tmp_path / "fresh"))
    other("pack", path, "--locked", "--output", tmp_path / "two").expect(0)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_locked_pack_fails_where_other_bytes_come_out(work, tmp_path):
    runner, path = work
    runner("lock", path).expect(0)
    lock = path.with_suffix(".lock")
    name, digest = next(
        (file["path"], file["sha256"]) for file in read_lock(lock)["llama-f16"]["files"] if file["path"].startswith("model-")
    )
    lock.write_text(lock.read_text().replace(digest, digest[::-1]))
    done = runner("pack", path, "--locked", "--output", tmp_path / "bundle").expect(1)
    assert "does not give what the lock states" in done.stderr
    assert name in done.stderr
    assert not (tmp_path / "bundle").exists()


def test_lock_is_stale_when_the_other_entrys_files_changed(work, llama, tmp_path):
    runner, path = work
    model = tmp_path / "model"
    shutil.copytree(llama, model)
    path.write_text(path.read_text().replace(f"path:{llama}", "path:model"))
    runner("lock", path).expect(0)
    runner("lock", path, "--locked").expect(0)
    lock = json.loads(path.with_suffix(".lock").read_text())
    changed = path.with_suffix(".lock").read_text()
    weights = next(file for file in lock["entries"][0]["files"] if file["path"].startswith("model-00001"))
    path.with_suffix(".lock").write_text(changed.replace(weights["sha256"], "0" * 64, 1))
    assert "made from other files than llama has in the lock" in runner("check", path).expect(1).stderr
    path.with_suffix(".lock").write_text(changed)
    # Other weights: made anew; another tokenizer: carried anew, and nothing is converted.
    (model / "tokenizer_config.json").write_text("{}\n")
    report = runner("lock", path, "--json").expect(0).json()
    assert [item["state"] for item in report["conversions"]] == ["cached"]
    tensors = load_file(model / weights["path"])
    save_file({name: tensor + 1 for name, tensor in tensors.items()}, model / weights["path"], {"format": "pt"})
    report = runner("lock", path, "--json").expect(0).json()
    assert [item["state"] for item in report["conversions"]] == ["made"]


def test_tensors_that_stay_are_shared_with_the_source(knapsack, tmp_path):
    write_model(tmp_path / "model", {"weights": torch.randn(50, 50), "positions": torch.arange(4000)})
    path = tmp_path / "shared.toml"
    path.write_text(
        manifest(
            model=[{"name": "base", "source": "path:model"}, {"name": "cast", "from": "base", "dtype": "f16"}],
        )
    )
    runner = knapsack.with_caches(KNAPSACK_CACHE_DIR=str(tmp_path / "cache"))
    report = runner("pack", path, "--output", tmp_path / "bundle", "--json").expect(0).json()
    shares = {item["name"]: item["saved_by_tensors"] for item in report["plan"]["entries"]}
    assert shares["cast"] >= 4000 * 8
    runner("verify", tmp_path / "bundle").expect(0)


def test_carried_files_keep_their_proof_and_the_policy_is_kept(knapsack, caches, tmp_path):
    path = tmp_path / "hub.toml"
    path.write_text(
        manifest(
            head='[policy]\nproof = "required"\n',
            model=[{"name": "base", "source": f"hf:{SHARDED}"}, {"name": "cast", "from": "base", "dtype": "bf16"}],
        )
    )
    runner = knapsack.with_caches(caches.hub, KNAPSACK_CACHE_DIR=str(tmp_path / "cache"))
    runner("lock", path).expect(0)
    runner("check", path).expect(0)
    proofs = {file["path"]: file["proof"] for file in read_lock(path.with_suffix(".lock"))["cast"]["files"]}
    assert proofs["config.json"] == "conversion"
    assert proofs["vocab.txt"].startswith("blob-")
    # The entry it is made from stays pinned, and is not looked at again.
    report = runner("lock", path, "--json").expect(0).json()
    assert [item["state"] for item in report["conversions"]] == ["locked"]
    runner("pack", path, "--output", tmp_path / "bundle").expect(0)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ('name = "b"\nfrom = "c"\ndtype = "f16"', '8:8: error: b: there is no entry c to make it from'),
        ('name = "b"\nfrom = "b"\ndtype = "f16"', "an entry cannot be made from itself"),
        ('name = "b"\nfrom = "a"', "`from` does not state what to make"),
        ('name = "b"\nfrom = "a"\ndtype = "f8"', '`dtype` is the string "f8"'),
        ('name = "b"\nsource = "path:a"\ndtype = "f16"', "`dtype` is for an entry that is made from another one"),
        ('name = "b"\nfrom = "a"\nsource = "path:a"\ndtype = "f16"', "`source` and `from` exclude each other"),
        ('name = "b"\nfrom = "a"\ndtype = "f16"\ninclude = ["*"]', "`include` is for an entry with a source"),
        ('name = "b"\nfrom = "w"\ndtype = "f16"\n[[wheels]]\nname = "w"\nsource = "path:w"', "only a model can be converted"),
        ('name = "b"\nfrom = "a"\ndtype = "f16"\n[[model]]\nname = "c"\nfrom = "b"\ndtype = "f32"', "b is itself made from another entry"),
        ('name = "b"\nfrom = "c"\ndtype = "f16"\n[[model]]\nname = "c"\nfrom = "b"\ndtype = "f32"', "which it is made from, is made from b"),
        ('name = "b"', "[[model]] has neither `source` nor `from`"),
    ],
)
def test_impossible_combinations_are_told_with_their_place(knapsack, tmp_path, entries, message):
    text = 'schema = 1\nbundle = {name = "casts"}\n[[model]]\nname = "a"\nsource = "path:a"\n[[model]]\n' + entries + "\n"
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    done = knapsack("lock", path).expect(2)
    assert message in done.stderr, done.stderr
    assert f"{path}:" in done.stderr
    schema = json.loads(knapsack("schema", "manifest").expect(0).stdout)
    isLocal = any(word in message for word in ("no entry", "itself", "only a model", "made from, is"))
    assert jsonschema.Draft202012Validator(schema).is_valid(tomllib.loads(text)) == isLocal


@pytest.mark.slow
def test_killed_conversions_leave_nothing_half_written(knapsack, tmp_path):
    tensors = {f"layer.{number}": torch.randn(1024, 1024) for number in range(12)}
    write_model(tmp_path / "model", tensors)
    path = tmp_path / "kill.toml"
    path.write_text(
        manifest(model=[{"name": "base", "source": "path:model"}, {"name": "cast", "from": "base", "dtype": "f16"}])
    )
    cache = tmp_path / "cache"
    runner = knapsack.with_caches(KNAPSACK_CACHE_DIR=str(cache))
    started = time.monotonic()
    runner("lock", path).expect(0)
    duration = time.monotonic() - started
    lock = path.with_suffix(".lock").read_bytes()
    dice = random.Random(5)
    for number in range(12):
        for leftover in (cache / "conversions").glob("*"):
            shutil.rmtree(leftover)
        process = runner.start("lock", path, "--update", "cast")
        time.sleep(duration * dice.random())
        process.send_signal(signal.SIGKILL if number % 2 else signal.SIGTERM)
        process.communicate()
        for directory in (cache / "conversions").glob("[0-9a-f]*"):
            record = json.loads((directory / "conversion.json").read_text())
            for file in record["files"]:
                assert sha256(directory / "files" / file["path"]) == file["sha256"]
        if process.returncode == -signal.SIGTERM or process.returncode == 128 + signal.SIGTERM:
            assert not list((cache / "conversions").glob(".*.partial"))
    runner("lock", path, "--update", "cast").expect(0)
    assert path.with_suffix(".lock").read_bytes() == lock
    assert not list((cache / "conversions").glob(".*"))
