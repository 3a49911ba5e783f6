"""Every way in which the clients lay out a cache gives the same files with the same digests, and states how it knows."""

import genuine
import pytest
from cli import digests, manifest, read_lock
from conftest import KAGGLE_MINILM, SHARDED, copy_cache
from genuine import MINILM

# What AutoTokenizer and AutoModel fetch: the part that every variant has.
LOADED = ["config.json", "model.safetensors", "special_tokens_map.json", "tokenizer*.json", "vocab.txt"]


@pytest.fixture(scope="module")
def expected(packed) -> dict[str, str]:
    everything = digests(read_lock(packed.lock)["minilm"])
    loaded = {"config.json", "model.safetensors", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"}
    return {path: digest for path, digest in everything.items() if path in loaded | {"vocab.txt"}}


def lock_minilm(knapsack, directory, source: str, **caches) -> dict:
    path = directory / "variant.toml"
    path.write_text(manifest(model=[{"name": "minilm", "source": source, "license": "mit", "include": LOADED}]))
    knapsack.with_caches(**caches)("lock", path).expect(0)
    return read_lock(path.with_suffix(".lock"))["minilm"]


def proofs(entry: dict) -> dict[str, str]:
    return {file["path"]: file["proof"] for file in entry["files"]}


def assert_proved(entry: dict) -> None:
    """The weights are proved by a SHA-256 that the cache knows, the small files by git's name for them."""
    for path, proof in proofs(entry).items():
        assert proof.endswith("sha256" if path == "model.safetensors" else "git-sha1"), path


@pytest.mark.smoke
def test_snapshots_of_links(knapsack, caches, expected, tmp_path):
    entry = lock_minilm(knapsack, tmp_path, f"hf:{MINILM}@main", hub=caches.hub)
    assert digests(entry) == expected
    assert_proved(entry)


def test_links_without_a_tree_listing(knapsack, hub, expected, tmp_path):
    genuine.from_pretrained(hub, tmp_path / "hub", MINILM)
    assert not list((tmp_path / "hub").glob("models--*/trees"))
    entry = lock_minilm(knapsack, tmp_path, f"hf:{MINILM}", hub=tmp_path / "hub")
    assert digests(entry) == expected
    assert_proved(entry)
    assert {proof.split("-")[0] for proof in proofs(entry).values()} == {"blob"}


@pytest.mark.smoke
def test_double_links_into_the_shared_blob_store(knapsack, caches, expected, tmp_path):
    cache = copy_cache(caches.hub, tmp_path / "hub")
    assert genuine.move_blobs_to_shared_store(cache) >= 1
    entry = lock_minilm(knapsack, tmp_path, f"hf:{MINILM}@main", hub=cache)
    assert digests(entry) == expected
    assert_proved(entry)


def test_plain_copies_with_a_tree_listing(knapsack, hub, expected, tmp_path):
    cache = tmp_path / "hub"
    genuine.snapshot_download(hub, cache, MINILM, environment={"HF_HUB_DISABLE_SYMLINKS": "1"})
    assert not [path for path in cache.rglob("*") if path.is_symlink()]
    entry = lock_minilm(knapsack, tmp_path, f"hf:{MINILM}@main", hub=cache)
    assert digests(entry) == expected
    assert_proved(entry)
    assert {proof.split("-")[0] for proof in proofs(entry).values()} == {"tree"}


def test_plain_copies_without_a_tree_listing_prove_nothing(knapsack, hub, expected, tmp_path):
    cache = tmp_path / "hub"
    genuine.snapshot_download(hub, cache, MINILM, environment={"HF_HUB_DISABLE_SYMLINKS": "1"})
    for listing in cache.glob("models--*/trees/*.json"):
        listing.unlink()
    entry = lock_minilm(knapsack, tmp_path, f"hf:{MINILM}@main", hub=cache)
    assert digests(entry) == expected
    assert set(proofs(entry).values()) == {"none"}


def test_local_directory_of_the_hub_client(knapsack, hub, expected, tmp_path):
    target = tmp_path / "minilm"
    genuine.snapshot_download(hub, tmp_path / "hub", MINILM, f"local_dir={str(target)!r}")
    entry = lock_minilm(knapsack, tmp_path, "path:minilm")
    assert digests(entry) == expected
    assert_proved(entry)


def test_kagglehub_versions_prove_nothing_but_hold_the_same(knapsack, caches, expected, tmp_path):
    for number, source in enumerate((f"kaggle:{KAGGLE_MINILM}/1", f"kaggle:{KAGGLE_MINILM}")):
        directory = tmp_path / str(number)
        directory.mkdir()
        entry = lock_minilm(knapsack, directory, source, kagglehub=caches.kagglehub)
        assert digests(entry) == expected
        assert set(proofs(entry).values()) == {"none"}
        assert entry["resolved"]["kaggle"] == {"handle": f"{KAGGLE_MINILM}/1", "type": "model"}


def test_revision_may_be_a_tag_a_commit_or_a_short_commit(knapsack, hub, caches, tmp_path):
    cache = copy_cache(caches.hub, tmp_path / "hub")
    genuine.snapshot_download(hub, cache, SHARDED, "revision='v1.0'")
    commit = hub.repos["model", SHARDED].refs["v1.0"]
    found = []
    for revision in ("main", "v1.0", commit, commit[:8]):
        path = tmp_path / "sharded.toml"
        path.write_text(manifest(model=[{"name": "sharded", "source": f"hf:{SHARDED}@{revision}"}]))
        path.with_suffix(".lock").unlink(missing_ok=True)
        knapsack.with_caches(cache)("lock", path).expect(0)
        entry = read_lock(path.with_suffix(".lock"))["sharded"]
        assert entry["resolved"]["hub"]["commit"] == commit
        found.append(digests(entry))
    assert found == [found[0]] * 4


def test_caches_are_found_as_the_clients_find_them(knapsack, caches, tmp_path):
    """HF_HUB_CACHE before HUGGINGFACE_HUB_CACHE before HF_HOME before XDG_CACHE_HOME before ~/.cache."""
    empty = tmp_path / "empty"
    empty.mkdir()
    path = tmp_path / "sharded.toml"
    path.write_text(manifest(model=[{"name": "sharded", "source": f"hf:{SHARDED}@main"}]))
    home = tmp_path / "home"
    for place in (home / ".cache" / "huggingface", tmp_path / "xdg" / "huggingface", tmp_path / "hf-home"):
        place.mkdir(parents=True)
        (place / "hub").symlink_to(caches.hub)
    xdg, hf_home, full = str(tmp_path / "xdg"), str(tmp_path / "hf-home"), str(caches.hub)
    for variables in (
        {"HF_HUB_CACHE": full, "HUGGINGFACE_HUB_CACHE": str(empty), "HF_HOME": str(empty)},
        {"HUGGINGFACE_HUB_CACHE": full, "HF_HOME": str(empty), "XDG_CACHE_HOME": str(empty)},
        {"HF_HOME": hf_home, "XDG_CACHE_HOME": str(empty)},
        {"HF_HOME": "$SOMEWHERE/hf-home", "SOMEWHERE": str(tmp_path)},
        {"HF_HOME": "~/.cache/huggingface"},
        {"XDG_CACHE_HOME": xdg},
        {},
    ):
        runner = knapsack.with_caches(**variables, HOME=str(home))
        if "HF_HUB_CACHE" not in variables:
            del runner.variables["HF_HUB_CACHE"]
        path.with_suffix(".lock").unlink(missing_ok=True)
        runner("lock", path).expect(0)
        assert len(read_lock(path.with_suffix(".lock"))["sharded"]["files"]) == 8
