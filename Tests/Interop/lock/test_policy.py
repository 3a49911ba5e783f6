"""Presets of licences and rules for adapters: `check` decides both from the lock alone."""

import json

import numpy as np
import pytest
from cli import manifest
from safetensors.numpy import save_file


def adapter(folder, rank=8, base="org/base", modules=("q_proj", "v_proj"), **config):
    folder.mkdir()
    said = {"peft_type": "LORA", "r": rank, "lora_alpha": 16, "base_model_name_or_path": base,
            "target_modules": list(modules), "task_type": "CAUSAL_LM"}  # fmt: skip
    (folder / "adapter_config.json").write_text(json.dumps(said | config))
    tensors = {}
    for module in modules:
        start = f"base_model.model.model.layers.0.self_attn.{module}"
        tensors[f"{start}.lora_A.weight"] = np.zeros((rank, 16), dtype=np.float32)
        tensors[f"{start}.lora_B.weight"] = np.zeros((16, rank), dtype=np.float32)
    save_file(tensors, folder / "adapter_model.safetensors")


def check(knapsack, tmp_path, policy, license="mit"):
    path = tmp_path / "pack.toml"
    path.write_text(manifest(head=f"[policy]\n{policy}\n", model=[{"name": "a", "source": "path:adapter", "license": license}]))
    knapsack("lock", path).expect(0)
    # The lock alone decides.
    moved = tmp_path / "adapter"
    moved.rename(tmp_path / "elsewhere")
    done = knapsack("check", path, "--json")
    (tmp_path / "elsewhere").rename(moved)
    codes = [finding["code"] for finding in done.json()["findings"]]
    return done, [code for code in codes if code.startswith(("adapter-", "license-")) and code != "adapter-base-missing"]


@pytest.mark.parametrize(
    ("policy", "codes"),
    [
        ("adapter-max-rank = 8", []),
        ("adapter-max-rank = 7", ["adapter-rank"]),
        ('adapter-bases = ["org/base"]', []),
        ('adapter-bases = ["hf:ORG/Base"]', []),
        ('adapter-bases = ["org/base-2"]', ["adapter-base-denied"]),
        ('adapter-targets = ["q_proj", "v_proj"]', []),
        ('adapter-targets = ["q_proj"]', ["adapter-target-denied"]),
        ('preset = "osi"', []),
    ],
)
def test_adapters_are_held_against_the_policy(knapsack, tmp_path, policy, codes):
    adapter(tmp_path / "adapter")
    done, found = check(knapsack, tmp_path, policy)
    assert found == codes
    done.expect(1 if codes else 0)


def test_weights_count_beside_what_the_configuration_states(knapsack, tmp_path):
    adapter(tmp_path / "adapter", rank=16, r=4)
    assert check(knapsack, tmp_path, "adapter-max-rank = 8")[1] == ["adapter-rank"]


@pytest.mark.parametrize(
    ("policy", "license", "codes"),
    [
        ('preset = "osi"', "gemma", ["license-denied"]),
        ('preset = "osi"\nlicenses = ["gemma"]', "gemma", []),
        ('preset = "non-commercial-ok"', "cc-by-nc-4.0", []),
        ('preset = "cc-by"', "cc-by-nc-4.0", ["license-denied"]),
    ],
)
def test_a_preset_and_own_licences_add_up(knapsack, tmp_path, policy, license, codes):
    adapter(tmp_path / "adapter")
    assert check(knapsack, tmp_path, policy, license)[1] == codes


def test_an_unknown_preset_is_an_error_that_lists_the_known_ones(knapsack, tmp_path):
    adapter(tmp_path / "adapter")
    path = tmp_path / "pack.toml"
    path.write_text(manifest(head='[policy]\npreset = "non-comercial-ok"\n', model=[{"name": "a", "source": "path:adapter"}]))
    done = knapsack("check", path)
    done.expect(2)
    assert 'did you mean "non-commercial-ok"?' in done.stderr and "open-weights" in done.stderr


@pytest.mark.parametrize("place", ["policy", "entry"])
def test_the_retired_p100_is_a_warning(knapsack, tmp_path, place):
    adapter(tmp_path / "adapter")
    path = tmp_path / "pack.toml"
    line = {"accelerator": "p100"} if place == "entry" else {}
    head = '[policy]\naccelerator = "p100"\n' if place == "policy" else ""
    path.write_text(manifest(head=head, model=[{"name": "a", "source": "path:adapter"} | line]))
    knapsack("lock", path).expect(0)
    done = knapsack("check", path)
    done.expect(0)
    assert "sessions get T4 x2 instead" in done.stderr + done.stdout
