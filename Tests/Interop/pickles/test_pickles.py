"""Pickles, genuine and hostile, through lock, check and inspect.

joblib and scikit-learn have an environment of their own: KNAPSACK_SKLEARN_PYTHON names its python. Without it their
files are not tested here; some are among the fixtures of the Swift tests.
"""

import json
import os
import pickle
import subprocess
from pathlib import Path

import genuine_pickles
import hostile_pickles
import needs
import pytest
from cli import manifest, read_lock

ENTRY = "pickled"


@pytest.fixture(scope="module")
def genuine(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("genuine")
    genuine_pickles.write_torch(directory / "torch")
    genuine_pickles.write_numpy(directory / "numpy")
    return directory


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("hostile")
    assert len(hostile_pickles.write(directory)) >= 200
    return directory


def locked(knapsack, directory: Path, source: Path, policy: str | None, **entry) -> dict[str, dict]:
    """Locks a directory of files; returns what the lock states of each file with pickles."""
    head = "" if policy is None else f'\n[policy]\npickle = "{policy}"'
    table = {"name": ENTRY, "source": f"path:{source}"} | entry
    (directory / "p.toml").write_text(manifest(head=head, files=[table]))
    knapsack("lock", directory / "p.toml").expect(0)
    resolved = read_lock(directory / "p.lock")[ENTRY]["resolved"]
    programs = {fact["path"]: {"verdict": "refused"} | fact for fact in resolved.get("programs", [])}
    return programs | {fact["path"]: fact for fact in resolved.get("pickles", [])}


def codes(done) -> set[str]:
    return {finding["code"] for finding in done.json()["findings"]}


@pytest.mark.smoke
def test_every_hostile_pickle_is_found(knapsack, hostile, tmp_path):
    facts = locked(knapsack, tmp_path, hostile, "scan")
    missed = [
        path.name for path in sorted(hostile.iterdir())
        if facts.get(path.name, {"verdict": "harmless"})["verdict"] == "harmless"
    ]
    assert missed == []
    done = knapsack("check", tmp_path / "p.toml", "--json").expect(1)
    assert {"pickle-refused", "pickle-unreadable"} <= codes(done)


@needs.SKLEARN
def test_every_genuine_pickle_of_scikit_learn_passes(knapsack, tmp_path):
    script = Path(genuine_pickles.__file__)
    made = tmp_path / "sklearn"
    subprocess.run([os.environ["KNAPSACK_SKLEARN_PYTHON"], "-W", "ignore", script, made], check=True)
    assert_harmless(knapsack, tmp_path, made)


@pytest.mark.smoke
def test_every_genuine_pickle_passes(knapsack, genuine, tmp_path):
    assert_harmless(knapsack, tmp_path, genuine)


def assert_harmless(knapsack, tmp_path: Path, genuine: Path) -> None:
    facts = locked(knapsack, tmp_path, genuine, "scan")
    files = {path.relative_to(genuine).as_posix() for path in genuine.rglob("*") if path.is_file()}
    assert facts.keys() == files
    assert {path: fact for path, fact in facts.items() if fact["verdict"] != "harmless"} == {}
    knapsack("check", tmp_path / "p.toml").expect(0)


def test_nothing_is_said_of_files_without_pickles(knapsack, tmp_path):
    import numpy
    import torch
    from safetensors.torch import save_file

    source = tmp_path / "plain"
    source.mkdir()
    save_file({"a": torch.ones(3)}, source / "model.safetensors")
    numpy.save(source / "numbers.npy", numpy.arange(5))
    numpy.savez(source / "numbers.npz", a=numpy.arange(5), b=numpy.zeros(3, [("Object", "<f4")]))
    numpy.savez_compressed(source / "packed.npz", a=numpy.arange(500))
    (source / "random.bin").write_bytes(bytes(range(256)) * 40)
    (source / "README.md").write_text("Computer\nvision (and more)\n")
    (source / "data.csv").write_text("Id,Name\n1,a\n2,b\n")
    assert locked(knapsack, tmp_path, source, None) == {}
    knapsack("check", tmp_path / "p.toml").expect(0)


def test_policy_denies_unless_it_is_told_otherwise(knapsack, tmp_path):
    import torch
    from safetensors.torch import save_file

    source = tmp_path / "model"
    source.mkdir()
    torch.save({"a": torch.ones(3)}, source / "pytorch_model.bin")
    save_file({"a": torch.ones(3)}, source / "model.safetensors")
    assert locked(knapsack, tmp_path, source, None)["pytorch_model.bin"]["twin"] == "model.safetensors"
    done = knapsack("check", tmp_path / "p.toml", "--json").expect(1)
    assert codes(done) == {"pickle-denied"}
    assert "model.safetensors is here" in done.text and "pytorch_model.bin" in done.text
    for policy in ("scan", "allow"):
        locked(knapsack, tmp_path, source, policy)
        knapsack("check", tmp_path / "p.toml").expect(0)
    # Left out, it is not there; the twin that was not taken is still suggested.
    assert locked(knapsack, tmp_path, source, "deny", exclude=["*.bin"]) == {}
    knapsack("check", tmp_path / "p.toml").expect(0)
    facts = locked(knapsack, tmp_path, source, "deny", include=["*.bin"])
    assert facts["pytorch_model.bin"]["twin"] == "model.safetensors"
    assert "the repository has model.safetensors" in knapsack("check", tmp_path / "p.toml").expect(1).text
    locked(knapsack, tmp_path, source, "deny", allow=["pickle-denied"])
    knapsack("check", tmp_path / "p.toml").expect(0)


def test_inspect_shows_what_loading_would_do(knapsack, tmp_path):
    (tmp_path / "evil.pkl").write_bytes(hostile_pickles.EVIL)
    done = knapsack("inspect", tmp_path / "evil.pkl", "--json").expect(1)
    found = done.json()["pickle"]
    assert found["verdict"] == "refused" and found["protocol"] == 4
    assert [(name["name"], name["harmless"]) for name in found["globals"]] == [("builtins.exec", False)]
    assert "builtins.exec" in knapsack("inspect", tmp_path / "evil.pkl").expect(1).stdout
    (tmp_path / "good.pkl").write_bytes(pickle.dumps({"a": {1, 2}}, 2))
    found = knapsack("inspect", tmp_path / "good.pkl", "--json").expect(0).json()["pickle"]
    assert found["verdict"] == "harmless" and found["findings"] == []
    assert [name["name"] for name in found["globals"]] == ["__builtin__.set"]


def test_lock_is_the_same_twice(knapsack, hostile, tmp_path):
    locked(knapsack, tmp_path, hostile, "scan")
    first = (tmp_path / "p.lock").read_bytes()
    (tmp_path / "p.lock").unlink()
    locked(knapsack, tmp_path, hostile, "scan")
    assert (tmp_path / "p.lock").read_bytes() == first
    assert json.loads(first)
