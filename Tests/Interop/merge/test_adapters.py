"""LoRA adapters of PEFT: as GGUF, against what the reference makes of the same adapters, and merged into a model's
weights, against what torch computes."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import gguf
import pytest
import torch
from cli import Knapsack, manifest, read_lock
from project import FIXTURES
from safetensors.numpy import load_file, save_file
from safetensors.torch import load_file as torch_load
from safetensors.torch import save_file as torch_save

LORA = FIXTURES / "conversion" / "lora"


@pytest.fixture(params=["llama", "gpt2"])
def case(request) -> Path:
    return LORA / request.param


@pytest.fixture
def adapter(tmp_path) -> Path:
    return Path(shutil.copytree(LORA / "llama" / "llama-lora", tmp_path / "llama-lora"))


@pytest.mark.parametrize("type", ["f32", "q8_0"])
def test_equals_the_reference(knapsack, tmp_path, case, type):
    output = tmp_path / "adapter.gguf"
    knapsack("convert", case / f"{case.name}-lora", output, "--lora", case, "--outtype", type).expect(0)
    assert output.read_bytes() == (case / f"{type}.gguf").read_bytes()


@pytest.mark.smoke
def test_the_gguf_package_reads_it(knapsack, tmp_path):
    case = LORA / "llama"
    knapsack("convert", case / "llama-lora", tmp_path / "a.gguf", "--lora", case).expect(0)
    reader = gguf.GGUFReader(tmp_path / "a.gguf")
    assert reader.get_field("general.type").contents() == "adapter"
    assert reader.get_field("adapter.lora.alpha").contents() == 6
    names = {tensor.name for tensor in reader.tensors}
    assert names and all(name.endswith((".lora_a", ".lora_b")) for name in names)


@pytest.mark.smoke
def test_says_what_a_gguf_cannot_say(knapsack, tmp_path, adapter):
    config = (adapter / "adapter_config.json").read_text()
    (adapter / "adapter_config.json").write_text(config.replace('"use_rslora": false', '"use_rslora": true'))
    done = knapsack("convert", adapter, tmp_path / "a.gguf", "--lora", LORA / "llama").expect(0)
    assert "rank-stabilized" in done.stderr


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (lambda tensors: tensors.pop(next(name for name in tensors if "lora_B" in name)), "adapter-half"),
        (lambda tensors: tensors.clear(), "adapter-empty"),
        (lambda tensors: tensors.update(x=tensors[next(iter(tensors))]), "adapter-tensor"),
        (
            lambda tensors: tensors.update({name: tensors[name][:-1] for name in tensors if "lora_A" in name}),
            "adapter-shape",
        ),
    ],
    ids=["half", "empty", "whole", "shape"],
)
def test_what_does_not_fit_is_an_error_and_leaves_nothing(knapsack, tmp_path, adapter, broken, code):
    weights = adapter / "adapter_model.safetensors"
    tensors = load_file(weights)
    broken(tensors)
    save_file(tensors, weights)
    done = knapsack("convert", adapter, tmp_path / "a.gguf", "--lora", LORA / "llama", "--json")
    done.expect(1, 2)
    assert [finding["code"] for finding in done.json()["findings"]] == [code]
    assert not list(tmp_path.glob("a.gguf*"))


def test_another_models_adapter_is_an_error(knapsack, tmp_path, adapter):
    done = knapsack("convert", adapter, tmp_path / "a.gguf", "--lora", LORA / "gpt2")
    done.expect(1, 2)
    assert "gpt2" in done.stderr
    assert not (tmp_path / "a.gguf").exists()


# Adapters that are merged into a model


@dataclass
class Base:
    """A model and two adapters of whole numbers, which every order of additions gives the same sums of."""

    folder: Path
    weights: dict[str, torch.Tensor]
    changes: dict[str, dict[str, torch.Tensor]]

    def merged(self, *adapters: str) -> dict[str, torch.Tensor]:
        """The weights after PEFT's merge_and_unload of one adapter after the other, in float32."""
        weights = {name: tensor.float() for name, tensor in self.weights.items()}
        for adapter in adapters:
            for name, change in self.changes[adapter].items():
                weights[name] = weights[name] + change
        return weights


@pytest.fixture
def trained(tmp_path) -> Base:
    generator = torch.Generator().manual_seed(11)
    names = [f"model.layers.{layer}.self_attn.{part}_proj.weight" for layer in range(2) for part in "qv"]
    shapes = {name: (24, 16) for name in names} | {"model.embed_tokens.weight": (10, 16), "model.norm.weight": (16,)}
    weights = {name: torch.randn(shape, generator=generator).bfloat16() for name, shape in shapes.items()}
    (tmp_path / "base").mkdir()
    torch_save(weights, tmp_path / "base" / "model.safetensors", metadata={"format": "pt"})
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16"}
    (tmp_path / "base" / "config.json").write_text(json.dumps(config))
    changes: dict[str, dict[str, torch.Tensor]] = {}
    for adapter, (rank, alpha, targets) in {"first": (4, 8, names), "second": (2, 1, names[:1])}.items():
        pairs = {
            name: [torch.randint(-4, 5, shape, generator=generator).float() for shape in ((rank, 16), (24, rank))]
            for name in targets
        }
        directory = tmp_path / adapter
        directory.mkdir()
        stored = {
            f"base_model.model.{name.removesuffix('.weight')}.lora_{half}.weight": tensor
            for name, pair in pairs.items()
            for half, tensor in zip("AB", pair, strict=True)
        }
        torch_save(stored, directory / "adapter_model.safetensors", metadata={"format": "pt"})
        said = {"peft_type": "LORA", "r": rank, "lora_alpha": alpha, "target_modules": [name.removesuffix(".weight") for name in targets]}
        (directory / "adapter_config.json").write_text(json.dumps(said))
        changes[adapter] = {name: (b @ a) * (alpha / rank) for name, (a, b) in pairs.items()}
    return Base(tmp_path, weights, changes)


def write_merge(trained: Base, adapters: list[str], dtype: str = "f32") -> Path:
    path = trained.folder / "merge.toml"
    models = [
        {"name": "base", "source": "path:base", "allow": ["tokenizer-missing"]},
        {"name": "merged", "from": "base", "dtype": dtype, "merge": adapters, "allow": ["tokenizer-missing"]},
        *({"name": name, "source": f"path:{name}", "license": "mit"} for name in ("first", "second")),
    ]
    path.write_text(manifest(name="merged-models", model=models))
    return path


@pytest.fixture
def own(knapsack, tmp_path) -> Knapsack:
    return knapsack.with_caches(KNAPSACK_CACHE_DIR=str(tmp_path / "cache"))


@pytest.mark.parametrize("adapters", [["first"], ["first", "second"]])
@pytest.mark.parametrize("dtype", ["f32", "bf16"])
def test_an_entry_with_merged_adapters_is_locked_and_packed(own, trained, adapters, dtype):
    path = write_merge(trained, adapters, dtype)
    own("lock", path).expect(0)
    own("check", path).expect(0)
    assert read_lock(path.with_suffix(".lock"))["merged"]["asked"]["merge"] == adapters
    own("pack", path, "--locked", "--output", trained.folder / "bundle").expect(0)
    own("verify", trained.folder / "bundle").expect(0)
    found = torch_load(trained.folder / "bundle" / "models" / "merged" / "model.safetensors")
    expected = trained.merged(*adapters)
    assert found.keys() == expected.keys()
    wanted = {"f32": torch.float32, "bf16": torch.bfloat16}[dtype]
    for name, tensor in expected.items():
        assert found[name].dtype == wanted
        assert torch.equal(found[name], tensor.to(wanted)), name
    own("convert", trained.folder / "base", trained.folder / "by-hand", "--dtype", dtype,
        *(word for name in adapters for word in ("--merge", trained.folder / name))).expect(0)  # fmt: skip
    by_hand = trained.folder / "by-hand" / "model.safetensors"
    assert by_hand.read_bytes() == (trained.folder / "bundle" / "models" / "merged" / "model.safetensors").read_bytes()


def test_the_lock_is_stale_where_an_adapter_has_changed(own, trained):
    path = write_merge(trained, ["first"])
    own("lock", path).expect(0)
    weights = trained.folder / "first" / "adapter_model.safetensors"
    torch_save({name: tensor + 1 for name, tensor in torch_load(weights).items()}, weights, metadata={"format": "pt"})
    before = path.with_suffix(".lock").read_text()
    own("pack", path, "--locked", "--output", trained.folder / "bundle").expect(1)
    assert not (trained.folder / "bundle").exists()
    own("lock", path, "--update").expect(0)
    inputs = read_lock(path.with_suffix(".lock"))["merged"]["resolved"]["conversion"]["inputs"]
    assert inputs not in before
    write_merge(trained, ["first", "second"])
    assert "lock-stale" in own("check", path, "--json").expect(1).stdout


@pytest.mark.parametrize(
    "merge, words", [(["frist"], 'did you mean "first"?'), (["merged"], "no model merged with a source"), ([], "empty")]
)
def test_refuses_what_is_no_adapter(own, trained, merge, words):
    assert words in own("lock", write_merge(trained, merge)).expect(2).stderr


def test_says_which_entry_is_no_adapter(own, trained):
    done = own("lock", write_merge(trained, ["base"])).expect(1, 2)
    assert "base: there is no adapter_model.safetensors" in done.stderr
    assert not (trained.folder / "merge.lock").exists()
