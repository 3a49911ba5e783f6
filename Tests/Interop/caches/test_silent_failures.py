"""What breaks a notebook without a word from the clients is a finding with a fix, before anything is packed.

The faults are made as they come about in life, by the real client wherever it can make them.
"""

import shutil

import genuine
import pytest
from cli import manifest
from conftest import KAGGLE_SET, SHARDED, copy_cache, make_sharded_model
from hub_server import HubServer, lfs_pointer

SNAPSHOTS = "models--tester--sharded/snapshots"


@pytest.fixture
def own_hub():
    server = HubServer()
    yield server
    server.close()


def lock_sharded(knapsack, directory, cache, **entry):
    """Locks the sharded model, checks it if the lock was written, and returns the run that found something."""
    path = directory / "sharded.toml"
    path.write_text(manifest(model=[{"name": "sharded", "source": f"hf:{SHARDED}@main", **entry}]))
    done = knapsack.with_caches(cache)("lock", path)
    if done.code == 0:
        done = knapsack.with_caches(cache)("check", path)
    return done


def assert_found(done, *words: str) -> None:
    done.expect(1, 2)
    for word in words:
        assert word in done.text, done.text


@pytest.mark.smoke
def test_a_shard_that_the_index_names_is_missing(knapsack, hub, tmp_path):
    genuine.snapshot_download(hub, tmp_path / "hub", SHARDED, "ignore_patterns='*-00002-of-*'")
    done = lock_sharded(knapsack, tmp_path, tmp_path / "hub")
    assert_found(done, "model-00002-of-00002.safetensors")


@pytest.mark.smoke
def test_a_shard_is_left_out_by_the_manifest(knapsack, caches, tmp_path):
    done = lock_sharded(knapsack, tmp_path, caches.hub, exclude=["*-00002-of-*"])
    assert_found(done, "model-00002-of-00002.safetensors")


def test_tokenizer_files_are_missing(knapsack, hub, tmp_path):
    genuine.snapshot_download(hub, tmp_path / "hub", SHARDED, "ignore_patterns=['vocab.txt', 'tokenizer*']")
    assert_found(lock_sharded(knapsack, tmp_path, tmp_path / "hub"), "tokenizer")


def test_config_is_missing(knapsack, hub, tmp_path):
    genuine.snapshot_download(hub, tmp_path / "hub", SHARDED, "ignore_patterns='config.json'")
    assert_found(lock_sharded(knapsack, tmp_path, tmp_path / "hub"), "config.json")


def test_a_file_of_the_tree_listing_is_missing(knapsack, caches, tmp_path):
    cache = copy_cache(caches.hub, tmp_path / "hub")
    (link,) = cache.glob(f"{SNAPSHOTS}/*/tokenizer_config.json")
    link.unlink()
    assert_found(lock_sharded(knapsack, tmp_path, cache), "tokenizer_config.json")


def test_main_moved_to_a_commit_that_has_only_a_config(knapsack, own_hub, tmp_path):
    files = make_sharded_model(tmp_path / "origin")
    first = own_hub.add(SHARDED, files)
    genuine.snapshot_download(own_hub, tmp_path / "hub", SHARDED)
    (files / "README.md").write_text("A new word.\n")
    own_hub.add(SHARDED, files)
    call = f"from huggingface_hub import hf_hub_download; hf_hub_download({SHARDED!r}, 'config.json')"
    variables = {**own_hub.client_environment(), "HF_HUB_CACHE": str(tmp_path / "hub")}
    genuine.run_python(call, variables, tmp_path / "home")
    # The way out that a person wants to read is the commit that is still there, whole.
    assert_found(lock_sharded(knapsack, tmp_path, tmp_path / "hub"), first[:7])


def test_a_git_lfs_pointer_stands_in_place_of_content(knapsack, own_hub, tmp_path):
    files = make_sharded_model(tmp_path / "origin")
    shard = files / "model-00001-of-00002.safetensors"
    shard.write_bytes(lfs_pointer("0" * 64, 4096))
    own_hub.add(SHARDED, files, lfs=False)
    genuine.snapshot_download(own_hub, tmp_path / "hub", SHARDED)
    assert_found(lock_sharded(knapsack, tmp_path, tmp_path / "hub"), "LFS pointer", shard.name)


def test_a_dangling_link_as_a_copied_model_directory_leaves_it(knapsack, caches, tmp_path):
    cache = copy_cache(caches.hub, tmp_path / "hub")
    assert genuine.move_blobs_to_shared_store(cache)
    shutil.rmtree(cache / "blobs")
    assert_found(lock_sharded(knapsack, tmp_path, cache), "safetensors")


def test_a_link_out_of_the_cache_is_refused(knapsack, caches, tmp_path):
    cache = copy_cache(caches.hub, tmp_path / "hub")
    (tmp_path / "secret.txt").write_text("not the cache's")
    (snapshot,) = cache.glob(f"{SNAPSHOTS}/*")
    (snapshot / "vocab.txt").unlink()
    (snapshot / "vocab.txt").symlink_to(tmp_path / "secret.txt")
    assert_found(lock_sharded(knapsack, tmp_path, cache), "vocab.txt")


def test_an_interrupted_kagglehub_download_has_no_marker(knapsack, caches, tmp_path):
    cache = copy_cache(caches.kagglehub, tmp_path / "kagglehub")
    (marker,) = cache.glob(f"datasets/{KAGGLE_SET}/*.complete")
    marker.unlink()
    path = tmp_path / "set.toml"
    path.write_text(manifest(dataset=[{"name": "set", "source": f"kaggle-dataset:{KAGGLE_SET}/versions/3"}]))
    assert_found(knapsack.with_caches(None, cache)("lock", path), KAGGLE_SET)


def test_an_interrupted_hub_download_leaves_an_incomplete_blob(knapsack, hub, tmp_path):
    cache = tmp_path / "hub"
    genuine.snapshot_download(hub, cache, SHARDED, "ignore_patterns='*-00002-of-*'")
    sha256 = hub.repos["model", SHARDED].commits[hub.repos["model", SHARDED].refs["main"]][
        "model-00002-of-00002.safetensors"
    ].sha256
    (cache / "models--tester--sharded" / "blobs" / f"{sha256}.1a2b3c4d.incomplete").write_bytes(b"half")
    assert_found(lock_sharded(knapsack, tmp_path, cache), "model-00002-of-00002.safetensors", "incomplete")


def test_a_changed_blob_is_found_by_lock(knapsack, caches, tmp_path):
    cache = copy_cache(caches.hub, tmp_path / "hub")
    (link,) = cache.glob(f"{SNAPSHOTS}/*/model-00001-of-00002.safetensors")
    blob = link.resolve()
    content = bytearray(blob.read_bytes())
    content[-5] ^= 1
    blob.chmod(0o644)
    blob.write_bytes(content)
    assert_found(lock_sharded(knapsack, tmp_path, cache), "model-00001-of-00002.safetensors", blob.name[:12])
