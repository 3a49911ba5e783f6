"""Caches that unpack restores, used by the real clients: offline, and online without a second download."""

import random
import shutil
import signal
import time

import genuine
import pytest
from cli import contents, manifest, read_lock, sha256
from conftest import HUB_SET, KAGGLE_MINILM, KAGGLE_SET, SHARDED, copy_cache
from genuine import MINILM, MINILM_FILES, run_python

CLOSED = "http://127.0.0.1:9"  # the discard port: nothing listens there
OFFLINE = {"HF_HUB_OFFLINE": "1", "http_proxy": CLOSED, "https_proxy": CLOSED}
KILLS = 40


@pytest.fixture(scope="module")
def restored(packed, tmp_path_factory):
    directory = tmp_path_factory.mktemp("restored")
    packed.knapsack(
        "unpack", packed.bundle, "--hf-cache", directory / "hub", "--kagglehub-cache", directory / "kagglehub",
        "--to", directory / "plain",
    ).expect(0)  # fmt: skip
    return directory


def offline(restored, code: str) -> str:
    variables = {**OFFLINE, "HF_HUB_CACHE": str(restored / "hub"), "KAGGLEHUB_CACHE": str(restored / "kagglehub")}
    return run_python(code, variables, restored / "home").strip()


def test_scan_finds_nothing_wrong(restored):
    code = (
        "from huggingface_hub import scan_cache_dir\n"
        "found = scan_cache_dir()\n"
        "print(found.warnings, sorted(found.incomplete_files), sorted((r.repo_id, sorted(r.refs)) for r in found.repos))"
    )
    expected = sorted([(MINILM, ["main"]), (SHARDED, ["main"]), (HUB_SET, ["main"])])
    assert offline(restored, code) == f"[] [] {expected}"


@pytest.mark.smoke
def test_blobs_links_and_refs_are_those_of_the_client(restored, caches):
    """The client's own cache has the listings of trees besides, which the lock cannot promise to be whole."""
    genuine_files = {
        name: what
        for name, what in contents(caches.hub).items()
        if "/trees" not in name and not name.startswith(".locks") and name != "CACHEDIR.TAG"
    }
    found = contents(restored / "hub")
    assert found.pop("CACHEDIR.TAG")
    assert found == genuine_files
    assert contents(restored / "kagglehub") == contents(caches.kagglehub)


@pytest.mark.smoke
def test_plain_directories_hold_the_original_files(restored):
    assert contents(restored / "plain" / "minilm") == contents(MINILM_FILES)
    assert (restored / "plain" / "notes" / "read me.txt").read_text() == "A name with a blank.\n"


def test_hub_client_finds_files_and_snapshots_offline(restored):
    code = (
        "from huggingface_hub import hf_hub_download, snapshot_download\n"
        f"print(hf_hub_download({MINILM!r}, 'model.safetensors'))\n"
        f"print(snapshot_download({SHARDED!r}))\n"
        f"print(snapshot_download({HUB_SET!r}, repo_type='dataset'))"
    )
    weights, *_ = offline(restored, code).splitlines()
    assert weights.startswith(str(restored / "hub"))
    assert sha256(restored / weights) == sha256(MINILM_FILES / "model.safetensors")


@pytest.mark.slow
def test_transformers_loads_offline(restored):
    code = (
        "from transformers import AutoModel, AutoTokenizer\n"
        f"tokens = AutoTokenizer.from_pretrained({MINILM!r})('a knapsack', return_tensors='pt')\n"
        f"print(AutoModel.from_pretrained({MINILM!r})(**tokens).last_hidden_state.shape[-1])"
    )
    assert offline(restored, code).splitlines()[-1] == "384"


def test_kagglehub_finds_versions_offline(restored):
    code = (
        "import kagglehub\n"
        f"print(kagglehub.model_download('{KAGGLE_MINILM}/1'))\n"
        f"print(kagglehub.dataset_download('{KAGGLE_SET}/versions/3'))"
    )
    model, dataset = offline(restored, code).splitlines()
    assert sha256(restored / model / "model.safetensors") == sha256(MINILM_FILES / "model.safetensors")
    assert (restored / dataset / "data" / "train.csv").is_file()


def downloads(hub) -> list[str]:
    """The requests for content since they were last cleared."""
    return [line for line in hub.requests if line.startswith("GET") and ("/resolve/" in line or "/cdn/" in line)]


@pytest.mark.slow
def test_hub_client_downloads_nothing_again_when_it_is_online(restored, hub, tmp_path):
    cache = copy_cache(restored / "hub", tmp_path / "hub")
    before = contents(cache)
    hub.requests.clear()
    genuine.snapshot_download(hub, cache, MINILM)
    genuine.from_pretrained(hub, cache, MINILM)
    assert hub.requests and not downloads(hub)
    now = contents(cache)
    assert {name: now.get(name) for name in before} == before


def test_a_newer_commit_takes_the_blobs_that_it_shares(packed, hub, tmp_path):
    """Blobs are found by their ETags: of a new commit only the file that changed is downloaded."""
    packed.knapsack("unpack", packed.bundle, "--hf-cache", tmp_path / "hub", "--entry", "minilm").expect(0)
    changed = tmp_path / "changed"
    shutil.copytree(MINILM_FILES, changed)
    (changed / "new.txt").write_text("new\n")
    hub.add(MINILM, changed, refs=("next",))
    hub.requests.clear()
    genuine.snapshot_download(hub, tmp_path / "hub", MINILM, "revision='next'")
    assert len(downloads(hub)) == 1 and downloads(hub)[0].endswith("/new.txt")


def test_bundle_of_the_restored_caches_is_identical(packed, restored, tmp_path):
    """The manifest's own directory is copied, because `path:` sources are seen from it."""
    path = tmp_path / packed.manifest.name
    shutil.copy(packed.manifest, path)
    shutil.copytree(packed.manifest.parent / "notes", tmp_path / "notes")
    runner = packed.knapsack.with_caches(restored / "hub", restored / "kagglehub")
    runner("pack", path, "--output", tmp_path / "bundle").expect(0)
    assert path.with_suffix(".lock").read_bytes() == packed.lock.read_bytes()
    assert contents(tmp_path / "bundle") == contents(packed.bundle)


@pytest.mark.parametrize(
    "shape", ["links", *(pytest.param(shape, marks=pytest.mark.slow) for shape in ("copies with a tree", "copies", "file by file"))]
)
def test_every_layout_of_the_hub_client_survives_the_round(knapsack, hub, tmp_path, shape):
    """What was proved by the tree stays proved by it, and what nothing proved stays unproved."""
    cache = tmp_path / "hub"
    variables = {"HF_HUB_DISABLE_SYMLINKS": "1"} if shape.startswith("copies") else {}
    if shape == "file by file":
        genuine.from_pretrained(hub, cache, MINILM)
    else:
        genuine.snapshot_download(hub, cache, MINILM, environment=variables)
    if shape == "copies":
        for listing in cache.glob("models--*/trees/*.json"):
            listing.unlink()
    path = tmp_path / "round.toml"
    path.write_text(manifest(model=[{"name": "minilm", "source": f"hf:{MINILM}@main", "license": "mit"}]))
    runner = knapsack.with_caches(cache)
    runner("pack", path, "--output", tmp_path / "bundle").expect(0)
    first = path.with_suffix(".lock").read_bytes()
    proofs = {file["proof"].split("-")[0] for file in read_lock(path.with_suffix(".lock"))["minilm"]["files"]}
    assert proofs == {"copies with a tree": {"tree"}, "copies": {"none"}}.get(shape, {"blob"})

    runner("unpack", tmp_path / "bundle", "--hf-cache", tmp_path / "restored").expect(0)
    path.with_suffix(".lock").unlink()
    knapsack.with_caches(tmp_path / "restored")("pack", path, "--output", tmp_path / "again").expect(0)
    assert path.with_suffix(".lock").read_bytes() == first
    assert contents(tmp_path / "again") == contents(tmp_path / "bundle")

    hub.requests.clear()
    arguments = "allow_patterns=['*.json', '*.safetensors']" if shape == "file by file" else ""
    code = f"from huggingface_hub import snapshot_download; snapshot_download({MINILM!r}, {arguments})"
    run_python(code, {**OFFLINE, "HF_HUB_CACHE": str(tmp_path / "restored")}, tmp_path / "home")
    if shape != "file by file":
        genuine.snapshot_download(hub, tmp_path / "restored", MINILM)
        assert hub.requests and not downloads(hub)


def test_unpack_into_the_clients_own_cache_changes_nothing(packed, caches, tmp_path):
    hub = copy_cache(caches.hub, tmp_path / "hub")
    kagglehub = copy_cache(caches.kagglehub, tmp_path / "kagglehub")
    before = [contents(hub), contents(kagglehub)]
    options = ("--hf-cache", hub, "--kagglehub-cache", kagglehub)
    document = packed.knapsack("unpack", packed.bundle, *options, "--json").expect(0).json()
    assert [target["written"] for target in document["targets"]] == [0, 0]
    assert [contents(hub), contents(kagglehub)] == before


def test_unpack_into_a_cache_with_a_shared_blob_store_changes_nothing(packed, caches, tmp_path):
    hub = copy_cache(caches.hub, tmp_path / "hub")
    assert genuine.move_blobs_to_shared_store(hub) >= 1
    before = contents(hub)
    packed.knapsack("unpack", packed.bundle, "--hf-cache", hub).expect(0)
    assert contents(hub) == before


@pytest.mark.slow
def test_unpack_survives_being_killed_at_any_moment(packed, tmp_path):
    """Nothing under a final name is ever wrong, and the next run ends with the same cache."""
    start = time.monotonic()
    packed.knapsack("unpack", packed.bundle, "--hf-cache", tmp_path / "whole").expect(0)
    duration = time.monotonic() - start
    expected = contents(tmp_path / "whole")
    dice = random.Random(20266)
    killed = 0
    for number in range(KILLS):
        # On every other round the next run is killed as well.
        target = tmp_path / f"target-{number // 2}"
        process = packed.knapsack.start("unpack", packed.bundle, "--hf-cache", target)
        time.sleep(duration * dice.random())
        process.kill()
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        if target.exists():
            for name, what in contents(target).items():
                assert expected.get(name) == what or name.endswith(".knapsack.incomplete"), name
        if number % 2:
            packed.knapsack("unpack", packed.bundle, "--hf-cache", target).expect(0)
            assert contents(target) == expected
    assert killed > KILLS // 2
