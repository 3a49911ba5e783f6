"""What every kind of conversion cost, figure for figure as numpy and torch have it; and how a report ends that cannot tell."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy
import pytest
import shelf
import torch
from cli import Knapsack, contents, manifest, read_lock
from safetensors.torch import load_file, save_file
from test_report import read

ADAPTERS = ("first", "second")
MADE = {
    "cast": {"from": "base", "dtype": "bf16"},
    "merged": {"from": "base", "dtype": "bf16", "merge": list(ADAPTERS)},
    "half": {"from": "base", "dtype": "f16", "merge": ["first"]},
    "sparse": {"from": "base", "prune": "2:4"},
    "thin": {"from": "base", "prune": 0.3, "dtype": "bf16"},
    "small": {"from": "base", "gguf": "Q4_0"},
    "fitted": {"from": "base", "gguf": "fit", "bits": 6},
    "eyes": {"from": "seeing", "gguf": "Q8_0", "mmproj": True},
}


def adapter(folder: Path, model: Path, rank: int, seed: int) -> None:
    """A LoRA adapter for queries and the layers that go down."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, weight in load_file(model / "model.safetensors").items():
        if "q_proj" in name or "down_proj" in name:
            start = f"base_model.model.{name.removesuffix('.weight')}"
            tensors[f"{start}.lora_A.weight"] = torch.randn(rank, weight.shape[1], generator=generator) * 0.1
            tensors[f"{start}.lora_B.weight"] = torch.randn(weight.shape[0], rank, generator=generator) * 0.1
    folder.mkdir()
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    said = {"peft_type": "LORA", "r": rank, "lora_alpha": 2 * rank, "target_modules": ["q_proj", "down_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(said))


def seeing(folder: Path) -> None:
    """A small Llama with eyes of 32-bit floats, as SmolVLM is published."""
    shelf.llama(folder, seed=5)
    text = json.loads((folder / "config.json").read_text()) | {"architectures": ["VLlama3ForCausalLM"]}
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 32,
              "patch_size": 16, "model_type": "idefics3_vision"}  # fmt: skip
    (folder / "config.json").write_text(json.dumps(
        {"architectures": ["Idefics3ForConditionalGeneration"], "model_type": "idefics3", "text_config": text, "vision_config": vision,
         "scale_factor": 2}))  # fmt: skip
    (folder / "processor_config.json").write_text(json.dumps({"image_processor": {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}}))
    tensors = {n.replace("model.", "model.text_model.", 1): t for n, t in load_file(folder / "model.safetensors").items()}
    shapes = {"model.vision_model.embeddings.patch_embedding.weight": [32, 3, 16, 16], "model.vision_model.post_layernorm.weight": [32],
              "model.vision_model.embeddings.position_embedding.weight": [4, 32],
              "model.connector.modality_projection.proj.weight": [64, 128]}  # fmt: skip
    for layer in (f"model.vision_model.encoder.layers.{number}" for number in range(2)):
        shapes |= {f"{layer}.mlp.fc1.weight": [64, 32], f"{layer}.mlp.fc2.weight": [32, 64]}
        shapes |= {f"{layer}.self_attn.{part}_proj.weight": [32, 32] for part in ("q", "k", "v", "out")}
        shapes |= {f"{layer}.layer_norm{number}.weight": [32] for number in (1, 2)}
    generator = torch.Generator().manual_seed(6)
    save_file(tensors | {n: torch.randn(s, generator=generator) for n, s in shapes.items()}, folder / "model.safetensors")


def write(path: Path, made=MADE, head="", bundle="kind-models", **changes) -> Path:
    models = [{"name": name, "source": f"path:{name}", "license": "mit"} for name in ("base", "seeing", *ADAPTERS)]
    models += [{"name": name, **keys} for name, keys in made.items()]
    path.write_text(manifest(bundle, head, model=[model | changes.get(model["name"], {}) for model in models]))
    return path


@dataclass
class Kinds:
    """A bundle with all kinds of conversions, the same with all files whole, and the errors in it."""

    knapsack: Knapsack
    folder: Path
    manifest: Path
    bundle: Path
    whole: Path
    errors: list[dict]

    def error(self, entry: str, file: str | None = None) -> dict:
        return next(error for error in self.errors if (error["entry"], error.get("file")) == (entry, file))

    def model(self, entry: str) -> Path:
        return self.whole / "models" / entry


def errors(knapsack, *arguments) -> list[dict]:
    document = knapsack("report", *arguments, "--errors", "--json").expect(0).json()
    assert not [sentence for sentence in document["unknown"] if "The error of" in sentence], document["unknown"]
    assert not [finding for finding in document["findings"] if "error" in finding["message"]]
    return document["errors"]


@pytest.fixture(scope="module")
def kinds(knapsack, tmp_path_factory) -> Kinds:
    folder = tmp_path_factory.mktemp("kinds")
    base = shelf.llama(folder / "base", seed=4)
    for number, name in enumerate(ADAPTERS):
        adapter(folder / name, base, rank=2 + number, seed=number)
    seeing(folder / "seeing")
    path = write(folder / "kinds.toml")
    knapsack("pack", path, "--output", folder / "bundle").expect(0)
    whole = write(folder / "whole.toml", head='dedup = "none"')
    knapsack("pack", whole, "--output", folder / "whole").expect(0)
    return Kinds(knapsack, folder, path, folder / "bundle", folder / "whole", errors(knapsack, folder / "bundle"))


def relative(pairs) -> float:
    """The root of the differences' energy over the original's, in 64 bits."""
    pairs = [(numpy.asarray(a, numpy.float64), numpy.asarray(b, numpy.float64)) for a, b in pairs]
    energy = sum(float(((a - b) ** 2).sum()) for a, b in pairs)
    return (energy / sum(float((a**2).sum()) for a, _ in pairs)) ** 0.5


def agrees(error: dict, original: dict, made: dict) -> None:
    """Compares all figures of an entry with those of two sets of tensors."""
    assert original.keys() == made.keys() and error["not_compared"] == 0
    layers: dict[str, list[str]] = {}
    for name in original:
        found = re.match(r"(.*?\.\d+)\.", name)
        layers.setdefault(found[1] if found else name, []).append(name)
    for layer in [*error["layers"], error["total"]]:
        names = layers.pop(layer["name"]) if layer["name"] else list(original)
        assert layer["tensors"] == len(names)
        assert layer["relative"] == pytest.approx(relative([(original[name], made[name]) for name in names]), rel=1e-6), layer["name"]
    assert layers == {}


def tensors_of(path: Path) -> dict[str, numpy.ndarray]:
    return {t.name: gguf.quants.dequantize(t.data, t.tensor_type).reshape(-1) for t in gguf.GGUFReader(path).tensors}


def floats(path: Path) -> dict[str, torch.Tensor]:
    return {name: tensor.float() for name, tensor in load_file(path / "model.safetensors").items()}


def merged(kinds: Kinds, *adapters: str) -> dict[str, torch.Tensor]:
    weights = floats(kinds.folder / "base")
    for name in adapters:
        pairs = load_file(kinds.folder / name / "adapter_model.safetensors")
        for key, a in pairs.items():
            if "lora_A" in key:
                target = key.removeprefix("base_model.model.").replace(".lora_A.weight", ".weight")
                weights[target] = weights[target] + pairs[key.replace("lora_A", "lora_B")] @ a * 2.0
    return weights


def slow(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.slow
def test_every_conversion_has_an_error(kinds):
    found = [(error["entry"], error.get("file")) for error in kinds.errors]
    assert sorted(found, key=str) == sorted([*((name, None) for name in MADE), ("eyes", "mmproj-eyes.gguf")], key=str)
    assert kinds.error("merged")["original"] == "base + first + second"


@pytest.mark.parametrize(("entry", "adapters"), [
    ("merged", ADAPTERS), slow("half", ("first",)), slow("cast", ()), slow("sparse", ()), slow("thin", ())
])  # fmt: skip
def test_of_safetensors(kinds, entry, adapters):
    """Of merged adapters it is what storing cost, and not what the adapters changed."""
    agrees(kinds.error(entry), merged(kinds, *adapters), floats(kinds.model(entry)))
    assert kinds.error(entry)["total"]["relative"] < (0.5 if entry in ("sparse", "thin") else 0.004)


@pytest.mark.slow
@pytest.mark.parametrize("entry", ["small", "fitted", "eyes"])
def test_of_a_gguf(kinds, tmp_path, entry):
    kinds.knapsack("convert", kinds.folder / MADE[entry]["from"], tmp_path / "full.gguf", "--outtype", "f32").expect(0)
    made = next(path for path in kinds.model(entry).glob("*.gguf") if not path.name.startswith("mmproj"))
    agrees(kinds.error(entry), tensors_of(tmp_path / "full.gguf"), tensors_of(made))


def test_of_a_projector(kinds, tmp_path):
    """It is halves of numbers of 32 bits."""
    kinds.knapsack("convert", kinds.folder / "seeing", tmp_path / "full.gguf", "--outtype", "f32", "--mmproj").expect(0)
    error = kinds.error("eyes", "mmproj-eyes.gguf")
    agrees(error, tensors_of(tmp_path / "full.gguf"), tensors_of(kinds.model("eyes") / "mmproj-eyes.gguf"))
    assert 0 < error["total"]["relative"] < 0.001
    kinds.knapsack("report", kinds.bundle, "--errors", "-o", tmp_path / "x.html").expect(0)
    text = read(tmp_path / "x.html").text
    assert "Error of the weights of mmproj-eyes.gguf" in text and "Against base + first + second" in text


@pytest.mark.slow
@pytest.mark.parametrize("form", [".tar", ".zip", ".tar.zst"])
def test_of_archives(kinds, tmp_path, form):
    archive = tmp_path / f"bundle{form}"
    kinds.knapsack("pack", kinds.manifest, "--output", archive).expect(0)
    (tmp_path / "scratch").mkdir()
    assert errors(kinds.knapsack, archive, "--scratch", tmp_path / "scratch") == kinds.errors
    assert contents(tmp_path / "scratch") == {}


@pytest.mark.slow
def test_of_locks_manifests_and_whole_files(kinds):
    assert errors(kinds.knapsack, kinds.manifest) == kinds.errors
    assert errors(kinds.knapsack, kinds.manifest.with_suffix(".lock")) == kinds.errors
    assert errors(kinds.knapsack, kinds.whole) == kinds.errors


@pytest.mark.slow
@pytest.mark.parametrize("form", ["", ".tar", ".tar.zst"])
def test_of_what_builds_on_a_base(kinds, tmp_path, form):
    write(kinds.folder / "base.toml", made={}, bundle="base-models")
    kinds.knapsack("pack", kinds.folder / "base.toml", "--output", tmp_path / f"base{form}").expect(0)
    delta = write(kinds.folder / "delta.toml", head='base = ["base.lock"]')
    kinds.knapsack("pack", delta, "--output", tmp_path / "delta").expect(0)
    assert errors(kinds.knapsack, tmp_path / "delta", "--base", tmp_path / f"base{form}") == kinds.errors
    done = kinds.knapsack("report", tmp_path / "delta", "--errors", "-o", tmp_path / "x.html").expect(2)
    assert "merged: its error is not known" in done.stderr and "--base DIR" in done.stderr
    assert "The error of merged" in read(tmp_path / "x.html").text


# What cannot be told


@pytest.mark.slow
def test_an_adapter_that_is_not_packed(kinds, tmp_path):
    path = write(kinds.folder / "absent.toml", second={"pack": False})
    kinds.knapsack("pack", path, "--output", tmp_path / "bundle").expect(0)
    assert errors(kinds.knapsack, path) == kinds.errors
    done = kinds.knapsack("report", tmp_path / "bundle", "--errors", "-o", tmp_path / "x.html", "--json").expect(2)
    document = done.json()
    assert [finding["message"] for finding in document["findings"]] == ["merged: its error is not known: second is not in the bundle"]
    assert [error for error in kinds.errors if error["entry"] != "merged"] == document["errors"]
    # The page is whole all the same.
    assert "The error of merged: second is not in the bundle; knapsack report MANIFEST" in read(tmp_path / "x.html").text
    # Nobody asked for it.
    kinds.knapsack("report", tmp_path / "bundle", "-o", tmp_path / "x.html").expect(0)


@pytest.mark.slow
@pytest.mark.parametrize("form", [".tar", ".zip", ".tar.zst"])
def test_an_archive_that_is_cut_off(kinds, tmp_path, form):
    archive = tmp_path / f"bundle{form}"
    kinds.knapsack("pack", kinds.manifest, "--output", archive).expect(0)
    archive.write_bytes(archive.read_bytes()[:-5000])
    page = tmp_path / "x.html"
    done = kinds.knapsack("report", archive, "--errors", "-o", page).expect(1)
    assert "damaged" in done.stderr and archive.name in done.stderr, done.stderr
    assert done.stderr.count("is damaged") == 1, done.stderr
    if page.exists():
        assert read(page).text.count("The error of") == len(MADE) and str(tmp_path) not in page.read_text()
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("broken", "known"),
    [
        (["models/first/adapter_model.safetensors"], {"cast", "sparse", "thin", "small", "fitted", "eyes"}),
        (["models/seeing/processor_config.json"], {*MADE} - {"eyes"}),
        (["models/eyes/mmproj-eyes.gguf"], {*MADE} - {"eyes"}),
        (["models/base/model.safetensors", "models/seeing/model.safetensors"], set()),
    ],
)
def test_files_that_are_missing(kinds, tmp_path, broken, known):
    shutil.copytree(kinds.whole, tmp_path / "bundle")
    for name in broken:
        (tmp_path / "bundle" / name).unlink()
    done = kinds.knapsack("report", tmp_path / "bundle", "--errors", "-o", tmp_path / "x.html", "--json").expect(1)
    document = done.json()
    assert {error["entry"] for error in document["errors"]} == known
    for entry in MADE.keys() - known:
        assert any(finding["message"].startswith(f"{entry}: its error is not known") for finding in document["findings"])
        assert any(text.startswith(f"The error of {entry}: ") for text in document["unknown"])


@pytest.mark.slow
def test_a_file_that_is_another(kinds, tmp_path):
    shutil.copytree(kinds.whole, tmp_path / "bundle")
    path = tmp_path / "bundle/models/seeing/config.json"
    path.write_bytes(b"{" + b" " * (path.stat().st_size - 1))
    done = kinds.knapsack("report", tmp_path / "bundle", "--errors", "-o", tmp_path / "x.html").expect(1, 2)
    assert "eyes: its error is not known" in done.stderr and "config.json" in done.stderr
    assert read_lock(tmp_path / "bundle/knapsack.lock").keys() >= MADE.keys()


@pytest.mark.slow
def test_a_plain_tar_takes_no_scratch_directory(kinds, tmp_path):
    kinds.knapsack("pack", kinds.manifest, "--output", tmp_path / "bundle.tar").expect(0)
    missing = tmp_path / "file"
    missing.write_text("not a directory")
    assert errors(kinds.knapsack, tmp_path / "bundle.tar", "--scratch", missing) == kinds.errors


@pytest.mark.slow
def test_a_compressed_archive_needs_one_for_large_files(knapsack, tmp_path):
    shelf.llama(tmp_path / "base", hidden=256)
    path = tmp_path / "large.toml"
    path.write_text(manifest("large-models", model=[{"name": "base", "source": "path:base"}, {"name": "small", **MADE["small"]}]))
    (tmp_path / "file").write_text("not a directory")
    for form, code in ((".tar", 0), (".zip", 0), (".tar.zst", 2)):
        archive = tmp_path / f"bundle{form}"
        knapsack("pack", path, "--output", archive).expect(0)
        done = knapsack("report", archive, "--errors", "--scratch", tmp_path / "file", "-o", tmp_path / "x.html").expect(code)
        assert ("Not a directory" in done.stderr) == (code == 2), done.stderr


@pytest.mark.slow
def test_small_tensors_of_a_gguf_are_counted(kinds, tmp_path):
    """A lock has none of them; headers do."""
    count = len(gguf.GGUFReader(kinds.model("fitted") / "fitted-FIT.gguf").tensors)
    document = kinds.knapsack("report", kinds.bundle, "--json").expect(0).json()
    entry = next(entry for entry in document["entries"] if entry["name"] == "fitted")
    assert sum(layer["tensors"] for layer in entry["layers"]) == count
    kinds.knapsack("report", kinds.manifest, "-o", tmp_path / "x.html").expect(0)
    locked = len(read_lock(kinds.manifest.with_suffix(".lock"))["fitted"]["tensors"])
    assert locked < count and f"at least {locked}" in read(tmp_path / "x.html").text
