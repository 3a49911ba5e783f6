"""Verify finds every damage, in the bundle and in the caches, and names the file."""

import json
import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli import Knapsack, manifest, read_lock
from conftest import HUB_SET, KAGGLE_SET, SHARDED, copy_cache

FLIPS = 100  # in the bundle, and as many in the caches


@dataclass
class Small:
    """A bundle small enough to be verified hundreds of times, with caches of its own."""

    knapsack: Knapsack
    lock: Path
    bundle: Path
    hub: Path
    kagglehub: Path

    def verify_bundle(self, *options: str):
        return self.knapsack("verify", self.bundle, *options)

    def verify_caches(self, *options: str):
        return self.knapsack("verify", self.lock, *options)


@pytest.fixture(scope="module")
def small(knapsack, caches, tmp_path_factory) -> Small:
    directory = tmp_path_factory.mktemp("damage")
    hub = copy_cache(caches.hub, directory / "hub")
    kagglehub = copy_cache(caches.kagglehub, directory / "kagglehub")
    path = directory / "small.toml"
    (directory / "odd").mkdir()
    (directory / "odd" / "a b@c.txt").write_text("A name that Kaggle refuses.\n")
    path.write_text(
        manifest(
            model=[{"name": "sharded", "source": f"hf:{SHARDED}@main"}],
            dataset=[
                {"name": "hub-set", "source": f"hf-dataset:{HUB_SET}@main"},
                {"name": "kaggle-set", "source": f"kaggle-dataset:{KAGGLE_SET}/versions/3"},
            ],
            files=[{"name": "odd", "source": "path:odd"}],
        )
    )
    runner = knapsack.with_caches(hub, kagglehub)
    runner("lock", path).expect(0)
    runner("pack", path, "--output", directory / "bundle").expect(0)
    made = Small(runner, path.with_suffix(".lock"), directory / "bundle", hub, kagglehub)
    made.verify_bundle().expect(0)
    made.verify_caches().expect(0)
    return made


class Damaged:
    """A file changed for a moment: what it was comes back at the end, with its times."""

    def __init__(self, path: Path, content: bytes):
        self.path, self.content = path, content

    def __enter__(self):
        self.status = self.path.stat()
        self.original = self.path.read_bytes()
        self.path.chmod(0o644)
        self.write(self.content)

    def __exit__(self, *_):
        self.write(self.original)
        self.path.chmod(self.status.st_mode)

    def write(self, content: bytes):
        """In place and with the old times: a program that trusts size and modification time sees no change."""
        self.path.write_bytes(content)
        os.utime(self.path, ns=(self.status.st_atime_ns, self.status.st_mtime_ns))


def flipped(content: bytes, dice: random.Random) -> bytes:
    position = dice.randrange(len(content))
    return content[:position] + bytes([content[position] ^ (1 << dice.randrange(8))]) + content[position + 1 :]


def files_below(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def test_a_flipped_bit_in_the_bundle_is_found(small):
    dice = random.Random(20262)
    files = [path for path in files_below(small.bundle) if path.stat().st_size]
    assert {path.name for path in files} >= {"SHA256SUMS", "knapsack.lock", "knapsack.py", "README.md", "config.json"}
    missed = []
    for _ in range(FLIPS):
        file = dice.choice(files)
        with Damaged(file, flipped(file.read_bytes(), dice)):
            done = small.verify_bundle()
        # A lock or a list of sums that cannot be read any more cannot be decided by; anything else can.
        codes = (1, 2) if file.name in ("knapsack.lock", "SHA256SUMS") else (1,)
        if done.code not in codes or file.name not in done.text:
            missed.append((file.relative_to(small.bundle).as_posix(), done.code, done.text))
    assert missed == []
    small.verify_bundle().expect(0)


def cache_files(small: Small) -> dict[str, Path]:
    """The content in the caches that the lock names, by a word of its file that a message has to hold."""
    files = {}
    for name, entry in read_lock(small.lock).items():
        if name == "odd":
            root = small.lock.parent / "odd"
        elif name == "kaggle-set":
            root = small.kagglehub / "datasets" / KAGGLE_SET / "versions" / "3"
        else:
            source = entry["resolved"]["hub"]
            folder = f"{source['repo_type']}s--{source['repo_id'].replace('/', '--')}"
            root = small.hub / folder / "snapshots" / source["commit"]
        files |= {f"{name}/{file['path']}": (root / file["path"]).resolve() for file in entry["files"]}
    return files


@pytest.mark.slow
def test_a_flipped_bit_in_the_caches_is_found(small):
    dice = random.Random(20263)
    files = {name: path for name, path in cache_files(small).items() if path.stat().st_size}
    assert len(files) == 7 + 3 + 3 + 1
    missed = []
    for _ in range(FLIPS):
        name, file = dice.choice(sorted(files.items()))
        with Damaged(file, flipped(file.read_bytes(), dice)):
            done = small.verify_caches()
        if done.code != 1 or name.split("/", 1)[1] not in done.text:
            missed.append((name, done.code, done.text))
    assert missed == []
    small.verify_caches().expect(0)


SHARD = "models/sharded/model-00001-of-00002.safetensors"


@pytest.mark.parametrize("option", [(), ("--quick",)], ids=["full", "quick"])
@pytest.mark.parametrize("keep", [0, 1, 2047, -1], ids=["emptied", "one byte", "cut in the middle", "last byte cut"])
def test_a_truncated_file_is_found(small, keep, option):
    file = small.bundle / SHARD
    with Damaged(file, file.read_bytes()[:keep]):
        assert SHARD in small.verify_bundle(*option).expect(1).text


@pytest.mark.parametrize("option", [(), ("--quick",)], ids=["full", "quick"])
def test_a_missing_file_is_found(small, tmp_path, option):
    for file in files_below(small.bundle):
        if file.name == "knapsack.lock":
            continue
        shutil.move(file, tmp_path / "away")
        try:
            if file.name == "dataset-metadata.json":  # Kaggle keeps it, and it follows from the lock
                assert file.name in small.verify_bundle(*option, "--verbose").expect(0).text
                continue
            assert file.name in small.verify_bundle(*option).expect(1).text
        finally:
            shutil.move(tmp_path / "away", file)
    small.verify_bundle(*option).expect(0)


@pytest.mark.parametrize("option", [(), ("--quick",)], ids=["full", "quick"])
@pytest.mark.parametrize("place", ["extra.txt", "models/sharded/extra.txt", "store/extra", "models/new/extra.txt"])
def test_an_extra_file_is_found(small, place, option):
    extra = small.bundle / place
    made = not extra.parent.exists()
    extra.parent.mkdir(exist_ok=True)
    extra.write_text("nobody asked for it")
    try:
        assert place in small.verify_bundle(*option).expect(1).text
    finally:
        extra.unlink()
        if made:
            extra.parent.rmdir()


@pytest.mark.smoke
def test_swapped_files_are_found(small):
    first, second = small.bundle / SHARD, small.bundle / SHARD.replace("00001-of", "00002-of")
    one, other = first.read_bytes(), second.read_bytes()
    assert one != other and len(one) == len(other)
    with Damaged(first, other), Damaged(second, one):
        text = small.verify_bundle().expect(1).text
    assert first.name in text and second.name in text


@pytest.mark.smoke
def test_a_file_replaced_by_a_link_or_a_directory_is_found(small, tmp_path):
    file = small.bundle / SHARD
    shutil.move(file, tmp_path / "away")
    try:
        file.symlink_to(tmp_path / "away")
        assert SHARD in small.verify_bundle().expect(1, 2).text
        file.unlink()
        file.mkdir()
        assert SHARD in small.verify_bundle().expect(1, 2).text
        file.rmdir()
    finally:
        shutil.move(tmp_path / "away", file)


def test_a_missing_file_of_the_caches_is_found(small, tmp_path):
    for name, file in cache_files(small).items():
        shutil.move(file, tmp_path / "away")
        try:
            assert name.split("/", 1)[1] in small.verify_caches().expect(1, 2).text
        finally:
            shutil.move(tmp_path / "away", file)
    small.verify_caches().expect(0)


def test_verify_says_as_json_what_it_found(small):
    assert small.verify_bundle("--json").expect(0).json()
    file = small.bundle / SHARD
    with Damaged(file, flipped(file.read_bytes(), random.Random(1))):
        done = small.verify_bundle("--json").expect(1)
    assert SHARD in json.dumps(done.json())


def test_a_bundle_that_is_not_there_cannot_be_decided(small, tmp_path):
    small.knapsack("verify", tmp_path / "nowhere").expect(2)
    small.knapsack("verify", tmp_path / "nowhere.lock").expect(2)
    (tmp_path / "empty").mkdir()
    small.knapsack("verify", tmp_path / "empty").expect(2)
