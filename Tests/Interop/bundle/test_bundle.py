"""What lock and pack leave on disk, read with other tools than Knapsack."""

import pytest
import json
import shutil
import subprocess

from cli import contents, digests, read_lock, sha256
from conftest import copy_cache
from genuine import MINILM_FILES


@pytest.mark.smoke
def test_sha256sum_proves_every_file_of_the_bundle(packed):
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=packed.bundle, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    listed = {line.split("  ", 1)[1] for line in (packed.bundle / "SHA256SUMS").read_text().splitlines()}
    stored = {path.relative_to(packed.bundle).as_posix() for path in packed.bundle.rglob("*") if path.is_file()}
    # Kaggle takes dataset-metadata.json out of a dataset; with a line for it, the mounted one would look damaged.
    assert listed == stored - {"SHA256SUMS", "dataset-metadata.json"}


@pytest.mark.smoke
def test_lock_names_the_digest_of_every_original_file(packed):
    entry = read_lock(packed.lock)["minilm"]
    originals = {
        path.relative_to(MINILM_FILES).as_posix(): sha256(path) for path in MINILM_FILES.rglob("*") if path.is_file()
    }
    assert digests(entry) == originals
    assert entry["resolved"]["license"] == {"from": "model-card", "id": "apache-2.0"}
    assert "none" not in {file["proof"] for file in entry["files"]}


def test_bundle_carries_the_lock_itself(packed):
    assert (packed.bundle / "knapsack.lock").read_bytes() == packed.lock.read_bytes()


def test_equal_files_are_stored_once(packed):
    stored = [sha256(path) for path in packed.bundle.rglob("*") if path.is_file() and path.stat().st_size > 0]
    assert len(stored) == len(set(stored))
    weights = sha256(MINILM_FILES / "model.safetensors")
    assert sum(digest == weights for digest in stored) == 1
    # The entry without the weights' natural path states where they are stored.
    lock = read_lock(packed.lock)
    places = [
        file.get("at") for name in ("minilm", "minilm-kaggle") for file in lock[name]["files"] if file["sha256"] == weights
    ]
    assert places == [None, "models/minilm/model.safetensors"]


def test_bundle_holds_real_files_with_names_that_kaggle_takes(packed):
    found = contents(packed.bundle)
    assert not [name for name, what in found.items() if what.startswith("link")]
    assert not [name for name, what in found.items() if what == "directory" and not any((packed.bundle / name).iterdir())]
    assert not [name for name in found if not all(letter.isalnum() or letter in "._-/" for letter in name)]
    assert len(list(packed.bundle.iterdir())) <= 50


def test_a_second_pack_gives_the_same_bytes(packed, tmp_path):
    packed.knapsack("pack", packed.manifest, "--output", tmp_path / "again").expect(0)
    assert contents(tmp_path / "again") == contents(packed.bundle)


def test_lock_is_the_same_elsewhere_in_another_zone_and_language(packed, caches, tmp_path):
    hub = copy_cache(caches.hub, tmp_path / "a longer way" / "to the hub")
    kagglehub = copy_cache(caches.kagglehub, tmp_path / "k")
    directory = tmp_path / "elsewhere"
    directory.mkdir()
    shutil.copytree(packed.manifest.parent / "notes", directory / "notes")
    manifest = directory / packed.manifest.name
    manifest.write_bytes(packed.manifest.read_bytes())
    other = packed.knapsack.with_caches(
        hub, kagglehub, TZ="Pacific/Chatham", LC_ALL="tr_TR.UTF-8", LANG="de_DE", HOME=str(tmp_path / "home"),
        KNAPSACK_CACHE_DIR=str(tmp_path / "index"),
    )  # fmt: skip
    other("lock", manifest.name, cwd=directory).expect(0)
    assert manifest.with_suffix(".lock").read_bytes() == packed.lock.read_bytes()
    other("lock", manifest).expect(0)
    assert manifest.with_suffix(".lock").read_bytes() == packed.lock.read_bytes()


def test_lock_and_pack_leave_the_caches_as_they_were(knapsack, caches, tmp_path):
    from cli import manifest
    from conftest import KAGGLE_SET, SHARDED

    hub = copy_cache(caches.hub, tmp_path / "hub")
    kagglehub = copy_cache(caches.kagglehub, tmp_path / "kagglehub")
    before = [contents(hub), contents(kagglehub)]
    path = tmp_path / "small.toml"
    path.write_text(
        manifest(
            model=[{"name": "sharded", "source": f"hf:{SHARDED}"}],
            dataset=[{"name": "set", "source": f"kaggle-dataset:{KAGGLE_SET}"}],
        )
    )
    for option in (hub, kagglehub):
        for directory in [option, *option.rglob("*")]:
            if directory.is_dir() and not directory.is_symlink():
                directory.chmod(0o555)
    runner = knapsack.with_caches()
    options = ("--hf-cache", hub, "--kagglehub-cache", kagglehub)
    runner("lock", path, *options).expect(0)
    runner("pack", path, *options, "--output", tmp_path / "bundle").expect(0)
    runner("verify", path.with_suffix(".lock"), *options).expect(0)
    assert [contents(hub), contents(kagglehub)] == before
    assert json.loads((tmp_path / "bundle" / "dataset-metadata.json").read_text())["id"] == "tester/interop-models"
    # The handle without a version got the newest one, and the lock pins it.
    resolved = read_lock(path.with_suffix(".lock"))["set"]["resolved"]["kaggle"]
    assert resolved == {"handle": f"{KAGGLE_SET}/versions/3", "type": "dataset"}
