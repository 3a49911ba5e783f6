"""A disk that fills up: exit code 2, what is needed and what is free, nothing half-written under a final name.

Every kind of work runs on file systems of twenty sizes between nothing and just too small: ten with too few bytes
and ten with too few files, because where bytes are missing most work ends before it begins.
A tmpfs counts every file, and 0 would mean that it has no limit.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import small_disk
import workload
from project import program
from workload import FORMS, SUFFIXES, Workload, shown, wrong_in

PAGE = 4096

pytestmark = [pytest.mark.root, pytest.mark.slow]


@pytest.fixture(scope="module")
def work(knapsack, tmp_path_factory) -> Workload:
    return workload.make(knapsack, tmp_path_factory.mktemp("small"), tensor=1 << 16)


def on_small_disks(disk: Path, command: list, environment: dict[str, str], prepare: dict[str, str] | None = None):
    """What each size gave, after a first run that shows how much is needed at all."""
    disk.mkdir()
    document = {
        "disk": str(disk), "command": list(map(str, command)), "environment": environment,
        "prepare": prepare or {}, "sizes": [small_disk.ENOUGH],
    }  # fmt: skip

    def run() -> list[dict]:
        unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        done = subprocess.run(
            [*unshare, sys.executable, program("small_disk.py")], input=json.dumps(document), capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    whole = run()[0]["first"]
    assert whole["code"] == 0, whole["text"]
    most, files = whole["used"] - PAGE, whole["inodes"] - 1
    least = len(document["prepare"]) + 2
    by_bytes = 10 if files > least else 20  # an archive is one file
    steps = [most * step // (by_bytes - 1) // PAGE * PAGE for step in range(by_bytes)]
    document["sizes"] = [f"size={max(PAGE, step)},nr_inodes=100000" for step in steps]
    rest = 20 - by_bytes
    document["sizes"] += [f"size=256m,nr_inodes={least + (files - least) * step // 9}" for step in range(rest)]
    results = run()
    assert len(results) == 20
    return whole, results


def assert_told(result: dict) -> None:
    first = result["first"]
    assert first["code"] == 2, (result["size"], first["text"])
    assert "not enough free space" in first["text"], (result["size"], first["text"])
    assert "needed" in first["text"] and "free" in first["text"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_pack_onto_a_full_disk(work, suffix, tmp_path):
    target = tmp_path / "disk" / f"bundle{suffix}"
    command = [work.knapsack.binary, "pack", work.manifest, "--output", target]
    whole, results = on_small_disks(tmp_path / "disk", command, work.knapsack.environment())
    for result in results:
        assert_told(result)
        left = [name for name in result["first"]["files"] if name.split("/")[0] == target.name]
        assert not left, (result["size"], left)
        assert result["second"]["code"] == 0, (result["size"], result["second"]["text"])
        assert result["second"]["files"] == whole["files"]


@pytest.mark.parametrize(
    ("suffix", "option"), [("", "--to"), ("", "--hf-cache"), (".tar.zst", "--hf-cache"), (".zip", "--kagglehub-cache")]
)
def test_unpack_onto_a_full_disk(work, suffix, option, tmp_path):
    target = tmp_path / "disk" / "target"
    command = [work.knapsack.binary, "unpack", work.bundles[suffix], option, target]
    whole, results = on_small_disks(tmp_path / "disk", command, work.knapsack.environment())
    expected = {name.removeprefix("target/"): what for name, what in whole["files"].items() if name != "target"}
    assert expected == work.expected[option]
    for result in results:
        assert_told(result)
        found = {name.removeprefix("target/"): what for name, what in result["first"]["files"].items()}
        found.pop("target", None)
        assert not wrong_in(found, expected), result["size"]
        assert not any(name.endswith(workload.UNFINISHED) for name in found)
        assert result["second"]["code"] == 0, (result["size"], result["second"]["text"])
        assert result["second"]["files"] == whole["files"]


def test_lock_onto_a_full_disk(work, tmp_path):
    """An index of digests that finds no room is done without; a lock is whole or not there."""
    disk = tmp_path / "disk"
    text = work.manifest.read_text().replace("path:files", f"path:{work.directory / 'files'}")
    command = [work.knapsack.binary, "lock", disk / "work.toml"]
    environment = {**work.knapsack.environment(), "KNAPSACK_CACHE_DIR": str(disk / "index")}
    whole, results = on_small_disks(disk, command, environment, {"work.toml": text})
    for result in results:
        first = result["first"]
        if first["code"] != 0:
            assert_told(result)
        assert first["files"].get("work.lock") == (None if first["code"] else whole["files"]["work.lock"])
        for name in first["files"]:
            assert name in ("work.toml", "work.lock") or name.startswith("index"), (result["size"], name)
        assert result["second"]["code"] == 0, (result["size"], result["second"]["text"])
        assert result["second"]["files"]["work.lock"] == whole["files"]["work.lock"]
    assert sum(result["first"]["code"] == 2 for result in results) >= 2


def test_loader_scratch_on_a_full_disk(work, tmp_path):
    """The loader states what is needed and where, and a second call with more room succeeds."""
    disk = tmp_path / "disk"
    code = (
        "import sys, hashlib; sys.dont_write_bytecode = True\n"
        f"sys.path.insert(0, {str(work.bundles[''])!r})\n"
        "import knapsack\n"
        "try:\n"
        "    path = knapsack.path('tuned')\n"
        "    print(hashlib.sha256(open(f'{path}/sub/w.safetensors', 'rb').read()).hexdigest())\n"
        "except knapsack.KnapsackError as error:\n"
        "    print(error); sys.exit(2)\n"
    )
    command = [sys.executable, "-c", code]
    whole, results = on_small_disks(disk, command, {"KNAPSACK_SCRATCH": str(disk / "scratch")})
    digest = work.expected["--to"]["tuned/sub/w.safetensors"]
    assert digest in whole["text"]
    rebuilt = {name: what for name, what in whole["files"].items() if "/rebuilt/" in name}
    for result in results:
        first = result["first"]
        assert first["code"] == 2, (result["size"], first["text"])
        assert "are free" in first["text"] or "No space left" in first["text"], first["text"]
        assert "Traceback" not in first["text"]
        for name, what in first["files"].items():
            if "/rebuilt/" in name:
                assert rebuilt.get(name) == what, (result["size"], name)
        assert result["second"]["code"] == 0 and digest in result["second"]["text"], result["second"]["text"]


def test_nothing_wrong_is_told_of_a_restored_directory(work):
    """The helper that the tests of killed runs believe in."""
    for option, name in FORMS.items():
        restored = shown(work.directory / name / "whole")
        assert not wrong_in(restored, work.expected[option])
        for missing in restored:
            if missing.endswith(".txt") and option == "--to":
                continue
            if restored[missing] != "directory" and "/snapshots/" in missing or "/versions/" in missing:
                assert wrong_in({k: v for k, v in restored.items() if k != missing}, work.expected[option]), missing
