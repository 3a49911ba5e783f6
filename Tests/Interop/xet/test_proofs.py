"""Xet hashes in a cache are recomputed where nothing else proves a file. The judge is hf_xet."""

import hashlib
import json
import random
import sqlite3
import time
from pathlib import Path

import hf_xet
import pytest
import xet_shapes
from cli import manifest, read_lock

COMMIT = "c" * 40
REPO = "tester/xet"
COUNT = 1000


def cache_of(directory: Path, contents: list[bytes], shared: bool) -> dict[str, Path]:
    """A cache in which only the listing, or only names in the shared store, state what the files are.

    Returns where the content of each file is.
    """
    folder = directory / "models--tester--xet"
    snapshot = folder / "snapshots" / COMMIT
    for path in (snapshot, folder / "refs", folder / "trees", folder / "blobs"):
        path.mkdir(parents=True)
    (folder / "refs/main").write_text(COMMIT)
    places = {f"{number:04}.dat": snapshot / f"{number:04}.dat" for number in range(len(contents))}
    for path, content in zip(places.values(), contents, strict=True):
        path.write_bytes(content)
    hashes = [info.hash for info in hf_xet.hash_files([str(path) for path in places.values()])]
    if not shared:
        entries = {
            name: {"size": len(content), "blob_id": pointer(content), "xet_hash": hash}
            for name, content, hash in zip(places, contents, hashes, strict=True)
        }
        (folder / f"trees/{COMMIT}.json").write_text(json.dumps({"format_version": 1, "files": entries}, indent=1))
        return places
    store = directory / "blobs"
    store.mkdir()
    (store / ".huggingface-shared-blobs").write_text("1\n")
    for name, hash in zip(places, hashes, strict=True):
        target = store / hash[:2] / hash
        target.parent.mkdir(exist_ok=True)
        places[name].replace(target)
        places[name].symlink_to(f"../../../blobs/{hash[:2]}/{hash}")
        places[name] = target
    return places


def pointer(content: bytes) -> str:
    """git's name of the pointer that stands for the content in a repository: no digest of the content itself."""
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(content).hexdigest()}\nsize {len(content)}\n"
    return hashlib.sha1(f"blob {len(text)}\0{text}".encode()).hexdigest()


def project(directory: Path) -> Path:
    path = directory / "xet.toml"
    path.write_text(manifest(files=[{"name": "all", "source": f"hf:{REPO}@main"}]))
    return path


def flip(path: Path, numbers: random.Random) -> None:
    """Flips a bit, and leaves the times as they were where that is possible."""
    content = bytearray(path.read_bytes())
    bit = numbers.randrange(8 * len(content))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


@pytest.mark.oracle
@pytest.mark.parametrize("shared", [False, True], ids=["listing", "shared-store"])
def test_files_of_all_shapes_have_the_hashes_that_hf_xet_gives_them(knapsack, tmp_path, shared):
    contents = xet_shapes.contents(COUNT)
    if shared:
        # One name, one content.
        contents = list(dict.fromkeys(contents))[:200]
    cache_of(tmp_path / "hub", contents, shared)
    program = knapsack.with_caches(tmp_path / "hub")
    path = project(tmp_path)
    program("lock", path, "--rehash", timeout=600).expect(0)
    files = read_lock(path.with_suffix(".lock"))["all"]["files"]
    assert len(files) == len(contents)
    assert {file["proof"] for file in files} == {"blob-xet" if shared else "tree-xet"}
    assert [file["sha256"] for file in files] == [hashlib.sha256(content).hexdigest() for content in contents]
    program("verify", path.with_suffix(".lock"), timeout=600).expect(0)


@pytest.mark.fuzz
@pytest.mark.parametrize("shared", [False, True], ids=["listing", "shared-store"])
def test_a_flipped_bit_in_any_file_is_found(knapsack, tmp_path, shared):
    contents = [content for content in dict.fromkeys(xet_shapes.contents(220)) if content]
    places = cache_of(tmp_path / "hub", contents, shared)
    program = knapsack.with_caches(tmp_path / "hub")
    path = project(tmp_path)
    program("lock", path, timeout=600).expect(0)
    numbers = random.Random(4)
    for place in places.values():
        flip(place, numbers)
    done = program("lock", path, "--rehash", timeout=600).expect(1)
    missed = [name for name in places if f"{name} does not match its hash in the cache" not in done.text]
    assert not missed
    assert "expected xet hash" in done.text and "found    xet hash" in done.text


def test_a_digest_of_another_kind_is_enough_and_a_wrong_name_is_seen_without_reading(knapsack, tmp_path):
    contents = [xet_shapes.noise("a", 50_000), xet_shapes.noise("b", 50_000)]
    places = cache_of(tmp_path / "hub", contents, shared=False)
    listing = tmp_path / f"hub/models--tester--xet/trees/{COMMIT}.json"
    entries = json.loads(listing.read_text())
    for name, content in zip(places, contents, strict=True):
        entries["files"][name] |= {"lfs_sha256": hashlib.sha256(content).hexdigest(), "lfs_size": len(content)}
        entries["files"][name]["xet_hash"] = "0" * 64
    listing.write_text(json.dumps(entries))
    program = knapsack.with_caches(tmp_path / "hub")
    path = project(tmp_path)
    # The Hub's SHA-256 proves the file; that takes no time for a second hash.
    program("lock", path).expect(0)
    assert {file["proof"] for file in read_lock(path.with_suffix(".lock"))["all"]["files"]} == {"tree-sha256"}


def test_verify_finds_content_that_was_locked_wrong(knapsack, tmp_path):
    """A lock from before the listing was there pins what is on the disk; the listing states otherwise."""
    places = cache_of(tmp_path / "hub", [xet_shapes.noise("a", 300_000), xet_shapes.words("b", 9_000)], shared=False)
    listing = tmp_path / f"hub/models--tester--xet/trees/{COMMIT}.json"
    text = listing.read_text()
    listing.unlink()
    flip(places["0000.dat"], random.Random(1))
    program = knapsack.with_caches(tmp_path / "hub")
    path = project(tmp_path)
    program("lock", path).expect(0)
    program("verify", path.with_suffix(".lock")).expect(0)
    listing.write_text(text)
    done = program("verify", path.with_suffix(".lock")).expect(1)
    assert "0000.dat has the content that was locked, which is not what its cache states" in done.text
    assert "0001.dat" not in done.text


def test_a_xet_hash_is_remembered(knapsack, tmp_path):
    places = cache_of(tmp_path / "hub", [xet_shapes.noise("a", 300_000)], shared=False)
    program = knapsack.with_caches(tmp_path / "hub", KNAPSACK_CACHE_DIR=str(tmp_path / "index"))
    path = project(tmp_path)
    time.sleep(2.1)  # Digests of files that were written a moment ago are not remembered.
    program("lock", path).expect(0)
    path.with_suffix(".lock").unlink()
    with sqlite3.connect(tmp_path / "index/digests.sqlite") as index:
        [(hash,)] = index.execute("SELECT xet FROM digest").fetchall()
    assert hash == hf_xet.hash_files([str(places["0000.dat"])])[0].hash
    program("lock", path).expect(0)
    assert read_lock(path.with_suffix(".lock"))["all"]["files"][0]["proof"] == "tree-xet"
