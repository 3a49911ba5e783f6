"""LoRA adapters of PEFT as GGUF, against what the reference makes of the same adapters."""

import shutil
from pathlib import Path

import gguf
import pytest
from safetensors.numpy import load_file, save_file

FIXTURES = Path(__file__).parent.parent.parent / "fixtures" / "conversion" / "lora"


@pytest.fixture(params=["llama", "gpt2"])
def case(request) -> Path:
    return FIXTURES / request.param


@pytest.fixture
def adapter(tmp_path) -> Path:
    return Path(shutil.copytree(FIXTURES / "llama" / "llama-lora", tmp_path / "llama-lora"))


@pytest.mark.parametrize("type", ["f32", "q8_0"])
def test_equals_the_reference(knapsack, tmp_path, case, type):
    output = tmp_path / "adapter.gguf"
    knapsack("convert", case / f"{case.name}-lora", output, "--lora", case, "--outtype", type).expect(0)
    assert output.read_bytes() == (case / f"{type}.gguf").read_bytes()


def test_the_gguf_package_reads_it(knapsack, tmp_path):
    case = FIXTURES / "llama"
    knapsack("convert", case / "llama-lora", tmp_path / "a.gguf", "--lora", case).expect(0)
    reader = gguf.GGUFReader(tmp_path / "a.gguf")
    assert reader.get_field("general.type").contents() == "adapter"
    assert reader.get_field("adapter.lora.alpha").contents() == 6
    names = {tensor.name for tensor in reader.tensors}
    assert names and all(name.endswith((".lora_a", ".lora_b")) for name in names)


def test_says_what_a_gguf_cannot_say(knapsack, tmp_path, adapter):
    config = (adapter / "adapter_config.json").read_text()
    (adapter / "adapter_config.json").write_text(config.replace('"use_rslora": false', '"use_rslora": true'))
    done = knapsack("convert", adapter, tmp_path / "a.gguf", "--lora", FIXTURES / "llama").expect(0)
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
    done = knapsack("convert", adapter, tmp_path / "a.gguf", "--lora", FIXTURES / "llama", "--json")
    done.expect(1, 2)
    assert [finding["code"] for finding in done.json()["findings"]] == [code]
    assert not list(tmp_path.glob("a.gguf*"))


def test_another_models_adapter_is_an_error(knapsack, tmp_path, adapter):
    done = knapsack("convert", adapter, tmp_path / "a.gguf", "--lora", FIXTURES / "gpt2")
    done.expect(1, 2)
    assert "gpt2" in done.stderr
    assert not (tmp_path / "a.gguf").exists()
