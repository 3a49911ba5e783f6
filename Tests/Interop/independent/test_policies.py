"""Facts that rules are decided by: licences of cards that are left out and of single wheels, presets, adapters, what is provided."""

import json
import zipfile

import pytest
from cli import manifest, read_lock
from instances import CARD, errors, findings, model, safetensors, write
from wheelhouse import members, record, write_wheel

GEMMA = "---\nlicense: gemma\nbase_model: google/gemma-2-2b\n---\n"


@pytest.mark.parametrize("entry", [{"exclude": ["README.md"]}, {"include": ["*.safetensors", "*.json"]}, {"exclude": ["*.md"]}])
def test_the_card_is_read_though_it_is_not_packed(knapsack, tmp_path, entry):
    write(tmp_path / "src", model(**{"README.md": GEMMA}))
    (tmp_path / "m.toml").write_text(manifest(model=[{"name": "it", "source": "path:src", **entry}]))
    knapsack("lock", tmp_path / "m.toml").expect(0)
    it = read_lock(tmp_path / "m.lock")["it"]
    assert it["resolved"]["license"]["id"] == "gemma"
    assert "README.md" not in {file["path"] for file in it["files"]}


WHEELS = {
    "License-Expression: Apache-2.0": True, "License: MIT": True, "License-Expression: MIT OR GPL-3.0-only": True,
    "Classifier: License :: OSI Approved :: MIT License": True, "License-Expression: MIT AND LGPL-2.1-or-later": False,
    "Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)": False, "License: UNKNOWN": False,
    "License: Proprietary": False, "Classifier: License :: Other/Proprietary License": False, "": False,
}  # fmt: skip


@pytest.mark.parametrize("header", WHEELS)
def test_the_licence_of_each_wheel_is_judged_by_itself(knapsack, tmp_path, header):
    house = tmp_path / "house"
    house.mkdir()
    for name, text in (("plain", "License: MIT"), ("judged", header)):
        files = members(name, "1.0", text + "\n" if text else "")
        files[f"{name}-1.0.dist-info/RECORD"] = record(files, f"{name}-1.0.dist-info")
        with zipfile.ZipFile(house / f"{name}-1.0-py3-none-any.whl", "w") as archive:
            for member, content in files.items():
                archive.writestr(member, content)
    head = '\n[policy]\nlicenses = ["mit", "apache-2.0"]\n'
    (tmp_path / "m.toml").write_text(manifest(head=head, wheels=[{"name": "w", "source": "path:house"}]))
    knapsack("lock", tmp_path / "m.toml").expect(0)
    done = knapsack("check", tmp_path / "m.toml").expect(0 if WHEELS[header] else 1)
    assert ("judged-1.0" in done.text) == (not WHEELS[header])
    assert "plain-1.0" not in done.text


LADDER = ["permissive", "osi", "cc-by", "open-weights", "non-commercial-ok"]
FIRST = {
    "mit": 0, "apache-2.0": 0, "bsd-3-clause": 0, "cc0-1.0": 0, "gpl-3.0": 1, "mpl-2.0": 1, "cc-by-4.0": 2, "cc-by-sa-4.0": 2, "gemma": 3,
    "llama3.1": 3, "openrail": 3, "cc-by-nc-4.0": 4, "cc-by-nc-sa-4.0": 4, "cc-by-nd-4.0": 5, "proprietary": 5,
}  # fmt: skip


@pytest.mark.parametrize("preset", LADDER)
def test_a_preset_takes_what_those_above_it_take_and_its_own(knapsack, tmp_path, preset):
    entries = []
    for at, name in enumerate(FIRST):
        write(tmp_path / f"m{at}", model(**{"README.md": f"---\nlicense: {name}\n---\n"}))
        entries.append({"name": f"m{at}", "source": f"path:m{at}"})
    (tmp_path / "m.toml").write_text(manifest(head=f'\n[policy]\npreset = "{preset}"\n', model=entries))
    knapsack("lock", tmp_path / "m.toml").expect(0)
    found = knapsack("check", tmp_path / "m.toml", "--json").expect(1).json()["findings"]
    refused = {item["message"].split(":")[0] for item in found if item["code"].startswith("license-") and item["severity"] == "error"}
    assert refused == {f"m{at}" for at, name in enumerate(FIRST) if FIRST[name] > LADDER.index(preset)}


LORA = {"peft_type": "LORA", "r": 16, "rank_pattern": {"v_proj": 64}, "base_model_name_or_path": "org/base", "target_modules": ["q_proj", "v_proj"]}
PARTS = [f"base_model.model.model.layers.0.self_attn.{part}_proj.lora_{half}.weight" for part in "qv" for half in "AB"]
RULES = {
    "adapter-max-rank = 64": None, "adapter-max-rank = 63": "adapter-rank", "adapter-max-rank = 16": "adapter-rank",
    'adapter-bases = ["ORG/Base"]': None, 'adapter-bases = ["org/base-2", "base"]': "adapter-base-denied",
    'adapter-targets = ["q_proj", "v_proj", "o_proj"]': None, 'adapter-targets = ["q_proj"]': "adapter-target-denied",
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_for_adapters_is_decided_from_configuration_and_weights(knapsack, tmp_path, rule):
    files = {"README.md": CARD, "adapter_config.json": LORA, "adapter_model.safetensors": safetensors(*PARTS)}
    found = errors(findings(knapsack, tmp_path, files, head=f"\n[policy]\n{rule}\n"))
    assert {code for code in found if code.startswith("adapter-")} == ({RULES[rule]} if RULES[rule] else set())


FREEZE = "numpy==2.4.6\ntorch @ file:///x/torch-2.6.0-cp312-cp312-linux_x86_64.whl\n# a comment\n\n-e git+https://host/a/b@0a1b#egg=edited\nPyYAML===6.0\nother.thing==3.1\n"


def test_what_pip_freeze_prints_is_provided(knapsack, tmp_path):
    write_wheel(tmp_path / "house", "mine", "1.0", "numpy>=1", "torch>=2", "other-thing>=3", "pyyaml", "edited")
    (tmp_path / "freeze.txt").write_text(FREEZE)
    (tmp_path / "m.toml").write_text(manifest(wheels=[{"name": "w", "source": "path:house", "provided-file": "freeze.txt", "license": "mit"}]))
    knapsack("lock", tmp_path / "m.toml").expect(0)
    assert "warning" not in knapsack("check", tmp_path / "m.toml").expect(0).stderr
    (tmp_path / "freeze.txt").write_text(FREEZE.replace("other.thing==3.1", "other.thing==2.9") + "no requirement at all\n")
    told = knapsack("check", tmp_path / "m.toml").expect(1).stderr
    assert "other-thing" in told and "torch" not in told and "no requirement at all" in told


@pytest.mark.parametrize(("name", "severity"), [("p100", "warning"), ("t4x2", None), ("l4x4", None), ("h100", None), ("rtx-pro-6000", None), ("tpu", None)])
def test_accelerators_of_kaggle_are_known_and_the_retired_one_is_told(knapsack, tmp_path, name, severity):
    found = findings(knapsack, tmp_path, model(), head=f'\n[policy]\naccelerator = "{name}"\n')
    assert found.get("accelerator-retired") == severity


def test_what_is_only_converted_from_is_locked_and_not_shipped(knapsack, tmp_path):
    write(tmp_path / "src", model())
    entries = [{"name": "big", "source": "path:src"}, {"name": "small", "from": "big", "dtype": "f16"}]
    (tmp_path / "m.toml").write_text(manifest(model=entries).replace('source = "path:src"', 'source = "path:src"\npack = false'))
    knapsack("pack", tmp_path / "m.toml", "-o", tmp_path / "b").expect(0)
    assert {path.name for path in (tmp_path / "b" / "models").iterdir()} == {"small"}
    knapsack("verify", tmp_path / "m.lock").expect(0)
    knapsack("verify", tmp_path / "b").expect(0)
    assert "big" in knapsack("inspect", tmp_path / "b").expect(0).text
    lock = json.loads((tmp_path / "m.lock").read_text())
    assert {entry["name"] for entry in lock["entries"]} == {"big", "small"}
    knapsack("unpack", tmp_path / "b", "--to", tmp_path / "to", "--entry", "big").expect(2)
