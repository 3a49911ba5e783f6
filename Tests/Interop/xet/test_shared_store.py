"""The real client loads by Xet, from the stand-in: what that leaves in the store that repositories share is proved."""

import random

import genuine
import pytest
import xet_shapes
from cli import manifest, read_lock
from fetching import layout, started
from xet_hub import XetHub

REPO = "tester/shared"
WITH_XET = {"HF_HUB_DISABLE_XET": "0"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    origin = tmp_path_factory.mktemp("origin-shared")
    base = xet_shapes.noise("base", 1_500_000)
    (origin / "config.json").write_text('{"model_type": "bert"}')
    (origin / "model.bin").write_bytes(base)
    (origin / "tuned.bin").write_bytes(base[:700_000] + b"tuned" + base[700_000:])
    (origin / "floats.bin").write_bytes(xet_shapes.floats("f", 400_000))
    server = XetHub(tmp_path_factory.mktemp("store"))
    server.add(REPO, origin)
    server.put_into_xet("model", REPO)
    yield server
    server.close()


@pytest.fixture
def cache(hub, tmp_path):
    # One after the other: of several threads that make the store at once, the client lets only one use it.
    genuine.snapshot_download(hub, tmp_path / "hub", REPO, "max_workers=1", environment=WITH_XET)
    assert not any("/cdn/" in request for request in hub.requests)
    return tmp_path / "hub"


def stored(cache):
    """What is in the shared store."""
    return sorted(path for path in cache.glob("blobs/??/*") if not path.suffix)


def by_xet_alone(cache):
    """Takes out of the cache whatever else states what the files are."""
    for path in cache.glob("models--*/snapshots/*/*"):
        target = path.resolve()
        if target in stored(cache):
            path.unlink()
            path.symlink_to(f"../../../blobs/{target.name[:2]}/{target.name}")
    for listing in cache.glob("models--*/trees/*"):
        listing.unlink()


@pytest.mark.oracle
def test_the_real_client_takes_the_stand_in_for_xet_and_its_names_are_proofs(knapsack, cache, tmp_path):
    assert len(stored(cache)) == 3
    by_xet_alone(cache)
    program = knapsack.with_caches(cache)
    path = tmp_path / "shared.toml"
    path.write_text(manifest(files=[{"name": "all", "source": f"hf:{REPO}@main"}]))
    program("lock", path, "--rehash").expect(0)
    files = read_lock(path.with_suffix(".lock"))["all"]["files"]
    assert [file["proof"] for file in files] == ["blob-git-sha1", "blob-xet", "blob-xet", "blob-xet"]
    program("verify", path.with_suffix(".lock")).expect(0)


@pytest.mark.parametrize("number", range(3))
def test_a_flipped_bit_in_the_shared_store_is_found_by_lock_and_by_verify(knapsack, cache, tmp_path, number):
    by_xet_alone(cache)
    program = knapsack.with_caches(cache)
    path = tmp_path / "shared.toml"
    path.write_text(manifest(files=[{"name": "all", "source": f"hf:{REPO}@main"}]))
    program("lock", path).expect(0)
    wrong = stored(cache)[number]
    content = bytearray(wrong.read_bytes())
    content[random.Random(number).randrange(len(content))] ^= 16
    wrong.chmod(0o644)
    wrong.write_bytes(content)
    done = program("lock", path, "--rehash").expect(1)
    assert "does not match its hash in the cache" in done.text and f"expected xet hash {wrong.name}" in done.text
    program("verify", path.with_suffix(".lock")).expect(1)


def test_fetch_takes_what_the_client_shared_and_loads_nothing(knapsack, hub, cache):
    before = layout(cache)
    for path in cache.glob("models--*/blobs/*"):
        if path.is_symlink():
            path.unlink()
    hub.xet_requests.clear()
    hub.requests.clear()
    started(knapsack, hub, cache)("fetch", f"hf:{REPO}", "--transfer", "xet").expect(0)
    assert not hub.xet_requests and not any("/cdn/" in request for request in hub.requests)
    after = {name: entry for name, entry in layout(cache).items() if not name.endswith((".lock", ".refs"))}
    assert after == {name: entry for name, entry in before.items() if not name.endswith((".lock", ".refs"))}
